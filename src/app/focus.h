#pragma once
/// How sharp the picture is, while somebody turns the lens: `nestbox focus` and the page's focus mode.
#include <array>
#include <optional>
#include <string>

#include "nestbox/base/result.h"
#include "nestbox/capture/capture_stage.h"
#include "nestbox/media/frame.h"

namespace nestbox {

/// One look at one frame.
struct FocusFigure {
  float sharpness = 0;
  std::optional<int> focus_measure;     ///< the camera's own figure (libcamera's FocusFoM)
  std::optional<float> lens_position;   ///< dioptres
  int width = 0, height = 0;            ///< of the main picture
  int crop_width = 0, crop_height = 0;  ///< of the part in its middle that was looked at, pixel for pixel
  Content content = Content::kLive;
};
FocusFigure measure_focus(const Frame& frame) noexcept;

/// Infra-red light focuses elsewhere than daylight, so each has a peak of its own.
enum class FocusLight : std::uint8_t { kDay, kInfrared };
const char* word(FocusLight light);  ///< "day", "infrared"
std::optional<FocusLight> to_focus_light(const std::string& word);

/// The best figures since they were reset; empty before the first one.
struct FocusPeak {
  std::optional<float> sharpness;
  std::optional<int> focus_measure;
};

/// One peak for each light, until it is reset or the picture becomes another: a picture of another size has other
/// pixels, and a simulated one is of another scene, so their figures do not compare. Main thread only.
class FocusPeaks {
 public:
  void reset(FocusLight light) { kept(light) = {}; }
  /// The peak of this light, this figure included.
  const FocusPeak& update(FocusLight light, const FocusFigure& figure);
  const FocusPeak& peak(FocusLight light) const { return kept_.at(static_cast<std::size_t>(light)).peak; }

 private:
  struct Kept {
    FocusPeak peak;
    int width = 0, height = 0;
    Content content = Content::kLive;
  };
  Kept& kept(FocusLight light) { return kept_.at(static_cast<std::size_t>(light)); }
  std::array<Kept, 2> kept_{};
};

/// Whether the camera can hold its lens at `dioptres`. Errors: kUnavailable while there is no camera picture, kNotFound
/// for a lens without a motor, kInvalidArgument for what is no number or outside of the lens's range.
Result<double> check_lens_position(const std::string& dioptres, const CaptureStatus& camera);

}  // namespace nestbox
