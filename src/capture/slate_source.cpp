#include "slate_source.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "colour.h"
#include "hold_budget.h"
#include "nestbox/base/log.h"
#include "nestbox/image/paint.h"
#include "nestbox/image/text.h"

namespace nestbox::capture {
namespace {

constexpr auto kFrameTime = std::chrono::milliseconds(500);
constexpr int kLinesInHeight = 12;  // letters that can be read on a telephone

void copy(const PlaneView& from, const MutablePlane& to) {
  for (int row = 0; row < to.height; ++row) {
    std::memcpy(to.data + static_cast<std::ptrdiff_t>(row) * to.stride,
                from.data + static_cast<std::ptrdiff_t>(row) * from.stride, static_cast<std::size_t>(to.width));
  }
}

}  // namespace

Result<SourceFormat> SlateSource::start() {
  const auto shape = picture_shape(options_);
  if (!shape) return tl::unexpected(shape.error());
  still_ = std::make_unique<PictureMemory>(1, *shape);
  const auto& picture = still_->main(0);
  paint_slate_background(picture);
  // A slate without a font is still a slate: the stream goes on.
  if (auto painter = TextPainter::create(std::max(8, shape->height / kLinesInHeight))) {
    (*painter)->draw_centred(picture, text_);
  } else {
    NESTBOX_LOG_WARNING("capture", "slate without words: {}", painter.error().message);
  }
  std::vector<std::uint16_t> sums(static_cast<std::size_t>(shape->width));
  shrink(picture.y, still_->analysis(0), sums.data());
  pool_.emplace(slots_needed(), *shape);
  next_sequence_ = 0;
  zero_.reset();
  return pool_->format(kFrameTime, Content::kSlate);
}

Result<std::optional<FilledSlot>> SlateSource::poll(BootTime now) {
  const auto slot = pool_->take();
  if (!slot) return std::nullopt;
  if (!zero_) zero_ = now;
  // What nobody gave a buffer for in time is a gap in the sequence.
  const auto passed = (now - *zero_) / kFrameTime;
  next_sequence_ = std::max(next_sequence_, static_cast<std::uint64_t>(passed));
  FilledSlot filled;
  filled.slot = *slot;
  filled.sequence = next_sequence_++;
  filled.captured_at = filled.due = *zero_ + filled.sequence * kFrameTime;
  filled.main = pool_->main(*slot);
  filled.analysis = pool_->analysis(*slot);
  const auto& still = still_->main(0);  // whole: the text of last time must go
  copy(still.y, filled.main.y);
  copy(still.u, filled.main.u);
  copy(still.v, filled.main.v);
  copy(still_->analysis(0), filled.analysis);
  return filled;
}

Adjusted SlateSource::adjust(const CameraOptions& options) {
  const bool same_shape = options.width == options_.width && options.height == options_.height &&
                          options.analysis_width == options_.analysis_width;
  return same_shape ? Adjusted::kTaken : Adjusted::kNeedsRestart;
}

}  // namespace nestbox::capture
