#include "nestbox/image/sharpness.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace nestbox {
namespace {

constexpr int kCropWidth = 480, kCropHeight = 360;
constexpr int kSmallest = 8;
constexpr int kApart = 2;             // a camera's own filters make neighbours alike, noise and all
constexpr double kContrastMin = 2.0;  // squared steps of luma: less is no contrast but noise
constexpr double kScale = 50;         // a gradient over two pixels is at most twice the contrast

struct Crop {
  int left = 0, top = 0, width = 0, height = 0;
};

Crop middle_of(int width, int height) {
  const int crop_width = std::min(width, kCropWidth), crop_height = std::min(height, kCropHeight);
  const auto even = [](int value) { return value - value % 2; };
  return {even((width - crop_width) / 2), even((height - crop_height) / 2), crop_width, crop_height};
}

PlaneView part_of(const PlaneView& plane, int left, int top, int width, int height) {
  return {plane.data + static_cast<std::ptrdiff_t>(top) * plane.stride + left, width, height, plane.stride};
}

}  // namespace

PlaneView centre_crop(const PlaneView& luma) noexcept {
  const auto crop = middle_of(luma.width, luma.height);
  return part_of(luma, crop.left, crop.top, crop.width, crop.height);
}

ImageView centre_crop(const ImageView& picture) noexcept {
  const auto crop = middle_of(picture.width, picture.height);
  ImageView part{picture.format, crop.width, crop.height, centre_crop(picture.y), {}, {}};
  if (picture.format == PixelFormat::kNv12) {  // a row of pairs is as wide in bytes as one of luma
    part.u = part_of(picture.u, crop.left, crop.top / 2, crop.width, crop.height / 2);
    return part;
  }
  part.u = part_of(picture.u, crop.left / 2, crop.top / 2, crop.width / 2, crop.height / 2);
  part.v = part_of(picture.v, crop.left / 2, crop.top / 2, crop.width / 2, crop.height / 2);
  return part;
}

float sharpness(const PlaneView& luma) noexcept {
  if (luma.data == nullptr || luma.width < kSmallest || luma.height < kSmallest) return 0;
  std::int64_t across = 0, down = 0, sum = 0, product = 0, count = 0;
  for (int y = 1; y + 1 + kApart < luma.height; ++y) {
    const auto row = [&](int offset) { return luma.data + static_cast<std::ptrdiff_t>(y + offset) * luma.stride; };
    const auto *above = row(-1), *here = row(0), *below = row(1), *further = row(kApart);
    for (int x = 1; x + 1 + kApart < luma.width; ++x) {
      across += (here[x + 1] - here[x - 1]) * (further[x + 1] - further[x - 1]);
      down += (below[x] - above[x]) * (below[x + kApart] - above[x + kApart]);
      sum += here[x] + further[x];
      product += here[x] * further[x];
    }
    count += luma.width - 2 - kApart;
  }
  const auto pixels = static_cast<double>(count);
  const double mean = static_cast<double>(sum) / (2 * pixels);
  const double contrast = static_cast<double>(product) / pixels - mean * mean;
  if (contrast < kContrastMin) return 0;
  const double energy = std::max(0.0, static_cast<double>(across + down) / (2 * pixels));
  return static_cast<float>(kScale * std::sqrt(energy / contrast));
}

}  // namespace nestbox
