#include "nestbox/rules/clock_watch.h"

#include <gtest/gtest.h>

namespace nestbox {
namespace {

using namespace std::chrono_literals;

constexpr BootTime kBoot{100s};
constexpr WallTime kOld{1000s};

TEST(ClockWatch, TellsOnceByHowMuchTheOldClockWasWrong) {
  ClockWatch watch(kBoot, kOld, ClockState::kUnset);
  EXPECT_FALSE(watch.update(kBoot + 5s, kOld + 5s, ClockState::kUnset));
  const auto correction = watch.update(kBoot + 60s, kOld + 60s + 24h, ClockState::kSet);
  ASSERT_TRUE(correction);
  EXPECT_EQ(correction->since, kOld);
  EXPECT_EQ(correction->until, kOld + 60s);
  EXPECT_EQ(correction->by, 24h);
  EXPECT_FALSE(watch.update(kBoot + 65s, kOld + 65s + 24h, ClockState::kSet));
}

TEST(ClockWatch, AClockThatWasAheadGoesBack) {
  ClockWatch watch(kBoot, kOld, ClockState::kUnset);
  EXPECT_EQ(watch.update(kBoot + 10s, kOld + 10s - 1h, ClockState::kSet)->by, -1h);
}

TEST(ClockWatch, WhatIsLessThanASecondIsRight) {
  ClockWatch watch(kBoot, kOld, ClockState::kUnset);
  EXPECT_EQ(watch.update(kBoot + 10s, kOld + 10s + 900ms, ClockState::kSet)->by, 0s);
}

TEST(ClockWatch, AClockThatIsSetAtTheStartHasNothingToPutRight) {
  ClockWatch watch(kBoot, kOld, ClockState::kSet);
  EXPECT_FALSE(watch.update(kBoot + 10s, kOld + 1h, ClockState::kSet));
  EXPECT_FALSE(watch.update(kBoot + 20s, kOld + 1h, ClockState::kUnset));
  EXPECT_FALSE(watch.update(kBoot + 30s, kOld + 2h, ClockState::kSet));
}

}  // namespace
}  // namespace nestbox
