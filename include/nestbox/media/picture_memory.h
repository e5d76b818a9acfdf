#pragma once
/// Buffers for sources that have no camera's own: files, scenes, slates. Allocated once, each in the shape a camera
/// would give it.
#include <cstdint>
#include <memory>
#include <vector>

#include "nestbox/media/frame.h"
#include "nestbox/media/frame_ring.h"

namespace nestbox {

/// `slots` pairs of a main picture (I420) and an analysis luma plane, strides multiples of 64 bytes, neutral grey.
/// Immutable shape; the samples of a slot belong to whoever owns the slot.
class PictureMemory {
 public:
  struct Shape {
    int width = 0, height = 0;                    ///< main picture, even
    int analysis_width = 0, analysis_height = 0;  ///< luma alone
  };
  PictureMemory(std::size_t slots, const Shape& shape);
  PictureMemory(const PictureMemory&) = delete;
  PictureMemory& operator=(const PictureMemory&) = delete;

  const Shape& shape() const noexcept { return shape_; }
  std::size_t slots() const noexcept { return slots_.size(); }
  std::size_t bytes() const noexcept { return samples_.size(); }
  const MutableImage& main(SlotIndex slot) const { return slots_.at(slot).main; }
  const MutablePlane& analysis(SlotIndex slot) const { return slots_.at(slot).analysis; }

 private:
  struct Slot {
    MutableImage main;
    MutablePlane analysis;
  };
  Shape shape_;
  std::vector<std::uint8_t> samples_;
  std::vector<Slot> slots_;
};

/// Analysis height for a width, keeping the main picture's proportions; even, at least 2.
int analysis_height_for(int width, int height, int analysis_width);

}  // namespace nestbox
