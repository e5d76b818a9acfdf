/// What the owner sets: sensitivity, areas, durations, zones; and what switches of light must not do.
#include <gtest/gtest.h>

#include "motion_planes.h"

namespace nestbox {
namespace {

using namespace std::chrono_literals;

/// From the left to the right edge, over the middle.
int events_of_a_walk(const MotionOptions& options, const Square& square) {
  Watch watch(options);
  watch.quiet(5);
  watch.walk(4.6, square);
  watch.quiet(4);
  return watch.confirmed;
}

TEST(MotionSettings, MoreSensitivityNeverMissesMore) {
  int found_before = 0;
  for (const int sensitivity : {0, 15, 30, 50, 70, 85, 100}) {
    MotionOptions options;
    options.sensitivity = sensitivity;
    int found = 0;
    for (const int contrast : {3, 6, 10, 16, 28, 50, 90}) {
      found += events_of_a_walk(options, {0, 150, 32, 32, 100 + contrast}) > 0 ? 1 : 0;
    }
    EXPECT_GE(found, found_before) << sensitivity;
    found_before = found;
  }
  EXPECT_GE(found_before, 5);
}

TEST(MotionSettings, WhatIsSmallerThanMinAreaIsNoEventAndSaysSo) {
  MotionOptions options;
  options.min_area = 0.03;
  Watch watch(options);
  watch.quiet(5);
  watch.walk(4.6, {0, 80});
  watch.quiet(4);
  EXPECT_EQ(watch.confirmed, 0);
  ASSERT_FALSE(watch.near_misses.empty());
  EXPECT_EQ(watch.near_misses.front().held_back, HeldBack::kTooSmall);
  EXPECT_LT(watch.near_misses.front().peak_area, 0.03);
  EXPECT_EQ(events_of_a_walk(options, {0, 40, 120, 120}), 1);
}

TEST(MotionSettings, WhatIsGoneBeforeMinDurationIsNoEvent) {
  MotionOptions options;
  options.min_duration = 2s;
  Watch watch(options);
  watch.quiet(5);
  watch.walk(1.2, {0, 80});
  watch.quiet(6);
  EXPECT_EQ(watch.confirmed, 0);
  ASSERT_FALSE(watch.near_misses.empty());
  EXPECT_EQ(watch.near_misses.front().held_back, HeldBack::kTooShort);
  EXPECT_EQ(events_of_a_walk(options, {0, 80}), 1);
}

TEST(MotionSettings, AGapLongerThanTheEventGapMakesTwoEvents) {
  for (const auto& [gap_s, events] : {std::pair{0.2, 1}, std::pair{4.0, 2}}) {
    Watch watch;
    watch.quiet(5);
    watch.walk(4, {0, 80});
    watch.quiet(gap_s);
    watch.walk(4, {0, 80});
    watch.quiet(12);
    EXPECT_EQ(watch.ended.size(), static_cast<std::size_t>(events)) << gap_s;
  }
}

TEST(MotionSettings, AWatchedZoneIsAllThatCountsAndIsNamed) {
  MotionOptions options;
  options.zones = {{"left", true, {{0, 0}, {0.1, 0}, {0.1, 1}, {0, 1}}},
                   {"low", true, {{0, 0.6}, {1, 0.6}, {1, 1}, {0, 1}}}};
  EXPECT_EQ(events_of_a_walk(options, {40, 20, 32, 32}), 0);
  Watch watch(options);
  watch.quiet(5);
  watch.walk(3, {60, 180});
  EXPECT_EQ(watch.confirmed, 1);
  EXPECT_EQ(watch.last.event.zone, 1);
}

TEST(MotionSettings, AnIgnoredZoneWins) {
  MotionOptions options;
  options.zones = {{"all", true, {{0, 0}, {1, 0}, {1, 1}, {0, 1}}},
                   {"road", false, {{0, 0.2}, {1, 0.2}, {1, 0.7}, {0, 0.7}}}};
  EXPECT_EQ(events_of_a_walk(options, {0, 80}), 0);
  EXPECT_EQ(events_of_a_walk(options, {0, 185}), 1);
  options.zones.erase(options.zones.begin());
  EXPECT_EQ(events_of_a_walk(options, {0, 80}), 0);
  EXPECT_EQ(events_of_a_walk(options, {0, 185}), 1);
}

/// Lamp, filter or exposure, at once or over some pictures, announced or not.
void switch_something(Watch& watch, std::minstd_rand& random) {
  const bool announced = random() % 4 == 0;
  const double to = 0.6 + 0.001 * static_cast<double>(random() % 800), from = watch.planes.gain;
  if (announced) watch.detector.announce_switch(watch.planes.now());
  if (random() % 2 == 0) watch.planes.lamp = !watch.planes.lamp;
  const int steps = 1 + static_cast<int>(random() % 4);
  for (int step = 1; step <= steps; ++step) {
    watch.planes.gain = from + (to - from) * step / steps;
    watch.see();
  }
  if (announced) watch.detector.switch_done(watch.planes.now());
}

int events_of_switches(int switches, unsigned seed) {
  Watch watch;
  std::minstd_rand random(seed);
  watch.quiet(3);
  for (int n = 0; n < switches; ++n) {
    switch_something(watch, random);
    watch.quiet(0.1 * static_cast<double>(8 + random() % 8));
  }
  return watch.confirmed;
}

TEST(MotionSettings, FiveHundredSwitchesAreNoEvent) {
  EXPECT_EQ(events_of_switches(500, 11), 0);
}
// Ten thousand in all; five tests, for the sake of slow machines.
TEST(MotionSettings, TwoThousandSwitchesAAreNoEventSlow) {
  EXPECT_EQ(events_of_switches(2000, 21), 0);
}
TEST(MotionSettings, TwoThousandSwitchesBAreNoEventSlow) {
  EXPECT_EQ(events_of_switches(2000, 22), 0);
}
TEST(MotionSettings, TwoThousandSwitchesCAreNoEventSlow) {
  EXPECT_EQ(events_of_switches(2000, 23), 0);
}
TEST(MotionSettings, TwoThousandSwitchesDAreNoEventSlow) {
  EXPECT_EQ(events_of_switches(2000, 24), 0);
}
TEST(MotionSettings, TwoThousandSwitchesEAreNoEventSlow) {
  EXPECT_EQ(events_of_switches(2000, 25), 0);
}

TEST(MotionSettings, AVisitThatSpansASwitchStaysOne) {
  for (const bool announced : {false, true}) {
    Watch watch;
    watch.quiet(5);
    const Square there = watch.walk(2, {0, 80});
    ASSERT_EQ(watch.last.state, MotionState::kActive);
    if (announced) watch.detector.announce_switch(watch.planes.now());
    watch.planes.lamp = true;
    const Square on = watch.walk(0.2, there);
    if (announced) watch.detector.switch_done(watch.planes.now());
    watch.walk(2.4, on);
    watch.quiet(5);
    EXPECT_EQ(watch.confirmed, 1) << announced;
    ASSERT_EQ(watch.ended.size(), 1U);
    EXPECT_GT(watch.ended[0].end - watch.ended[0].begin, 3s);
  }
}

TEST(MotionSettings, AllThatHeldAnEventBackIsKeptTheLongestFirst) {
  MotionOptions options;
  options.min_area = 0.035;
  Watch watch(options);
  watch.quiet(5);
  watch.detector.announce_switch(watch.planes.now());
  watch.planes.lamp = true;
  watch.quiet(0.3);
  watch.detector.switch_done(watch.planes.now());
  Square square = watch.walk(2.5, {20, 80, 32, 32, 220});  // too small, first while the detector learns anew
  square.width = square.height = 80;
  watch.walk(2, square);
  watch.quiet(5);
  ASSERT_EQ(watch.ended.size(), 1U);
  const auto& reasons = watch.ended[0].reasons;
  const auto time_of = [&](HeldBack reason) {
    const auto found = std::find_if(reasons.begin(), reasons.end(), [&](const auto& r) { return r.reason == reason; });
    return found == reasons.end() ? HeldBackTime{} : *found;
  };
  EXPECT_GT(time_of(HeldBack::kSwitch).total, 200ms);
  EXPECT_GT(time_of(HeldBack::kTooSmall).total, 1s);
  EXPECT_GT(time_of(HeldBack::kTooSmall).last, time_of(HeldBack::kSwitch).last);
  EXPECT_EQ(watch.ended[0].held_back, HeldBack::kTooSmall);
  EXPECT_TRUE(std::is_sorted(reasons.begin(), reasons.end(), [](auto& a, auto& b) { return a.total > b.total; }));
}

TEST(MotionSettings, NewRulesKeepWhatWasLearnt) {
  Watch watch;
  watch.quiet(5);
  MotionOptions options;
  options.sensitivity = 60;
  watch.detector.apply(options);
  watch.see();
  EXPECT_EQ(watch.last.state, MotionState::kQuiet);
  EXPECT_EQ(watch.detector.options(), options);
}

}  // namespace
}  // namespace nestbox
