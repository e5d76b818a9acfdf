#pragma once
/// What the capture thread paints on every picture before anybody sees it.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "frame_source.h"
#include "nestbox/base/clock.h"
#include "nestbox/base/result.h"
#include "nestbox/base/time_zone.h"
#include "nestbox/image/paint.h"
#include "nestbox/image/text.h"
#include "nestbox/options/options.h"

namespace nestbox::capture {

/// Privacy areas on both pictures, then the text, on the main picture alone: a clock on the analysis plane would be
/// motion. A simulated picture gets the word SIMULATED last, so that no setting hides it.
/// Thread-bound. No allocation for a picture once the glyphs of its text have been seen.
class PictureStamper {
 public:
  struct Setup {
    std::vector<Polygon> privacy;
    OverlayOptions overlay;
    std::string box_name;
    TimeZone time_zone = TimeZone::utc();
  };
  /// Errors: kNotFound for a simulated picture when there is no font for the word: it would pass for a real one.
  static Result<std::unique_ptr<PictureStamper>> create(Setup setup, const SourceFormat& format);

  /// `shown_at`: the wall time that the text shows.
  void stamp(const FilledSlot& filled, WallTime shown_at);
  /// Only the privacy areas: for a picture that was stamped before they changed.
  void black_out(const FilledSlot& filled) const;

  /// Why there is no text although there should be; empty when all is well.
  const std::string& text_problem() const noexcept { return text_problem_; }

 private:
  PictureStamper(Setup setup, const SourceFormat& format);
  const std::string& text_at(WallTime shown_at);

  const Setup setup_;
  const bool hides_;  ///< a slate has nothing to hide
  PrivacyMask main_mask_, analysis_mask_;
  std::unique_ptr<TextPainter> painter_;          ///< null: no text
  std::unique_ptr<TextPainter> content_painter_;  ///< null: the content needs no word
  Corner text_corner_ = Corner::kBottomLeft, content_corner_ = Corner::kTopRight;
  std::string text_;
  std::optional<std::chrono::seconds> text_second_;  ///< since the epoch, of the text made last
  std::string text_problem_;
};

/// Replaces {name}, {date} ("2026-11-20") and {time} ("2026-11-20 12:53:18"); other words in braces stay as they are.
void expand_overlay_text(std::string_view pattern, std::string_view name, const LocalTime& time, std::string& out);

}  // namespace nestbox::capture
