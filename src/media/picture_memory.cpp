#include "nestbox/media/picture_memory.h"

#include <algorithm>

#include "nestbox/base/assert.h"

namespace nestbox {
namespace {

constexpr int kAlignment = 64;  // a cache line, and the widest SIMD register in use

int aligned(int width) {
  return (width + kAlignment - 1) / kAlignment * kAlignment;
}

/// Hands out planes one after another; with no memory yet it only adds up.
class Carver {
 public:
  explicit Carver(std::uint8_t* memory) : memory_(memory) {}
  MutablePlane plane(int width, int height) {
    const MutablePlane plane{memory_ == nullptr ? nullptr : memory_ + used_, width, height, aligned(width)};
    used_ += static_cast<std::size_t>(plane.stride) * static_cast<std::size_t>(height);
    return plane;
  }
  std::size_t used() const { return used_; }

 private:
  std::uint8_t* const memory_;
  std::size_t used_ = 0;
};

}  // namespace

PictureMemory::PictureMemory(std::size_t slots, const Shape& shape) : shape_(shape), slots_(slots) {
  NESTBOX_ASSERT(shape.width > 0 && shape.width % 2 == 0 && shape.height > 0 && shape.height % 2 == 0);
  NESTBOX_ASSERT(shape.analysis_width > 0 && shape.analysis_height > 0);
  const auto carve = [&](std::uint8_t* memory) {
    Carver carver(memory);
    for (auto& slot : slots_) {
      slot.main = {PixelFormat::kI420,
                   shape.width,
                   shape.height,
                   carver.plane(shape.width, shape.height),
                   carver.plane(shape.width / 2, shape.height / 2),
                   carver.plane(shape.width / 2, shape.height / 2)};
      slot.analysis = carver.plane(shape.analysis_width, shape.analysis_height);
    }
    return carver.used();
  };
  constexpr std::uint8_t kGrey = 128;
  samples_.assign(carve(nullptr) + kAlignment, kGrey);
  const auto misaligned = reinterpret_cast<std::uintptr_t>(samples_.data()) % kAlignment;
  carve(samples_.data() + (kAlignment - misaligned) % kAlignment);
}

int analysis_height_for(int width, int height, int analysis_width) {
  const int exact = static_cast<int>(static_cast<long>(analysis_width) * height / width);
  return std::max(2, exact / 2 * 2);
}

}  // namespace nestbox
