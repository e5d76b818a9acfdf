#include "nestbox/image/jpeg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <turbojpeg.h>

#include <array>
#include <cmath>
#include <thread>

#include "unit/image/test_picture.h"

namespace nestbox {
namespace {

using testing::HasSubstr;

struct Rgb {
  int r, g, b;
};

/// What a viewer makes of it.
std::vector<Rgb> decoded(const std::string& jpeg, int& width, int& height) {
  std::vector<Rgb> pixels;
  tjhandle handle = tjInitDecompress();
  const auto* bytes = reinterpret_cast<const unsigned char*>(jpeg.data());
  int sampling = 0, colours = 0;
  EXPECT_EQ(tjDecompressHeader3(handle, bytes, jpeg.size(), &width, &height, &sampling, &colours), 0);
  EXPECT_EQ(sampling, TJSAMP_420);
  std::vector<unsigned char> raw(static_cast<std::size_t>(width * height * 3));
  EXPECT_EQ(tjDecompress2(handle, bytes, jpeg.size(), raw.data(), width, 0, height, TJPF_RGB, TJFLAG_ACCURATEDCT), 0);
  for (std::size_t i = 0; i < raw.size(); i += 3) pixels.push_back({raw[i], raw[i + 1], raw[i + 2]});
  tjDestroy(handle);
  return pixels;
}

/// ITU-R BT.709-6, 8 bits, limited range.
struct Yuv {
  std::uint8_t y, u, v;
};
Yuv bt709(const Rgb& colour) {
  const double r = colour.r / 255.0, g = colour.g / 255.0, b = colour.b / 255.0;
  const double y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  const auto sample = [](double value) { return static_cast<std::uint8_t>(std::lround(value)); };
  return {sample(16 + 219 * y), sample(128 + 224 * (b - y) / 1.8556), sample(128 + 224 * (r - y) / 1.5748)};
}

constexpr std::array<Rgb, 12> kBars = {{{255, 255, 255},
                                        {255, 255, 0},
                                        {0, 255, 255},
                                        {0, 255, 0},
                                        {255, 0, 255},
                                        {255, 0, 0},
                                        {0, 0, 255},
                                        {0, 0, 0},
                                        {128, 128, 128},
                                        {191, 128, 96},
                                        {34, 85, 51},
                                        {120, 72, 40}}};
constexpr int kBarWidth = 64;

TestPicture bars(PixelFormat format) {
  TestPicture picture(static_cast<int>(kBars.size()) * kBarWidth, 64, format);
  for (int column = 0; column < picture.image().width; ++column) {
    const Yuv yuv = bt709(kBars[static_cast<std::size_t>(column / kBarWidth)]);
    for (int row = 0; row < 64; ++row) {
      picture.luma(column, row) = yuv.y;
      picture.u(column, row) = yuv.u;
      picture.v(column, row) = yuv.v;
    }
  }
  return picture;
}

TEST(Jpeg, AViewerSeesTheColoursOfTheScene) {
  const TestPicture picture = bars(PixelFormat::kI420);
  const auto jpeg = encode_jpeg(picture.image(), 95);
  ASSERT_TRUE(jpeg) << jpeg.error().message;
  int width = 0, height = 0, worst = 0;
  const auto seen = decoded(*jpeg, width, height);
  ASSERT_EQ(width, picture.image().width);
  ASSERT_EQ(height, 64);
  for (std::size_t bar = 0; bar < kBars.size(); ++bar) {
    const Rgb& expected = kBars[bar];
    const Rgb& got = seen[static_cast<std::size_t>(32 * width) + bar * kBarWidth + kBarWidth / 2];
    for (const int error : {got.r - expected.r, got.g - expected.g, got.b - expected.b}) {
      worst = std::max(worst, std::abs(error));
      EXPECT_LE(std::abs(error), 4) << "bar " << bar << ": " << got.r << ' ' << got.g << ' ' << got.b;
    }
  }
  RecordProperty("worst_error_of_255", worst);
  picture.keep("bars");
}

TEST(Jpeg, BlackIsBlackAndWhiteIsWhite) {
  for (const auto& [y, expected] : {std::pair(16, 0), {235, 255}, {0, 0}, {255, 255}, {126, 128}}) {
    const TestPicture picture(64, 48, PixelFormat::kI420, static_cast<std::uint8_t>(y));
    int width = 0, height = 0;
    const auto jpeg = encode_jpeg(picture.image(), 90);
    ASSERT_TRUE(jpeg);
    for (const Rgb& pixel : decoded(*jpeg, width, height)) {
      ASSERT_NEAR(pixel.r, expected, y == 126 ? 1 : 0);
      ASSERT_EQ(pixel.r, pixel.g);
      ASSERT_EQ(pixel.r, pixel.b);
    }
  }
}

TEST(Jpeg, BothFormatsGiveTheSameFile) {
  const TestPicture planar = bars(PixelFormat::kI420), paired = bars(PixelFormat::kNv12);
  EXPECT_EQ(encode_jpeg(planar.image(), 80).value(), encode_jpeg(paired.image(), 80).value());
}

TEST(Jpeg, AThreadMayGoFromOneSizeToAnother) {
  int width = 0, height = 0;
  for (const auto& [w, h] : {std::pair(1280, 720), {320, 180}, {1920, 1080}, {2, 2}, {1280, 720}, {46, 34}}) {
    const auto jpeg = encode_jpeg(TestPicture(w, h).image(), 100);
    ASSERT_TRUE(jpeg) << jpeg.error().message;
    decoded(*jpeg, width, height);
    EXPECT_EQ(std::pair(width, height), std::pair(w, h));
  }
}

TEST(Jpeg, ThreadsDoNotMeet) {
  const TestPicture picture = bars(PixelFormat::kI420);
  const std::string expected = encode_jpeg(picture.image(), 80).value();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 10; ++n) EXPECT_EQ(encode_jpeg(picture.image(), 80).value(), expected);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Jpeg, AHigherQualityIsALargerFileAndBothCarryJfif) {
  TestPicture picture(320, 240);
  for (int row = 0; row < 240; ++row) {
    for (int column = 0; column < 320; ++column) {
      picture.luma(column, row) = static_cast<std::uint8_t>(16 + (column * 31 + row * 17 + column * row) % 200);
    }
  }
  const auto low = encode_jpeg(picture.image(), 20).value(), high = encode_jpeg(picture.image(), 95).value();
  EXPECT_GT(high.size(), low.size() * 2);
  EXPECT_THAT(low.substr(0, 16), HasSubstr("JFIF"));
}

TEST(Jpeg, SaysWhatIsWrong) {
  const TestPicture picture(64, 48);
  for (const int quality : {0, 101, -1}) {
    const auto wrong = encode_jpeg(picture.image(), quality);
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_THAT(wrong.error().message, HasSubstr("1 to 100"));
  }
  for (const auto& [width, height] : {std::pair(0, 0), {63, 48}, {64, 47}, {65502, 2}, {-2, 2}}) {
    ImageView view = picture.image();
    view.width = width;
    view.height = height;
    const auto wrong = encode_jpeg(view, 80);
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_THAT(wrong.error().message, HasSubstr("65500"));
  }
}

}  // namespace
}  // namespace nestbox
