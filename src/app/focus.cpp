#include "focus.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "nestbox/image/sharpness.h"

namespace nestbox {
namespace {

template <class T>
void keep_best(std::optional<T>& peak, const std::optional<T>& figure) {
  if (figure) peak = std::max(peak.value_or(*figure), *figure);
}

}  // namespace

FocusFigure measure_focus(const Frame& frame) noexcept {
  const auto crop = centre_crop(frame.main.y);
  return {sharpness(crop),   frame.focus_measure, frame.lens_position, frame.main.width,
          frame.main.height, crop.width,          crop.height,         frame.content};
}

const char* word(FocusLight light) {
  return light == FocusLight::kDay ? "day" : "infrared";
}

std::optional<FocusLight> to_focus_light(const std::string& text) {
  for (const auto light : {FocusLight::kDay, FocusLight::kInfrared})
    if (text == word(light)) return light;
  return std::nullopt;
}

const FocusPeak& FocusPeaks::update(FocusLight light, const FocusFigure& figure) {
  auto& best = kept(light);
  const bool compares = best.width == figure.width && best.height == figure.height && best.content == figure.content;
  if (!compares) best = {{}, figure.width, figure.height, figure.content};
  keep_best(best.peak.sharpness, std::optional(figure.sharpness));
  keep_best(best.peak.focus_measure, figure.focus_measure);
  return best.peak;
}

Result<double> check_lens_position(const std::string& dioptres, const CaptureStatus& camera) {
  double value = 0;
  const auto* const end = dioptres.data() + dioptres.size();
  const auto parsed = std::from_chars(dioptres.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end)
    return fail(ErrorKind::kInvalidArgument,
                fmt::format("\"{}\" is no number of dioptres (1 divided by the metres: 6.7 for 15 cm)", dioptres));
  if (camera.state != CameraState::kRunning)
    return fail(ErrorKind::kUnavailable, "there is no camera picture; `nestbox status` says why");
  if (!camera.lens)
    return fail(ErrorKind::kNotFound, "this camera's lens has no motor (or the source is no camera): turn it by hand");
  const bool says_its_range = camera.lens->max > camera.lens->min;
  if (!says_its_range || (value >= camera.lens->min && value <= camera.lens->max)) return value;
  return fail(ErrorKind::kInvalidArgument, fmt::format("this camera's lens can be held at {:g} to {:g} dioptres",
                                                       camera.lens->min, camera.lens->max));
}

}  // namespace nestbox
