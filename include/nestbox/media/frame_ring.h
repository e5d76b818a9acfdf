#pragma once
/// The fixed set of picture buffers of one camera session, and the holds on them. Zero-copy: consumers read the
/// capture buffer itself, for as long as they hold a lease.
///
///            publish()                 last lease dies
///   [free] ------------> [published] ------------------> SlotReturned -> the capture thread's inbox -> [free]
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "nestbox/media/frame.h"

namespace nestbox {

using SlotIndex = std::size_t;
class FrameLease;

/// Owns the memory, knows no camera; a restarted camera makes a new ring. Thread-safe but for publish(), which belongs
/// to the capture thread. Lives while a lease does: late leases stay readable after the camera has stopped.
class FrameRing : public std::enable_shared_from_this<FrameRing> {
 public:
  /// Runs once for each published frame, on whichever thread drops the last lease. It may only post the index to the
  /// capture thread's inbox: no camera call, no lock that a stop holds, no exception.
  using SlotReturned = std::function<void(SlotIndex)>;

  /// `memory` keeps mappings and descriptors alive as long as the ring.
  static std::shared_ptr<FrameRing> create(std::size_t slots, std::shared_ptr<const void> memory,
                                           SlotReturned on_returned);

  /// Shows a filled slot; never allocates. Precondition (asserted): slot < slots(), and no lease on it is alive.
  FrameLease publish(SlotIndex slot, const Frame& frame);

  std::size_t slots() const noexcept { return slots_.size(); }
  /// Slots that somebody holds at this moment.
  std::size_t leased() const noexcept;

 private:
  friend class FrameLease;
  struct Slot {
    std::atomic<int> leases{0};
    Frame frame;
  };
  FrameRing(std::size_t slots, std::shared_ptr<const void> memory, SlotReturned on_returned)
      : memory_(std::move(memory)), slots_(slots), on_returned_(std::move(on_returned)) {}

  const std::shared_ptr<const void> memory_;
  std::vector<Slot> slots_;
  const SlotReturned on_returned_;
};

/// Shared read access to one Frame. The last lease to die returns the slot to the camera.
/// Move-only: share() is the only way to hold twice, so every hold on a capture buffer shows in review.
/// A lease object is used by one thread at a time; different leases of one frame by any.
class FrameLease {
 public:
  FrameLease() = default;
  FrameLease(FrameLease&& other) noexcept : ring_(std::move(other.ring_)), slot_(other.slot_) {}
  FrameLease& operator=(FrameLease&& other) noexcept;
  ~FrameLease() { reset(); }

  explicit operator bool() const noexcept { return ring_ != nullptr; }
  /// Precondition (asserted): the lease holds a frame.
  const Frame& operator*() const noexcept;
  const Frame* operator->() const noexcept { return &**this; }
  FrameLease share() const noexcept;
  void reset() noexcept;

 private:
  friend class FrameRing;
  FrameLease(std::shared_ptr<FrameRing> ring, SlotIndex slot) noexcept : ring_(std::move(ring)), slot_(slot) {}
  std::shared_ptr<FrameRing> ring_;
  SlotIndex slot_ = 0;
};

/// Takes raw frames. offer() runs on the capture thread and never blocks: a full inbox drops its oldest frame and
/// counts it.
struct FrameSink {
  virtual ~FrameSink() = default;
  virtual void offer(FrameLease frame) noexcept = 0;
};

}  // namespace nestbox
