#include "nestbox/image/sharpness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace nestbox {
namespace {

constexpr int kWidth = 320, kHeight = 240;

/// Luma in full precision, made into samples only to be measured.
struct Scene {
  std::vector<double> luma = std::vector<double>(kWidth * kHeight);
  double& at(int x, int y) { return luma[static_cast<std::size_t>(y * kWidth + x)]; }

  float measured(double gain = 1, double offset = 0, double noise = 0) const {
    std::mt19937 random(7);
    std::normal_distribution<double> grain(0, noise > 0 ? noise : 1);
    std::vector<std::uint8_t> samples(luma.size());
    for (std::size_t n = 0; n < luma.size(); ++n) {
      const double value = gain * luma[n] + offset + (noise > 0 ? grain(random) : 0);
      samples[n] = static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
    }
    return sharpness({samples.data(), kWidth, kHeight, kWidth});
  }
};

/// Twigs: dark and bright strokes in every direction, on a soft ground.
Scene nest() {
  Scene scene;
  std::mt19937 random(3);
  std::uniform_real_distribution<double> place(0, 1), tone(40, 140);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) scene.at(x, y) = 90 + 20 * std::sin(x / 60.0) * std::cos(y / 45.0);
  }
  for (int stroke = 0; stroke < 400; ++stroke) {
    const double x0 = kWidth * place(random), y0 = kHeight * place(random), angle = 6.3 * place(random);
    const double value = tone(random);
    for (int step = 0; step < 60; ++step) {
      const int x = static_cast<int>(x0 + step * std::cos(angle)), y = static_cast<int>(y0 + step * std::sin(angle));
      if (x >= 0 && y >= 0 && x + 1 < kWidth && y + 1 < kHeight) {
        scene.at(x, y) = scene.at(x + 1, y) = scene.at(x, y + 1) = value;
      }
    }
  }
  return scene;
}

/// By a Gaussian of this radius, as a lens out of focus does roughly.
Scene blurred(Scene scene, double radius) {
  if (radius <= 0) return scene;
  const int reach = static_cast<int>(std::ceil(3 * radius));
  for (const bool across : {true, false}) {
    Scene result;
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        double sum = 0, weights = 0;
        for (int d = -reach; d <= reach; ++d) {
          const int u = std::clamp(x + (across ? d : 0), 0, kWidth - 1);
          const int v = std::clamp(y + (across ? 0 : d), 0, kHeight - 1);
          const double weight = std::exp(-d * d / (2 * radius * radius));
          sum += weight * scene.at(u, v);
          weights += weight;
        }
        result.at(x, y) = sum / weights;
      }
    }
    scene = std::move(result);
  }
  return scene;
}

TEST(Sharpness, FallsWithEachStepOfBlur) {
  float last = 1000;
  for (const double radius : {0.0, 0.7, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0}) {
    const auto figure = blurred(nest(), radius).measured();
    EXPECT_LT(figure, last) << "radius " << radius;
    EXPECT_GT(figure, 0) << "radius " << radius;
    last = figure;
  }
}

TEST(Sharpness, GainAndBrightnessChangeItByLessThanATwentieth) {
  const auto scene = blurred(nest(), 1.5);
  const auto usual = scene.measured();
  for (const double gain : {0.5, 0.7, 1.3, 1.7}) EXPECT_NEAR(scene.measured(gain), usual, 0.05 * usual) << gain;
  for (const double offset : {-30.0, 40.0, 80.0}) EXPECT_NEAR(scene.measured(1, offset), usual, 0.05 * usual) << offset;
}

TEST(Sharpness, NoiseOfTheNightDoesNotLookLikeDetail) {
  constexpr double kGrain = 6;  // standard deviation in steps of luma
  for (const double radius : {1.0, 2.0, 4.0}) {
    const auto scene = blurred(nest(), radius);
    EXPECT_NEAR(scene.measured(1, 0, kGrain), scene.measured(), 0.15 * scene.measured()) << "radius " << radius;
  }
  float last = 1000;
  for (const double radius : {0.7, 1.0, 1.5, 2.0, 3.0, 4.0}) {
    const auto figure = blurred(nest(), radius).measured(1, 0, kGrain);
    EXPECT_LT(figure, last) << "radius " << radius;
    last = figure;
  }
}

TEST(Sharpness, NothingToSeeIsNothing) {
  Scene grey;
  std::fill(grey.luma.begin(), grey.luma.end(), 100.0);
  EXPECT_EQ(grey.measured(), 0);
  EXPECT_LT(grey.measured(1, 0, 6), 10) << "noise alone";
  EXPECT_EQ(sharpness({}), 0);
}

TEST(Sharpness, LooksAtTheMiddle) {
  std::vector<std::uint8_t> samples(1280 * 720);
  const auto crop = centre_crop({samples.data(), 1280, 720, 1280});
  EXPECT_EQ(crop.width, 480);
  EXPECT_EQ(crop.height, 360);
  EXPECT_EQ(crop.data - samples.data(), 180 * 1280 + 400);
  const auto small = centre_crop({samples.data(), 64, 48, 64});
  EXPECT_EQ(small.width, 64);
  EXPECT_EQ(small.data, samples.data());
}

TEST(Sharpness, ThePartThatIsShownIsThePartThatIsMeasured) {
  constexpr int kPictureWidth = 1282, kPictureHeight = 722;
  const auto plane = [](int width, int height) {
    return std::vector<std::uint8_t>(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  };
  const auto luma = plane(kPictureWidth, kPictureHeight);
  const auto u = plane(kPictureWidth / 2, kPictureHeight / 2), v = u;
  const auto pairs = plane(kPictureWidth, kPictureHeight / 2);
  const PlaneView y_plane{luma.data(), kPictureWidth, kPictureHeight, kPictureWidth};
  const auto half = [](const std::vector<std::uint8_t>& samples) {
    return PlaneView{samples.data(), kPictureWidth / 2, kPictureHeight / 2, kPictureWidth / 2};
  };

  const auto planar = centre_crop({PixelFormat::kI420, kPictureWidth, kPictureHeight, y_plane, half(u), half(v)});
  EXPECT_EQ(planar.y.data, centre_crop(y_plane).data);
  const auto at = planar.y.data - luma.data();
  const auto left = at % kPictureWidth, top = at / kPictureWidth;
  EXPECT_EQ(left % 2, 0);
  EXPECT_EQ(top % 2, 0);
  EXPECT_EQ(planar.u.data - u.data(), top / 2 * (kPictureWidth / 2) + left / 2);
  EXPECT_EQ(planar.v.data - v.data(), planar.u.data - u.data());
  EXPECT_EQ(planar.u.width, planar.width / 2);
  EXPECT_EQ(planar.v.height, planar.height / 2);

  const PlaneView uv{pairs.data(), kPictureWidth, kPictureHeight / 2, kPictureWidth};
  const auto paired = centre_crop({PixelFormat::kNv12, kPictureWidth, kPictureHeight, y_plane, uv, {}});
  EXPECT_EQ(paired.u.data - pairs.data(), top / 2 * kPictureWidth + left);
  EXPECT_EQ(paired.u.width, paired.width);
  EXPECT_EQ(paired.u.height, paired.height / 2);
}

}  // namespace
}  // namespace nestbox
