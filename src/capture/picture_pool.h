#pragma once
/// The buffers of one session of a source that has no camera's own, and which of them are free.
#include <memory>
#include <optional>
#include <vector>

#include "frame_source.h"
#include "nestbox/base/result.h"
#include "nestbox/media/picture_memory.h"
#include "nestbox/options/options.h"

namespace nestbox::capture {

/// Thread-bound to the capture thread. No allocation after construction.
class PicturePool {
 public:
  PicturePool(std::size_t slots, const PictureMemory::Shape& shape);

  /// A slot to fill; empty when all are out.
  std::optional<SlotIndex> take() noexcept;
  /// Precondition (asserted): the slot is out.
  void give_back(SlotIndex slot) noexcept;

  bool empty() const noexcept { return free_.empty(); }
  std::size_t out() const noexcept { return memory_->slots() - free_.size(); }
  const MutableImage& main(SlotIndex slot) const { return memory_->main(slot); }
  const MutablePlane& analysis(SlotIndex slot) const { return memory_->analysis(slot); }
  const PictureMemory::Shape& shape() const noexcept { return memory_->shape(); }
  SourceFormat format(std::chrono::nanoseconds frame_time, Content content) const;

 private:
  std::shared_ptr<const PictureMemory> memory_;
  std::vector<SlotIndex> free_;
  std::vector<bool> is_out_;
};

/// The shape that the options ask for. Errors: kInvalidArgument for odd, absurd or contradicting sizes.
Result<PictureMemory::Shape> picture_shape(const CameraOptions& options);

}  // namespace nestbox::capture
