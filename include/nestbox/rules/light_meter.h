#pragma once
/// From what a camera reports of a picture to the light that fell on its sensor.
#include <cstdint>

#include "nestbox/rules/light.h"

namespace nestbox {

/// The light at the sensor, in the lux of a typical one: its own lamp is in it, and so is infra-red while the filter
/// is out of the path.
struct MeasuredLight {
  enum class Bound : std::uint8_t { kNone, kAtLeast, kAtMost };  ///< a white picture, a black one
  double lux = 0;
  Bound bound = Bound::kNone;
  /// From luma alone: the camera's exposure makes a bright scene look like a less bright one.
  bool luma_alone = false;
};

/// Share of the reference's full scale for luma as it is encoded (inverse of BT.709's curve). [0, 1] to [0, 1].
double linear_light(double luma);

/// Lux as the camera tells it; else from exposure, gain and luma; else from luma, as if exposure and gain were at
/// their ends: so a dark picture is dark, and a bright one is only known to be bright. Thread-safe.
MeasuredLight measured_light(const LightSample& sample);

}  // namespace nestbox
