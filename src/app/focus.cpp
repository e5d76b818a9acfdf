#include "focus.h"

#include <algorithm>

#include "nestbox/image/sharpness.h"

namespace nestbox {

FocusFigure measure_focus(const Frame& frame) noexcept {
  const auto crop = centre_crop(frame.main.y);
  return {sharpness(crop), frame.main.width, frame.main.height, crop.width, crop.height, frame.content};
}

float FocusPeaks::update(FocusLight light, float sharpness) {
  return peak(light) = std::max(peak(light), sharpness);
}

}  // namespace nestbox
