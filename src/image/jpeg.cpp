#include "nestbox/image/jpeg.h"

#include <fmt/format.h>
#include <turbojpeg.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

namespace nestbox {
namespace {

constexpr int kSideMax = 65500;  // libjpeg's JPEG_MAX_DIMENSION

/// Fixed point with 16 bits of fraction.
constexpr int kShift = 16;
constexpr std::int32_t kHalf = 1 << (kShift - 1);
constexpr std::int32_t fixed(double value) {
  return static_cast<std::int32_t>(value * (1 << kShift) + (value < 0 ? -0.5 : 0.5));
}

// From BT.709 to BT.601, with Y in [0, 1], Cb and Cr in [-0.5, 0.5] (ITU-R BT.709-6 and BT.601-7, item "derivation of
// luminance and colour-difference signals"): R = Y + 1.5748 Cr, B = Y + 1.8556 Cb, G from Y = 0.2126 R + 0.7152 G
// + 0.0722 B; then Y' = 0.299 R + 0.587 G + 0.114 B, Cb' = (B - Y') / 1.772, Cr' = (R - Y') / 1.402.
constexpr double kGreenOfCb = -0.0722 * 1.8556 / 0.7152, kGreenOfCr = -0.2126 * 1.5748 / 0.7152;
constexpr double kLumaOfCb = 0.114 * 1.8556 + 0.587 * kGreenOfCb;
constexpr double kLumaOfCr = 0.299 * 1.5748 + 0.587 * kGreenOfCr;
// From limited to full range: luma 16 to 235, chroma 16 to 240 around 128.
constexpr double kLumaStretch = 255.0 / 219, kChromaStretch = 255.0 / 224;

constexpr std::int32_t kYofU = fixed(kLumaOfCb * kChromaStretch), kYofV = fixed(kLumaOfCr * kChromaStretch);
constexpr std::int32_t kUofU = fixed((1.8556 - kLumaOfCb) / 1.772 * kChromaStretch);
constexpr std::int32_t kUofV = fixed(-kLumaOfCr / 1.772 * kChromaStretch);
constexpr std::int32_t kVofU = fixed(-kLumaOfCb / 1.402 * kChromaStretch);
constexpr std::int32_t kVofV = fixed((1.5748 - kLumaOfCr) / 1.402 * kChromaStretch);

// Luma has four times as many samples and goes by 16 bits with 7 of fraction, around 128 so that nothing overflows:
// 128 * 149 for luma, 46 * 128 for what chroma and the offset add at the most. 149 is 149.04 rounded, which is 0.03 of
// a level at white.
constexpr int kLumaShift = 7;
constexpr std::int16_t kLuma16 = fixed(kLumaStretch) >> (kShift - kLumaShift);
constexpr std::int32_t kLumaOffset = fixed((128 - 16) * kLumaStretch - 128);

constexpr std::uint8_t to_sample(std::int32_t value) {
  return static_cast<std::uint8_t>(std::clamp<std::int32_t>(value >> kShift, 0, 255));
}

/// What one thread keeps between pictures.
class Encoder {
 public:
  Result<std::string> encode(const ImageView& picture, int quality);

 private:
  void shape(int width, int height);
  void convert(const ImageView& picture);
  void convert_chroma_row(const ImageView& picture, int row);
  void convert_luma_row(const PlaneView& luma, int row);

  struct Release {
    void operator()(void* handle) const noexcept { tjDestroy(handle); }
    void operator()(unsigned char* buffer) const noexcept { tjFree(buffer); }
  };
  std::unique_ptr<void, Release> handle_;
  std::unique_ptr<unsigned char, Release> jpeg_;
  unsigned long jpeg_bytes_max_ = 0;
  int width_ = 0, height_ = 0;
  std::vector<std::uint8_t> y_, u_, v_;
  std::vector<std::int16_t> luma_shift_;  // what chroma adds to the luma of each column, kLumaShift bits of fraction
};

void Encoder::shape(int width, int height) {
  if (width == width_ && height == height_) return;
  const auto samples = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  y_.resize(samples);
  u_.resize(samples / 4);
  v_.resize(samples / 4);
  luma_shift_.resize(static_cast<std::size_t>(width));
  const unsigned long bytes_max = tjBufSize(width, height, TJSAMP_420);
  if (bytes_max > jpeg_bytes_max_) {
    jpeg_.reset(tjAlloc(static_cast<int>(bytes_max)));
    jpeg_bytes_max_ = jpeg_ == nullptr ? 0 : bytes_max;
  }
  width_ = width;
  height_ = height;
}

void Encoder::convert_chroma_row(const ImageView& picture, int row) {
  const bool paired = picture.format == PixelFormat::kNv12;
  const auto* u_in = picture.u.data + static_cast<std::ptrdiff_t>(row) * picture.u.stride;
  const auto* v_in = paired ? u_in + 1 : picture.v.data + static_cast<std::ptrdiff_t>(row) * picture.v.stride;
  const std::ptrdiff_t step = paired ? 2 : 1;
  const std::ptrdiff_t columns = width_ / 2;
  auto* u_out = u_.data() + row * columns;
  auto* v_out = v_.data() + row * columns;
  auto* shifts = luma_shift_.data();
  for (std::ptrdiff_t column = 0; column < columns; ++column) {
    const std::int32_t u = u_in[column * step] - 128, v = v_in[column * step] - 128;
    u_out[column] = to_sample(kUofU * u + kUofV * v + (128 << kShift) + kHalf);
    v_out[column] = to_sample(kVofU * u + kVofV * v + (128 << kShift) + kHalf);
    const std::int32_t added = kYofU * u + kYofV * v + kLumaOffset;
    const auto shift = static_cast<std::int16_t>((added >> (kShift - kLumaShift)) + (1 << (kLumaShift - 1)));
    shifts[2 * column] = shift;
    shifts[2 * column + 1] = shift;
  }
}

void Encoder::convert_luma_row(const PlaneView& luma, int row) {
  const auto* in = luma.data + static_cast<std::ptrdiff_t>(row) * luma.stride;
  auto* out = y_.data() + static_cast<std::ptrdiff_t>(row) * width_;
  const auto* shift = luma_shift_.data();
  const int columns = width_;  // a local: bytes may alias members, and the loop would not become SIMD
  for (int column = 0; column < columns; ++column) {
    const auto stretched = static_cast<std::int16_t>((in[column] - 128) * kLuma16);
    const auto around_0 = static_cast<std::int16_t>(static_cast<std::int16_t>(stretched + shift[column]) >> kLumaShift);
    out[column] = static_cast<std::uint8_t>(std::clamp<std::int16_t>(around_0, -128, 127) + 128);
  }
}

void Encoder::convert(const ImageView& picture) {
  for (int row = 0; row < height_ / 2; ++row) {
    convert_chroma_row(picture, row);
    convert_luma_row(picture.y, 2 * row);
    convert_luma_row(picture.y, 2 * row + 1);
  }
}

Result<std::string> Encoder::encode(const ImageView& picture, int quality) {
  if (handle_ == nullptr) handle_.reset(tjInitCompress());
  if (handle_ == nullptr) return fail(ErrorKind::kInternal, "start TurboJPEG: " + std::string(tjGetErrorStr2(nullptr)));
  shape(picture.width, picture.height);
  convert(picture);

  const unsigned char* planes[] = {y_.data(), u_.data(), v_.data()};
  const int strides[] = {width_, width_ / 2, width_ / 2};
  unsigned char* out = jpeg_.get();
  unsigned long bytes = jpeg_bytes_max_;
  if (out == nullptr || tjCompressFromYUVPlanes(handle_.get(), planes, width_, strides, height_, TJSAMP_420, &out,
                                                &bytes, quality, TJFLAG_NOREALLOC) != 0) {
    return fail(ErrorKind::kInternal, fmt::format("JPEG of {}x{}: {}", width_, height_,
                                                  out == nullptr ? "no memory" : tjGetErrorStr2(handle_.get())));
  }
  return std::string(reinterpret_cast<const char*>(out), bytes);
}

}  // namespace

Result<std::string> encode_jpeg(const ImageView& picture, int quality) {
  if (quality < 1 || quality > 100) {
    return fail(ErrorKind::kInvalidArgument, fmt::format("JPEG quality {}: 1 to 100 is possible", quality));
  }
  const auto possible = [](int side) { return side > 0 && side <= kSideMax && side % 2 == 0; };
  if (!possible(picture.width) || !possible(picture.height)) {
    return fail(ErrorKind::kInvalidArgument,
                fmt::format("JPEG of {}x{}: sides are even and at most {}", picture.width, picture.height, kSideMax));
  }
  thread_local Encoder encoder;
  return encoder.encode(picture, quality);
}

}  // namespace nestbox
