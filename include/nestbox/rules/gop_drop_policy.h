#pragma once
/// What a sink that is behind lets go: whole groups of pictures, for one missing packet would smear all that follow it.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "nestbox/base/clock.h"

namespace nestbox {

/// Decides when to skip, not what: the queue it advises drops all video before its newest keyframe (when that one is
/// fresh enough, else all of it, and then refuses video until a keyframe comes) and audio older than `behind`.
/// Two reasons to skip: the queue has reached its bounds (asked by the producer), or what is taken from it has been
/// older than `behind` for longer than `patience` (asked by the consumer). A stall of the path alone is no reason for
/// the second: a second lost on the radio is made up for as soon as packets flow again. Pure; not thread-safe.
class GopDropPolicy {
 public:
  struct Bounds {
    std::chrono::nanoseconds duration = std::chrono::seconds(2);  ///< of media in the queue
    std::size_t bytes = 4U << 20U;
    std::size_t packets = 512;
    std::chrono::nanoseconds behind = std::chrono::milliseconds(300);
    std::chrono::nanoseconds patience = std::chrono::milliseconds(150);
  };
  struct Backlog {
    std::chrono::nanoseconds duration{};
    std::size_t bytes = 0;
    std::size_t packets = 0;
  };
  enum class Kind : std::uint8_t { kKeyframe, kVideo, kAudio };

  GopDropPolicy() = default;
  explicit GopDropPolicy(const Bounds& bounds) : bounds_(bounds) {}
  const Bounds& bounds() const noexcept { return bounds_; }

  /// Whether a packet of this kind may join the queue; a keyframe ends the skipping.
  bool admits(Kind kind) noexcept;
  /// For the producer, before a packet joins: whether the queue, with that packet, breaks its bounds.
  bool overflows(const Backlog& with_packet) const noexcept;
  /// For the consumer, before each packet it takes: whether to skip instead. `age` is that of the oldest packet.
  bool stale(BootTime now, std::chrono::nanoseconds age) noexcept;

  /// What the queue did: it goes on from a keyframe that it holds, or has none and waits for one.
  void skipped_to_keyframe() noexcept;
  void skipped_all() noexcept;
  /// A new session: only a keyframe may begin it.
  void restart() noexcept { skipped_all(); }
  bool skipping() const noexcept { return skipping_; }

 private:
  Bounds bounds_;
  bool skipping_ = true;
  std::optional<BootTime> behind_since_;
};

}  // namespace nestbox
