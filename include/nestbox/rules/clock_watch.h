#pragma once
/// A board without a battery starts with a clock that is wrong, and writes things down by it until the network has set
/// it.
#include <chrono>
#include <cstdint>
#include <optional>

#include "nestbox/base/clock.h"

namespace nestbox {

enum class ClockState : std::uint8_t { kUnset, kSet };

/// Tells, once, by how much what was written down before the clock was set is wrong. Pure. Thread-bound.
class ClockWatch {
 public:
  /// What carries a wall time from `since` to `until` was written by the clock as it was; `by` puts it right.
  struct Correction {
    WallTime since{}, until{};
    std::chrono::nanoseconds by{};
  };

  ClockWatch(BootTime now, WallTime wall, ClockState state);
  /// To be called every few seconds. What is less than a second wrong is right: `by` is 0 then.
  std::optional<Correction> update(BootTime now, WallTime wall, ClockState state);

 private:
  BootTime began_at_;
  WallTime began_at_wall_;
  ClockState state_;
};

}  // namespace nestbox
