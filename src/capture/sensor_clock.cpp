#include "sensor_clock.h"

#include <ctime>

namespace nestbox::capture {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// A picture is on its way for its exposure and a few frames; the clocks are read one after the other.
constexpr nanoseconds kAgeMax = seconds(12), kAheadMax = milliseconds(5);

bool is_plausible(BootTime stamp, BootTime arrived) {
  return arrived - stamp <= kAgeMax && stamp - arrived <= kAheadMax;
}

}  // namespace

SensorClock::Reading SensorClock::read(std::optional<std::int64_t> stamp, BootTime arrived, nanoseconds slept) {
  if (stamp) {
    const BootTime boot{nanoseconds(*stamp)};
    if (is_plausible(boot, arrived)) return {boot, Trust::kBoot};
    if (is_plausible(boot + slept, arrived)) return {boot + slept, Trust::kMonotonic};
  }
  return {arrived, Trust::kNone};
}

nanoseconds time_slept() noexcept {
  timespec monotonic{};
  ::clock_gettime(CLOCK_MONOTONIC, &monotonic);
  const auto since_start = seconds(monotonic.tv_sec) + nanoseconds(monotonic.tv_nsec);
  return BootClock::now().time_since_epoch() - since_start;
}

}  // namespace nestbox::capture
