#include "nestbox/media/picture_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace nestbox {
namespace {

std::vector<MutablePlane> planes_of(const PictureMemory& memory) {
  std::vector<MutablePlane> planes;
  for (SlotIndex slot = 0; slot < memory.slots(); ++slot) {
    const auto& main = memory.main(slot);
    planes.insert(planes.end(), {main.y, main.u, main.v, memory.analysis(slot)});
  }
  return planes;
}

TEST(PictureMemory, HasTheShapeOfACamera) {
  const PictureMemory memory(2, {1280, 720, 320, 180});
  EXPECT_EQ(memory.slots(), 2u);
  const auto& main = memory.main(1);
  EXPECT_EQ(main.format, PixelFormat::kI420);
  EXPECT_EQ(main.width, 1280);
  EXPECT_EQ(main.height, 720);
  EXPECT_EQ(main.y.width, 1280);
  EXPECT_EQ(main.u.width, 640);
  EXPECT_EQ(main.v.height, 360);
  EXPECT_EQ(memory.analysis(1).width, 320);
  EXPECT_EQ(memory.analysis(1).height, 180);
  // 1280x720 4:2:0, with chroma strides 640, and 320x180 luma; one alignment's worth more.
  EXPECT_EQ(memory.bytes(), 2u * (1280 * 720 * 3 / 2 + 320 * 180) + 64);
}

TEST(PictureMemory, EveryRowBeginsOnACacheLine) {
  const PictureMemory memory(3, {50, 34, 18, 12});
  for (const auto& plane : planes_of(memory)) {
    EXPECT_EQ(plane.stride % 64, 0);
    EXPECT_GE(plane.stride, plane.width);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(plane.data) % 64, 0u);
  }
}

TEST(PictureMemory, IsNeutralGreyAtFirst) {
  const PictureMemory memory(1, {50, 34, 18, 12});
  for (const auto& plane : planes_of(memory)) {
    const std::uint8_t* const begin = plane.data;
    const auto* const end = begin + plane.stride * plane.height;
    EXPECT_TRUE(std::all_of(begin, end, [](std::uint8_t sample) { return sample == 128; }));
  }
}

TEST(PictureMemory, NoPlaneTouchesAnother) {
  const PictureMemory memory(3, {50, 34, 18, 12});
  const auto planes = planes_of(memory);
  for (std::size_t i = 0; i < planes.size(); ++i) {
    std::memset(planes[i].data, static_cast<int>(i), static_cast<std::size_t>(planes[i].stride * planes[i].height));
  }
  for (std::size_t i = 0; i < planes.size(); ++i) {
    const std::uint8_t* const begin = planes[i].data;
    const auto* const end = begin + planes[i].stride * planes[i].height;
    EXPECT_TRUE(std::all_of(begin, end, [&](std::uint8_t sample) { return sample == i; })) << i;
  }
}

TEST(PictureMemory, CannotBeCopied) {  // its planes point into itself
  EXPECT_FALSE(std::is_copy_constructible_v<PictureMemory>);
  EXPECT_FALSE(std::is_copy_assignable_v<PictureMemory>);
}

TEST(PictureMemoryDeathTest, PicturesHaveEvenSides) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto make = [](int width, int height, int analysis_width, int analysis_height) {
    const PictureMemory memory(1, {width, height, analysis_width, analysis_height});
  };
  EXPECT_DEATH(make(51, 34, 18, 12), "width % 2");
  EXPECT_DEATH(make(50, 33, 18, 12), "height % 2");
  EXPECT_DEATH(make(0, 34, 18, 12), "width > 0");
  EXPECT_DEATH(make(50, 34, 18, 0), "analysis_height > 0");
}

TEST(AnalysisHeight, KeepsProportionsAndIsEven) {
  EXPECT_EQ(analysis_height_for(1280, 720, 320), 180);
  EXPECT_EQ(analysis_height_for(1920, 1080, 320), 180);
  EXPECT_EQ(analysis_height_for(640, 480, 320), 240);
  EXPECT_EQ(analysis_height_for(1296, 972, 322), 240);  // 241.5
  EXPECT_EQ(analysis_height_for(720, 1280, 180), 320);  // upright
}

TEST(AnalysisHeight, IsAtLeastTwo) {
  EXPECT_EQ(analysis_height_for(10000, 10, 320), 2);
}

}  // namespace
}  // namespace nestbox
