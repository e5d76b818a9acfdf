#pragma once
/// Pictures for the tests of image: samples with a guard around them, looked at by column and row.
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "nestbox/image/jpeg.h"
#include "nestbox/media/frame.h"

namespace nestbox {

class TestPicture {
 public:
  TestPicture(int width, int height, PixelFormat format = PixelFormat::kI420, std::uint8_t y = 128,
              std::uint8_t u = 128, std::uint8_t v = 128)
      : samples_(bytes(width, height), kGuard) {
    const bool paired = format == PixelFormat::kNv12;
    image_.format = format;
    image_.width = width;
    image_.height = height;
    std::size_t offset = kGuardBytes;
    image_.y = plane(width, height, offset);
    image_.u = plane(paired ? width : width / 2, height / 2, offset);
    if (!paired) image_.v = plane(width / 2, height / 2, offset);
    for (int row = 0; row < height; ++row) {
      for (int column = 0; column < width; ++column) {
        luma(column, row) = y;
        this->u(column, row) = u;
        this->v(column, row) = v;
      }
    }
  }

  const MutableImage& image() const { return image_; }
  std::uint8_t& luma(int column, int row) const { return image_.y.data[row * image_.y.stride + column]; }
  /// Chroma that belongs to a luma sample.
  std::uint8_t& u(int column, int row) const {
    const int step = image_.format == PixelFormat::kNv12 ? 2 : 1;
    return image_.u.data[row / 2 * image_.u.stride + column / 2 * step];
  }
  std::uint8_t& v(int column, int row) const {
    if (image_.format == PixelFormat::kNv12) return (&u(column, row))[1];
    return image_.v.data[row / 2 * image_.v.stride + column / 2];
  }

  const std::vector<std::uint8_t>& samples() const { return samples_; }

  /// Nothing was written beside the planes: padding of rows and the bytes around them.
  bool guards_hold() const {
    std::vector<std::uint8_t> wiped = samples_;
    std::vector<std::uint8_t> expected(wiped.size(), kGuard);
    for (const MutablePlane& plane : {image_.y, image_.u, image_.v}) {
      for (int row = 0; row < plane.height; ++row) {
        const auto start = plane.data - samples_.data() + static_cast<std::ptrdiff_t>(row) * plane.stride;
        std::fill_n(wiped.begin() + start, plane.width, kGuard);
      }
    }
    return wiped == expected;
  }

  /// Leaves the picture beside the test program, for eyes.
  void keep(const std::string& name) const {
    std::filesystem::create_directories("pictures");
    const auto jpeg = encode_jpeg(image_, 95);
    ASSERT_TRUE(jpeg) << jpeg.error().message;
    std::ofstream("pictures/" + name + ".jpg", std::ios::binary) << *jpeg;
  }

 private:
  static constexpr std::uint8_t kGuard = 0xA5;
  static constexpr std::size_t kGuardBytes = 256;
  static constexpr int kPadding = 32;

  static std::size_t bytes(int width, int height) {
    return static_cast<std::size_t>((width + kPadding) * height * 2) + 4 * kGuardBytes;
  }
  MutablePlane plane(int width, int height, std::size_t& offset) {
    const MutablePlane result{samples_.data() + offset, width, height, width + kPadding};
    offset += static_cast<std::size_t>(result.stride * height) + kGuardBytes;
    return result;
  }

  std::vector<std::uint8_t> samples_;
  MutableImage image_;
};

}  // namespace nestbox
