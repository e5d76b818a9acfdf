#pragma once
/// Pre-roll: the last seconds of the encoded stream, so that a clip can begin before its visit.
#include <chrono>
#include <cstddef>
#include <deque>
#include <vector>

#include "nestbox/media/packet.h"

namespace nestbox {

/// Keeps whole GOPs, the newest ones that fit both bounds; the GOP in progress is always kept unless it alone breaks
/// the byte bound, then the history starts anew at the next keyframe. Thread-bound.
class PacketHistory {
 public:
  struct Bounds {
    std::chrono::nanoseconds duration{};  ///< at least this much is kept where the bytes allow it
    std::size_t bytes = 0;
  };
  explicit PacketHistory(const Bounds& bounds) : bounds_(bounds) {}

  void push(const Packet& packet);
  /// The packets from the last keyframe at or before `from` (or the oldest one kept) to the newest, in order. They
  /// share their bytes with the history.
  std::vector<Packet> since(BootTime from) const;
  void clear() noexcept;

  std::size_t bytes() const noexcept { return bytes_; }
  std::size_t packets() const noexcept { return packets_.size(); }

 private:
  void drop_oldest_gop();
  bool oldest_gop_is_expendable() const;

  Bounds bounds_;
  std::deque<Packet> packets_;           ///< empty, or begins with a video keyframe
  std::deque<std::size_t> gop_lengths_;  ///< packets of each GOP, oldest first
  std::size_t bytes_ = 0;
};

}  // namespace nestbox
