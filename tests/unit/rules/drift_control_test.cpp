#include "nestbox/rules/drift_control.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace nestbox {
namespace {

using std::chrono::nanoseconds;

struct Heard {
  double worst_after_settling_s = 0, worst_s = 0, last_stretch_ppm = 0, most_stretch_ppm = 0;
};

/// A crystal that is off by `drift_ppm`, heard for `hours`; stamps jitter by up to `jitter_s` either way.
Heard hear(double drift_ppm, double hours, double jitter_s, double begin_s = 0) {
  constexpr double kStepS = 1024.0 / 44100;
  constexpr double kSettledS = 600;
  std::minstd_rand random(7);
  std::uniform_real_distribution<double> jitter(-jitter_s, jitter_s);
  DriftControl control;
  Heard heard;
  double ahead_s = begin_s;
  for (double now_s = 0; now_s < hours * 3600; now_s += kStepS) {
    const auto seen = nanoseconds(std::llround((ahead_s + jitter(random)) * 1e9));
    heard.last_stretch_ppm = control.update(seen, nanoseconds(std::llround(kStepS * 1e9)));
    ahead_s += (drift_ppm - heard.last_stretch_ppm) * 1e-6 * kStepS;
    heard.worst_s = std::max(heard.worst_s, std::abs(ahead_s));
    heard.most_stretch_ppm = std::max(heard.most_stretch_ppm, std::abs(heard.last_stretch_ppm));
    if (now_s > kSettledS) heard.worst_after_settling_s = std::max(heard.worst_after_settling_s, std::abs(ahead_s));
  }
  return heard;
}

TEST(DriftControl, HoldsADayOfASlowOrFastCrystalWithinAMillisecond) {
  for (const double drift_ppm : {-300.0, -20.0, 0.0, 85.0, 300.0}) {
    const auto heard = hear(drift_ppm, 24, 0.005);
    EXPECT_LT(heard.worst_after_settling_s, 0.001) << drift_ppm;
    EXPECT_LT(heard.worst_s, 0.01) << drift_ppm;
    EXPECT_NEAR(heard.last_stretch_ppm, drift_ppm, 40) << "jitter of 5 ms moves it little";
  }
}

TEST(DriftControl, AnOffsetIsTakenBackGentlyAndWithoutRinging) {
  const auto heard = hear(0, 0.5, 0, 0.030);
  EXPECT_LE(heard.worst_s, 0.0301) << "never further off than it began";
  EXPECT_LE(heard.most_stretch_ppm, 1700);
  EXPECT_LT(heard.worst_after_settling_s, 0.0001);
}

TEST(DriftControl, StretchesNeverMoreThanIsHeardAndComesBackFromThere) {
  DriftControl control;
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_LE(std::abs(control.update(std::chrono::seconds(10), std::chrono::milliseconds(23))),
              DriftControl::kStretchMaxPpm);
  }
  control.leapt();
  double stretch_ppm = 0;
  for (int i = 0; i < 2000; ++i)
    stretch_ppm = control.update(std::chrono::milliseconds(-50), std::chrono::milliseconds(23));
  EXPECT_LT(stretch_ppm, 0) << "after 46 s on the other side";
}

}  // namespace
}  // namespace nestbox
