#include "nestbox/rules/light_meter.h"

#include <algorithm>
#include <cmath>

namespace nestbox {
namespace {

// libcamera's tuning of the imx219 (raspberrypi/libcamera, src/ipa/rpi/vc4/data/imx219.json, "rpi.lux"): at this
// exposure and gain 1, 998 lx give a mean of 12744 of 65535. Other sensors of the size are within a factor of 2.
constexpr double kReferenceLux = 998, kReferenceExposureS = 27.685e-3, kReferenceLinear = 12744.0 / 65535;

// The ends of the same file's exposure mode "normal": what a camera that tells nothing has probably reached in the
// dark.
constexpr double kLongestExposureS = 66.666e-3, kHighestGain = 10;

constexpr double kBlackLuma = 0.02;  // below, noise and black level are larger than the light
constexpr double kWhiteShare = 0.5;  // half the picture says nothing but "more"

double lux_of(const LightSample& sample, double exposure_s, double gain) {
  const double linear = linear_light(std::max(sample.luma, kBlackLuma));
  return kReferenceLux * (linear / kReferenceLinear) * (kReferenceExposureS / exposure_s) / gain;
}

}  // namespace

double linear_light(double luma) {
  const double encoded = std::clamp(luma, 0.0, 1.0);
  return encoded < 0.081 ? encoded / 4.5 : std::pow((encoded + 0.099) / 1.099, 1 / 0.45);
}

MeasuredLight measured_light(const LightSample& sample) {
  MeasuredLight light;
  if (sample.luma < kBlackLuma) light.bound = MeasuredLight::Bound::kAtMost;
  if (sample.burnt_share > kWhiteShare) light.bound = MeasuredLight::Bound::kAtLeast;
  const bool exposure_known = sample.exposure && sample.exposure->count() > 0 && sample.gain && *sample.gain > 0;
  if (sample.lux && std::isfinite(*sample.lux) && *sample.lux >= 0) {
    light.lux = *sample.lux;
  } else if (exposure_known) {
    light.lux = lux_of(sample, to_seconds(*sample.exposure), *sample.gain);
  } else {
    light.lux = lux_of(sample, kLongestExposureS, kHighestGain);
    light.luma_alone = true;
  }
  return light;
}

}  // namespace nestbox
