#include "capture/colour.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "nestbox/media/picture_memory.h"
#include "recording_sink.h"

namespace nestbox::capture {
namespace {

using test::sample;

struct Yuv {
  double y, u, v;
};
/// Limited range (ITU-R BT.709-6, 3), written out on its own for the test.
Yuv encoded(const LumaWeights& weights, double red, double green, double blue) {
  const double luma = weights.red * red + (1 - weights.red - weights.blue) * green + weights.blue * blue;
  return {16 + 219 * luma, 128 + 224 * (blue - luma) / (2 * (1 - weights.blue)),
          128 + 224 * (red - luma) / (2 * (1 - weights.red))};
}

void fill_with(const MutableImage& picture, const Yuv& colour) {
  fill(picture.y, static_cast<std::uint8_t>(std::lround(colour.y)));
  fill(picture.u, static_cast<std::uint8_t>(std::lround(colour.u)));
  fill(picture.v, static_cast<std::uint8_t>(std::lround(colour.v)));
}

TEST(MatrixConversion, TurnsEveryMatrixIntoBt709) {
  const PictureMemory memory(1, {16, 16, 8, 8});
  const auto& picture = memory.main(0);
  for (const auto& weights : {kWeights601, kWeights2020, kSmpte240, kFcc, kWeights709}) {
    for (const auto& colour :
         std::vector<std::array<double, 3>>{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 1}, {0.3, 0.6, 0.2}}) {
      fill_with(picture, encoded(weights, colour[0], colour[1], colour[2]));
      MatrixConversion(weights).apply(picture);
      const auto expected = encoded(kWeights709, colour[0], colour[1], colour[2]);
      EXPECT_NEAR(sample(picture.y, 5, 5), expected.y, 2);
      EXPECT_NEAR(sample(picture.u, 5, 5), expected.u, 2);
      EXPECT_NEAR(sample(picture.v, 5, 5), expected.v, 2);
    }
  }
}

TEST(ColourAdjust, ChangesNothingByDefault) {
  const PictureMemory memory(1, {16, 16, 8, 8});
  fill_with(memory.main(0), {100, 90, 200});
  ColourAdjust().apply(memory.main(0));
  EXPECT_EQ(sample(memory.main(0).y, 3, 3), 100);
  EXPECT_EQ(sample(memory.main(0).u, 3, 3), 90);
  EXPECT_EQ(sample(memory.main(0).v, 3, 3), 200);
}

TEST(ColourAdjust, BrightensContrastsAndSaturates) {
  const PictureMemory memory(1, {16, 16, 8, 8});
  CameraOptions options;
  options.brightness = 0.5;
  options.saturation = 0;
  fill_with(memory.main(0), {100, 90, 200});
  ColourAdjust(options).apply(memory.main(0));
  EXPECT_NEAR(sample(memory.main(0).y, 3, 3), 100 + 0.25 * 219, 1);
  EXPECT_EQ(sample(memory.main(0).u, 3, 3), 128);
  EXPECT_EQ(sample(memory.main(0).v, 3, 3), 128);
  CameraOptions hard;
  hard.contrast = 30;
  fill_with(memory.main(0), {120, 128, 128});
  ColourAdjust(hard).apply(memory.main(0));
  EXPECT_EQ(sample(memory.main(0).y, 3, 3), 16);  // limited range is never left
}

TEST(Flip, MirrorsAndComesBack) {
  const PictureMemory memory(1, {16, 16, 8, 8});
  const auto& picture = memory.main(0);
  fill_with(picture, {50, 60, 70});
  picture.y.data[0] = 200;
  picture.u.data[0] = 201;
  flip_left_right(picture);
  EXPECT_EQ(sample(picture.y, 15, 0), 200);
  EXPECT_EQ(sample(picture.u, 7, 0), 201);
  flip_upside_down(picture);
  EXPECT_EQ(sample(picture.y, 15, 15), 200);
  EXPECT_EQ(sample(picture.u, 7, 7), 201);
}

TEST(Shrink, AveragesAreasAtAnyRatio) {
  const PictureMemory memory(1, {100, 60, 33, 20});
  const auto& from = memory.main(0).y;
  for (int y = 0; y < from.height; ++y) {
    for (int x = 0; x < from.width; ++x) from.data[y * from.stride + x] = static_cast<std::uint8_t>(x + y);
  }
  std::vector<std::uint16_t> sums(100);
  shrink(from, memory.analysis(0), sums.data());
  for (int y = 0; y < 20; ++y) {
    for (int x = 0; x < 33; ++x) {
      const double middle = (x + 0.5) * 100 / 33 - 0.5 + (y + 0.5) * 3 - 0.5;
      EXPECT_NEAR(sample(memory.analysis(0), x, y), middle, 1.01);
    }
  }
}

}  // namespace
}  // namespace nestbox::capture
