#pragma once
/// What the recorder's thread is to do: packets and orders, in the order in which they came.
#include <cstdint>
#include <deque>
#include <optional>
#include <variant>

#include "nestbox/base/mutex.h"
#include "nestbox/media/packet.h"
#include "nestbox/record/clip_recorder.h"

namespace nestbox::record {

using ClipId = ClipRecorder::ClipId;

struct BeginClip {
  ClipId id = 0;
  ClipOrder order;
  ClipRecorder::Done done;
};
struct EndClip {
  ClipId id = 0;
  BootTime to{};
};
using Item = std::variant<Packet, StreamInfo, ClipRecorder::Setup, BeginClip, EndClip>;

/// Bounded by the packets' time and bytes. When it is full, what comes is dropped up to the next keyframe that has
/// room: what waits is older, and belongs to a clip's beginning. Thread-safe.
class Inbox {
 public:
  static constexpr std::chrono::seconds kBehindMax{4};
  static constexpr std::size_t kBytesMax = std::size_t{8} * 1024 * 1024;
  static constexpr std::size_t kOrdersMax = 64;  ///< only a disk that hangs lets so many wait

  /// False when it was dropped for lack of room.
  bool push(const Packet& packet) noexcept EXCLUDES(mutex_);
  void post(StreamInfo info) EXCLUDES(mutex_);
  void post(ClipRecorder::Setup setup) EXCLUDES(mutex_);
  void post(EndClip order) EXCLUDES(mutex_);
  /// False when it is stopped, or too many wait; `order` is left as it was then.
  [[nodiscard]] bool post(BeginClip& order) EXCLUDES(mutex_);

  /// Nothing: `deadline` has passed, or it is stopped and empty.
  std::optional<Item> pop_until(BootTime deadline) EXCLUDES(mutex_);
  /// Nothing more is taken in; what is inside may still be popped.
  void stop() noexcept EXCLUDES(mutex_);
  bool drained() const EXCLUDES(mutex_);  ///< stopped, and empty
  std::uint64_t dropped() const EXCLUDES(mutex_);
  std::chrono::nanoseconds behind() const EXCLUDES(mutex_);  ///< from the oldest packet that waits to the newest

 private:
  void append(Item item) EXCLUDES(mutex_);
  bool has_room_for(const Packet& packet) const REQUIRES(mutex_);

  mutable Mutex mutex_;
  Condition changed_;
  std::deque<Item> items_ GUARDED_BY(mutex_);
  std::deque<BootTime> stamps_ GUARDED_BY(mutex_);  ///< of the packets among them
  std::size_t bytes_ GUARDED_BY(mutex_) = 0;
  std::uint64_t dropped_ GUARDED_BY(mutex_) = 0;
  bool skipping_ GUARDED_BY(mutex_) = false;
  bool stopped_ GUARDED_BY(mutex_) = false;
};

}  // namespace nestbox::record
