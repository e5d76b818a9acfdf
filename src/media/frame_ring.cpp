#include "nestbox/media/frame_ring.h"

#include <algorithm>
#include <utility>

#include "nestbox/base/assert.h"

namespace nestbox {

std::shared_ptr<FrameRing> FrameRing::create(std::size_t slots, std::shared_ptr<const void> memory,
                                             SlotReturned on_returned) {
  NESTBOX_ASSERT(slots > 0);
  NESTBOX_ASSERT(on_returned != nullptr);
  return std::shared_ptr<FrameRing>(new FrameRing(slots, std::move(memory), std::move(on_returned)));
}

FrameLease FrameRing::publish(SlotIndex slot, const Frame& frame) {
  NESTBOX_ASSERT(slot < slots_.size());
  // acquire pairs with the release of the last lease: its reads are over before the slot is shown anew.
  NESTBOX_ASSERT(slots_[slot].leases.load(std::memory_order_acquire) == 0);
  slots_[slot].frame = frame;
  slots_[slot].leases.store(1, std::memory_order_release);
  return FrameLease(shared_from_this(), slot);
}

std::size_t FrameRing::leased() const noexcept {
  return static_cast<std::size_t>(std::count_if(
      slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.leases.load(std::memory_order_relaxed) > 0; }));
}

FrameLease& FrameLease::operator=(FrameLease&& other) noexcept {
  if (this == &other) return *this;
  reset();
  ring_ = std::move(other.ring_);
  slot_ = other.slot_;
  return *this;
}

const Frame& FrameLease::operator*() const noexcept {
  NESTBOX_ASSERT(ring_ != nullptr);
  return ring_->slots_[slot_].frame;
}

FrameLease FrameLease::share() const noexcept {
  NESTBOX_ASSERT(ring_ != nullptr);
  ring_->slots_[slot_].leases.fetch_add(1, std::memory_order_relaxed);
  return FrameLease(ring_, slot_);
}

void FrameLease::reset() noexcept {
  const auto ring = std::exchange(ring_, nullptr);
  if (ring == nullptr) return;
  if (ring->slots_[slot_].leases.fetch_sub(1, std::memory_order_acq_rel) == 1) ring->on_returned_(slot_);
}

}  // namespace nestbox
