#pragma once
/// `nestbox focus`: how sharp the picture is, while somebody turns the lens.
#include <array>
#include <optional>
#include <string>

#include "nestbox/media/frame.h"

namespace nestbox {

/// One look at one frame.
struct FocusFigure {
  float sharpness = 0;
  int width = 0, height = 0;            ///< of the main picture
  int crop_width = 0, crop_height = 0;  ///< of the part in its middle that was looked at, pixel for pixel
  Content content = Content::kLive;
};
FocusFigure measure_focus(const Frame& frame) noexcept;

/// Infra-red light focuses elsewhere than daylight, so each has a peak of its own.
enum class FocusLight : std::uint8_t { kDay, kInfrared };

/// The best figures since they were reset. Main thread only.
class FocusPeaks {
 public:
  void reset(FocusLight light) { peak(light) = 0; }
  /// The peak, this figure included.
  float update(FocusLight light, float sharpness);

 private:
  float& peak(FocusLight light) { return peaks_[static_cast<std::size_t>(light)]; }
  std::array<float, 2> peaks_{};
};

}  // namespace nestbox
