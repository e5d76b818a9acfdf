#include "capture/sensor_clock.h"

#include <gtest/gtest.h>

namespace nestbox::capture {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using Trust = SensorClock::Trust;

const BootTime kNow{hours(50)};

std::int64_t stamp_of(BootTime time) {
  return time.time_since_epoch().count();
}

TEST(SensorClock, AStampOfBootTimeIsTaken) {
  const auto reading = SensorClock::read(stamp_of(kNow - milliseconds(40)), kNow, hours(3));
  EXPECT_EQ(reading.at, kNow - milliseconds(40));
  EXPECT_EQ(reading.trust, Trust::kBoot);
}

TEST(SensorClock, AMonotonicStampIsBehindByTheTimeSlept) {
  const auto reading = SensorClock::read(stamp_of(kNow - hours(3) - milliseconds(40)), kNow, hours(3));
  EXPECT_EQ(reading.at, kNow - milliseconds(40));
  EXPECT_EQ(reading.trust, Trust::kMonotonic);
}

TEST(SensorClock, NonsenseAndNothingAreTheMomentOfArrival) {
  for (const auto stamp : {std::int64_t{0}, std::int64_t{-1}, stamp_of(kNow + seconds(1)), stamp_of(kNow - hours(1))}) {
    const auto reading = SensorClock::read(stamp, kNow, nanoseconds(0));
    EXPECT_EQ(reading.at, kNow) << stamp;
    EXPECT_EQ(reading.trust, Trust::kNone) << stamp;
  }
  EXPECT_EQ(SensorClock::read(std::nullopt, kNow, nanoseconds(0)).trust, Trust::kNone);
}

TEST(SensorClock, ALongExposureIsNoNonsense) {
  EXPECT_EQ(SensorClock::read(stamp_of(kNow - seconds(10)), kNow, nanoseconds(0)).trust, Trust::kBoot);
}

}  // namespace
}  // namespace nestbox::capture
