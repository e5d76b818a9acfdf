#include "colour.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "nestbox/base/assert.h"
#include "nestbox/media/limited_range.h"

namespace nestbox::capture {
namespace {

std::uint8_t limited(double value, int low, int high) {
  return static_cast<std::uint8_t>(std::clamp(static_cast<int>(std::lround(value)), low, high));
}

void look_up(const MutablePlane& plane, const std::array<std::uint8_t, 256>& table) {
  for (int row = 0; row < plane.height; ++row) {
    auto* samples = plane.data + static_cast<std::ptrdiff_t>(row) * plane.stride;
    for (int x = 0; x < plane.width; ++x) samples[x] = table[samples[x]];
  }
}

template <class Plane>
auto* row_of(const Plane& plane, int row) {
  return plane.data + static_cast<std::ptrdiff_t>(row) * plane.stride;
}

std::uint8_t to_sample(int value) {
  return static_cast<std::uint8_t>(std::clamp(value, 0, 255));
}

}  // namespace

ColourAdjust::ColourAdjust(const CameraOptions& options) : ColourAdjust(options, 0, 0) {}

ColourAdjust::ColourAdjust(const CameraOptions& options, int tint_u, int tint_v)
    : changes_luma_(options.brightness != 0 || options.contrast != 1),
      changes_chroma_(options.saturation != 1 || tint_u != 0 || tint_v != 0) {
  constexpr double kMid = (kBlackLuma + kWhiteLuma) / 2.0, kSpan = kWhiteLuma - kBlackLuma;
  for (std::size_t i = 0; i < luma_.size(); ++i) {
    const auto sample = static_cast<double>(i);
    luma_[i] =
        limited((sample - kMid) * options.contrast + kMid + options.brightness * kSpan / 2, kBlackLuma, kWhiteLuma);
    const double chroma = (sample - kNeutralChroma) * options.saturation + kNeutralChroma;
    u_[i] = limited(chroma + tint_u, 16, 240);
    v_[i] = limited(chroma + tint_v, 16, 240);
  }
}

void ColourAdjust::apply(const MutableImage& picture) const {
  if (changes_luma_) look_up(picture.y, luma_);
  if (!changes_chroma_) return;
  look_up(picture.u, u_);
  look_up(picture.v, v_);
}

MatrixConversion::MatrixConversion(const LumaWeights& from) : identity_(from == kWeights709) {
  // R, G, B from the old matrix, then Y, Cb, Cr by the new one; both limited, so that luma and chroma scale alike
  // between the matrices: luma spans 219, chroma 224 (ITU-T H.273, 8.3).
  const double green = 1 - from.red - from.blue;
  const double red_of_v = 2 * (1 - from.red), blue_of_u = 2 * (1 - from.blue);
  const double green_of_u = -blue_of_u * from.blue / green, green_of_v = -red_of_v * from.red / green;
  const double new_green = 1 - kWeights709.red - kWeights709.blue;
  const double luma_of_u = new_green * green_of_u + kWeights709.blue * blue_of_u;
  const double luma_of_v = kWeights709.red * red_of_v + new_green * green_of_v;
  const double to_u = 1 / (2 * (1 - kWeights709.blue)), to_v = 1 / (2 * (1 - kWeights709.red));
  const std::array<double, 6> q{luma_of_u * 219 / 224, luma_of_v * 219 / 224, (blue_of_u - luma_of_u) * to_u,
                                -luma_of_v * to_u,     -luma_of_u * to_v,     (red_of_v - luma_of_v) * to_v};
  for (std::size_t i = 0; i < q.size(); ++i) q_[i] = static_cast<std::int16_t>(std::lround(q[i] * 1024));
}

void MatrixConversion::apply(const MutableImage& picture) const {
  if (identity_) return;
  NESTBOX_ASSERT(picture.format == PixelFormat::kI420);
  for (int row = 0; row < picture.u.height; ++row) {
    auto* const u = row_of(picture.u, row);
    auto* const v = row_of(picture.v, row);
    auto* const upper = row_of(picture.y, 2 * row);
    auto* const lower = row_of(picture.y, 2 * row + 1);
    for (int x = 0; x < picture.u.width; ++x) {
      const int cu = u[x] - kNeutralChroma, cv = v[x] - kNeutralChroma;
      const int luma = (q_[0] * cu + q_[1] * cv + 512) >> 10;
      upper[2 * x] = to_sample(upper[2 * x] + luma);
      upper[2 * x + 1] = to_sample(upper[2 * x + 1] + luma);
      lower[2 * x] = to_sample(lower[2 * x] + luma);
      lower[2 * x + 1] = to_sample(lower[2 * x + 1] + luma);
      u[x] = to_sample(((q_[2] * cu + q_[3] * cv + 512) >> 10) + kNeutralChroma);
      v[x] = to_sample(((q_[4] * cu + q_[5] * cv + 512) >> 10) + kNeutralChroma);
    }
  }
}

void flip_left_right(const MutableImage& picture) {
  for (const auto* plane : {&picture.y, &picture.u, &picture.v}) {
    for (int row = 0; row < plane->height; ++row) std::reverse(row_of(*plane, row), row_of(*plane, row) + plane->width);
  }
}

void flip_upside_down(const MutableImage& picture) {
  for (const auto* plane : {&picture.y, &picture.u, &picture.v}) {
    for (int row = 0; row < plane->height / 2; ++row) {
      auto* const upper = row_of(*plane, row);
      std::swap_ranges(upper, upper + plane->width, row_of(*plane, plane->height - 1 - row));
    }
  }
}

void shrink(const PlaneView& from, const MutablePlane& to, std::uint16_t* sums) {
  NESTBOX_ASSERT(to.width <= from.width && to.height <= from.height);
  // 257 rows of 255 fill 16 bits; a plane of 4096 rows shrunk to 16 would need 256.
  NESTBOX_ASSERT(from.height / to.height < 256);
  const int narrow = from.width / to.width, left_over = from.width % to.width;
  for (int row = 0; row < to.height; ++row) {
    const int begin = row * from.height / to.height, end = (row + 1) * from.height / to.height;
    const auto* first = row_of(from, begin);
    for (int x = 0; x < from.width; ++x) sums[x] = first[x];
    for (int y = begin + 1; y < end; ++y) {
      const auto* samples = row_of(from, y);
      for (int x = 0; x < from.width; ++x) sums[x] = static_cast<std::uint16_t>(sums[x] + samples[x]);
    }
    // Blocks are `narrow` or one more wide; dividing is multiplying by 2^24 / count.
    constexpr int kShift = 24;
    const auto reciprocal = [&](int width) {
      return (std::uint64_t{1} << kShift) / static_cast<unsigned>(width * (end - begin));
    };
    const std::uint64_t of_narrow = reciprocal(narrow), of_wide = reciprocal(narrow + 1);
    auto* const out = row_of(to, row);
    const auto* block = sums;
    for (int column = 0, excess = 0; column < to.width; ++column) {
      excess += left_over;
      const bool wide = excess >= to.width;
      if (wide) excess -= to.width;
      const int width = narrow + (wide ? 1 : 0);
      std::uint64_t sum = 0;
      for (int x = 0; x < width; ++x) sum += block[x];
      block += width;
      out[column] = static_cast<std::uint8_t>((sum * (wide ? of_wide : of_narrow) + (1U << (kShift - 1))) >> kShift);
    }
  }
}

void fill(const MutablePlane& plane, std::uint8_t value) {
  for (int row = 0; row < plane.height; ++row)
    std::memset(row_of(plane, row), value, static_cast<std::size_t>(plane.width));
}

MutableImage part_of(const MutableImage& picture, int left, int top, int width, int height) {
  NESTBOX_ASSERT(picture.format == PixelFormat::kI420 && (left | top | width | height) % 2 == 0);
  const auto cut = [&](const MutablePlane& plane, int scale) {
    return MutablePlane{plane.data + static_cast<std::ptrdiff_t>(top / scale) * plane.stride + left / scale,
                        width / scale, height / scale, plane.stride};
  };
  return {picture.format, width, height, cut(picture.y, 1), cut(picture.u, 2), cut(picture.v, 2)};
}

}  // namespace nestbox::capture
