#pragma once
/// When a picture has to be a keyframe. Pure; times are capture stamps.
#include <chrono>
#include <optional>

#include "nestbox/base/clock.h"

namespace nestbox {

/// Keyframes lie on a grid of `interval`, each at the picture nearest to its due time, so that neither the frame rate
/// nor jitter makes the distance drift. A keyframe for another reason starts the grid anew. Thread-bound.
class KeyframeClock {
 public:
  /// The least distance of two keyframes that somebody asked for.
  static constexpr std::chrono::milliseconds kForcedDistanceMin{500};

  explicit KeyframeClock(std::chrono::nanoseconds interval) : interval_(interval) {}
  void set_interval(std::chrono::nanoseconds interval) { interval_ = interval; }

  /// Whether the picture of `stamp` is due; `frame_interval` is the distance that pictures have at present.
  bool due(BootTime stamp, std::chrono::nanoseconds frame_interval) const;
  /// Whether a wish for a keyframe may be fulfilled already.
  bool may_force(BootTime stamp) const;
  /// The picture of `stamp` became a keyframe, or will. May be said again when it has.
  void made(BootTime stamp, std::chrono::nanoseconds frame_interval);
  /// The next picture begins a stream.
  void restart() { last_.reset(); }

 private:
  std::chrono::nanoseconds interval_;
  std::optional<BootTime> last_;
  BootTime grid_{};  ///< the due time that last_ stands for
};

}  // namespace nestbox
