#pragma once
/// Two clocks that never mix: BootTime for stamps, durations and deadlines; WallTime for what people read.
#include <chrono>
#include <cstdint>

namespace nestbox {

/// CLOCK_BOOTTIME, the clock of libcamera's SensorTimestamp. Its own type, so that wall time cannot leak into a PTS.
struct BootClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
  static time_point now() noexcept;
};
using BootTime = BootClock::time_point;

/// The time of day, which may jump: store, file names, posts, text on the picture, schedules. Never a duration.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;
WallTime wall_now() noexcept;

constexpr double to_seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace nestbox
