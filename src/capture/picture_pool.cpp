#include "picture_pool.h"

#include <fmt/format.h>

#include <numeric>

#include "nestbox/base/assert.h"

namespace nestbox::capture {

PicturePool::PicturePool(std::size_t slots, const PictureMemory::Shape& shape)
    : memory_(std::make_shared<const PictureMemory>(slots, shape)), free_(slots), is_out_(slots, false) {
  std::iota(free_.rbegin(), free_.rend(), SlotIndex{0});
}

std::optional<SlotIndex> PicturePool::take() noexcept {
  if (free_.empty()) return std::nullopt;
  const auto slot = free_.back();  // the one that came back last: its samples may still be in the cache
  free_.pop_back();
  is_out_[slot] = true;
  return slot;
}

void PicturePool::give_back(SlotIndex slot) noexcept {
  NESTBOX_ASSERT(slot < is_out_.size() && is_out_[slot]);
  is_out_[slot] = false;
  free_.push_back(slot);
}

SourceFormat PicturePool::format(std::chrono::nanoseconds frame_time, Content content) const {
  const auto& shape = memory_->shape();
  return {shape.width,      shape.height, shape.analysis_width, shape.analysis_height,
          memory_->slots(), memory_,      frame_time,           content};
}

Result<PictureMemory::Shape> picture_shape(const CameraOptions& options) {
  constexpr int kSideMin = 64, kSideMax = 4096, kAnalysisMin = 16;
  const auto good = [](int side) { return side >= kSideMin && side <= kSideMax && side % 2 == 0; };
  if (!good(options.width) || !good(options.height)) {
    return fail(ErrorKind::kInvalidArgument,
                fmt::format("camera.width x camera.height: {} x {}; even numbers from {} to {} are allowed",
                            options.width, options.height, kSideMin, kSideMax));
  }
  if (options.analysis_width < kAnalysisMin || options.analysis_width > options.width) {
    return fail(ErrorKind::kInvalidArgument,
                fmt::format("camera.analysis_width: {}; {} to camera.width ({}) is allowed", options.analysis_width,
                            kAnalysisMin, options.width));
  }
  return PictureMemory::Shape{options.width, options.height, options.analysis_width,
                              analysis_height_for(options.width, options.height, options.analysis_width)};
}

}  // namespace nestbox::capture
