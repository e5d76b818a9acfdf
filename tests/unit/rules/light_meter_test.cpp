#include "nestbox/rules/light_meter.h"

#include <gtest/gtest.h>

#include <cmath>

#include "nestbox/options/lines.h"

namespace nestbox {
namespace {

using Bound = MeasuredLight::Bound;

LightSample picture(double luma) {
  LightSample sample;
  sample.luma = luma;
  return sample;
}

LightSample picture(double luma, double exposure_s, double gain) {
  auto sample = picture(luma);
  sample.exposure = std::chrono::nanoseconds(static_cast<std::int64_t>(exposure_s * 1e9));
  sample.gain = gain;
  return sample;
}

TEST(LightMeter, TakesTheCamerasWordFirst) {
  auto sample = picture(0.4, 0.03, 2);
  sample.lux = 123;
  EXPECT_EQ(measured_light(sample).lux, 123);
  EXPECT_FALSE(measured_light(sample).luma_alone);
}

TEST(LightMeter, IsCalibratedLikeATypicalSensor) {
  const double encoded = 1.099 * std::pow(12744.0 / 65535, 0.45) - 0.099;
  EXPECT_NEAR(measured_light(picture(encoded, 27.685e-3, 1)).lux, 998, 0.1);
}

TEST(LightMeter, TwiceTheExposureOrGainIsHalfTheLight) {
  const double lux = measured_light(picture(0.4, 0.01, 1)).lux;
  EXPECT_NEAR(measured_light(picture(0.4, 0.02, 1)).lux, lux / 2, 1e-6);
  EXPECT_NEAR(measured_light(picture(0.4, 0.01, 2)).lux, lux / 2, 1e-6);
}

TEST(LightMeter, UndoesTheCurveOfThePicture) {
  EXPECT_EQ(linear_light(0), 0);
  EXPECT_NEAR(linear_light(1), 1, 1e-12);
  EXPECT_NEAR(linear_light(0.5), 0.26, 0.005);
  for (double luma = 0; luma < 1; luma += 0.01) EXPECT_LT(linear_light(luma), linear_light(luma + 0.01));
}

TEST(LightMeter, WithLumaAloneADarkPictureIsDarkAndABrightOneIsDay) {
  const DayNightOptions thresholds;
  EXPECT_LT(measured_light(picture(0.05)).lux, thresholds.night_below_lux);
  EXPECT_GT(measured_light(picture(0.4)).lux, thresholds.day_above_lux);
  EXPECT_TRUE(measured_light(picture(0.4)).luma_alone);
}

TEST(LightMeter, BlackAndWhitePicturesAreBounds) {
  EXPECT_EQ(measured_light(picture(0.4, 0.01, 1)).bound, Bound::kNone);
  EXPECT_EQ(measured_light(picture(0, 0.066, 10)).bound, Bound::kAtMost);
  EXPECT_GT(measured_light(picture(0, 0.066, 10)).lux, 0);
  auto white = picture(0.95, 0.0001, 1);
  white.burnt_share = 0.8;
  EXPECT_EQ(measured_light(white).bound, Bound::kAtLeast);
}

TEST(LightMeter, NonsenseFromACameraIsPassedOver) {
  auto sample = picture(0.4, 0.01, 1);
  const double lux = measured_light(sample).lux;
  for (const double wrong : {-1.0, std::nan(""), HUGE_VAL}) {
    sample.lux = wrong;
    EXPECT_EQ(measured_light(sample).lux, lux);
  }
  EXPECT_TRUE(measured_light(picture(0.4, 0, 1)).luma_alone);
  EXPECT_TRUE(measured_light(picture(0.4, 0.01, 0)).luma_alone);
}

}  // namespace
}  // namespace nestbox
