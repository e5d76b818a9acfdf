#pragma once
/// When a picture was taken, from what its driver says.
#include <cstdint>
#include <optional>

#include "nestbox/base/clock.h"

namespace nestbox::capture {

/// Stamps are to be of CLOCK_BOOTTIME; many drivers give CLOCK_MONOTONIC, which is behind by the time that the machine
/// has slept, and some give nonsense. Pure; no state.
struct SensorClock {
  enum class Trust : std::uint8_t { kBoot, kMonotonic, kNone };
  struct Reading {
    BootTime at{};
    Trust trust = Trust::kNone;  ///< kNone: `at` is the moment of arrival
  };
  /// `slept`: how far CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC.
  static Reading read(std::optional<std::int64_t> stamp, BootTime arrived, std::chrono::nanoseconds slept);
};

/// How far CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC at present.
std::chrono::nanoseconds time_slept() noexcept;

}  // namespace nestbox::capture
