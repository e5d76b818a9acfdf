#pragma once
/// How fast pictures really come. Pure; times are capture stamps.
#include <chrono>
#include <optional>

#include "nestbox/base/clock.h"

namespace nestbox {

/// x264 without look-ahead shares out bits by a fixed frame rate. A camera slows down in the dark and slates come twice
/// a second, so the encoder's idea of a second is corrected: bits per picture = bit rate * scale / nominal rate.
/// Thread-bound.
class Pace {
 public:
  explicit Pace(int nominal_framerate)
      : nominal_(std::chrono::nanoseconds(std::chrono::seconds(1)) / nominal_framerate), interval_(nominal_) {}

  void observe(BootTime stamp);
  /// The distance of pictures, smoothed; nominal until there are two. Slower is believed slowly, faster at once: too
  /// many bits delay a stream, too few only blur it.
  std::chrono::nanoseconds interval() const noexcept { return interval_; }
  /// interval / nominal, in steps (a change within 15 % is none), within [1/4, 16].
  double scale() const noexcept { return scale_; }

 private:
  const std::chrono::nanoseconds nominal_;
  std::chrono::nanoseconds interval_;
  std::optional<BootTime> last_;
  double scale_ = 1;
};

}  // namespace nestbox
