#include "picture_stamper.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace nestbox::capture {
namespace {

constexpr std::string_view kSimulated = "SIMULATED";

Corner corner_of(std::string_view position) {
  const bool right = position.size() >= 5 && position.substr(position.size() - 5) == "right";
  if (position.substr(0, 3) == "top") return right ? Corner::kTopRight : Corner::kTopLeft;
  return right ? Corner::kBottomRight : Corner::kBottomLeft;
}

/// Where the owner's text does not cover it.
Corner opposite(Corner corner) {
  switch (corner) {
    case Corner::kTopLeft:
      return Corner::kBottomRight;
    case Corner::kTopRight:
      return Corner::kBottomLeft;
    case Corner::kBottomLeft:
      return Corner::kTopRight;
    case Corner::kBottomRight:
      return Corner::kTopLeft;
  }
  return Corner::kTopRight;
}

}  // namespace

void expand_overlay_text(std::string_view pattern, std::string_view name, const LocalTime& time, std::string& out) {
  out.clear();
  while (!pattern.empty()) {
    const auto brace = pattern.find('{');
    out.append(pattern.substr(0, brace));
    if (brace == pattern.npos) return;
    pattern.remove_prefix(brace);
    const auto takes = [&](std::string_view word) {
      if (pattern.substr(0, word.size()) != word) return false;
      pattern.remove_prefix(word.size());
      return true;
    };
    const auto add_date = [&] {
      fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}", time.year, time.month, time.day);
    };
    if (takes("{name}")) {
      out.append(name);
    } else if (takes("{date}")) {
      add_date();
    } else if (takes("{time}")) {
      add_date();
      fmt::format_to(std::back_inserter(out), " {:02}:{:02}:{:02}", time.hour, time.minute, time.second);
    } else {
      out.push_back('{');
      pattern.remove_prefix(1);
    }
  }
}

PictureStamper::PictureStamper(Setup setup, const SourceFormat& format)
    : setup_(std::move(setup)),
      hides_(format.content != Content::kSlate && !setup_.privacy.empty()),
      main_mask_(setup_.privacy, format.width, format.height),
      analysis_mask_(setup_.privacy, format.analysis_width, format.analysis_height),
      text_corner_(corner_of(setup_.overlay.position)),
      content_corner_(opposite(text_corner_)) {
  constexpr std::size_t kTextUsual = 256;
  text_.reserve(kTextUsual);
}

Result<std::unique_ptr<PictureStamper>> PictureStamper::create(Setup setup, const SourceFormat& format) {
  std::unique_ptr<PictureStamper> stamper(new PictureStamper(std::move(setup), format));
  const auto& overlay = stamper->setup_.overlay;
  if (overlay.enabled && !overlay.text.empty()) {
    if (auto painter = TextPainter::create(line_height_for(overlay.size, format.height))) {
      stamper->painter_ = std::move(*painter);
    } else {
      stamper->text_problem_ = painter.error().message;
    }
  }
  if (format.content == Content::kSimulated) {
    constexpr int kWordSize = 30;
    auto painter = TextPainter::create(line_height_for(kWordSize, format.height));
    if (!painter) return fail(std::move(painter.error()), "write SIMULATED on the picture");
    stamper->content_painter_ = std::move(*painter);
  }
  return stamper;
}

const std::string& PictureStamper::text_at(WallTime shown_at) {
  const auto second = std::chrono::floor<std::chrono::seconds>(shown_at.time_since_epoch());
  if (text_second_ != second) {
    expand_overlay_text(setup_.overlay.text, setup_.box_name, setup_.time_zone.to_local(shown_at), text_);
    text_second_ = second;
  }
  return text_;
}

void PictureStamper::black_out(const FilledSlot& filled) const {
  if (!hides_) return;
  main_mask_.black_out(filled.main);
  analysis_mask_.black_out(filled.analysis);
}

void PictureStamper::stamp(const FilledSlot& filled, WallTime shown_at) {
  black_out(filled);
  if (painter_ != nullptr) painter_->draw(filled.main, text_at(shown_at), text_corner_);
  if (content_painter_ != nullptr) content_painter_->draw(filled.main, kSimulated, content_corner_);
}

}  // namespace nestbox::capture
