#include "nestbox/rules/backoff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace nestbox {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr BootTime kFirstTry{hours(1)};

/// Tries that fail at once, from kFirstTry to `end`; the moments at which they were made.
std::vector<BootTime> tries(Backoff& backoff, Setback setback, BootTime start, nanoseconds span, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> chance(0, 1);
  std::vector<BootTime> moments;
  for (BootTime now = start; now < start + span;) {
    moments.push_back(now);
    now += backoff.after(setback, nanoseconds::zero(), now, chance(generator));
  }
  return moments;
}

std::size_t most_in_an_hour(const std::vector<BootTime>& moments) {
  std::size_t most = 0, first = 0;
  for (std::size_t last = 0; last < moments.size(); ++last) {
    while (moments[last] - moments[first] >= hours(1)) ++first;
    most = std::max(most, last - first + 1);
  }
  return most;
}

TEST(Backoff, GoesFromOneSecondToSixtyWhenNothingEverWorked) {
  Backoff backoff;
  std::vector<nanoseconds> waits;
  for (int n = 0; n < 9; ++n) waits.push_back(backoff.after(Setback::kUnreachable, nanoseconds::zero(), kFirstTry, 0));
  EXPECT_THAT(waits, testing::ElementsAre(seconds(1), seconds(2), seconds(4), seconds(8), seconds(16), seconds(32),
                                          seconds(60), seconds(60), seconds(60)));
}

TEST(Backoff, JitterShortensEveryWaitAndLengthensNone) {
  Backoff with_jitter, without;
  for (int n = 0; n < 20; ++n) {
    const auto longest = without.after(Setback::kUnreachable, nanoseconds::zero(), kFirstTry, 0);
    const auto shorter = with_jitter.after(Setback::kUnreachable, nanoseconds::zero(), kFirstTry, 0.999);
    EXPECT_LT(shorter, longest);
    EXPECT_GE(shorter, longest * 74 / 100);
  }
}

TEST(Backoff, TriesAlmostAtOnceAfterAGoodSessionAndThenEverySecond) {
  Backoff backoff;
  EXPECT_LE(backoff.after(Setback::kUnreachable, seconds(31), kFirstTry, 0.999), milliseconds(400));
  EXPECT_TRUE(backoff.fast(kFirstTry + seconds(1)));
  for (auto now = kFirstTry; now < kFirstTry + seconds(44); now += seconds(1)) {
    const auto wait = backoff.after(Setback::kUnreachable, nanoseconds::zero(), now, 0.5);
    EXPECT_GE(wait, milliseconds(800));
    EXPECT_LE(wait, seconds(1));
  }
  EXPECT_FALSE(backoff.fast(kFirstTry + seconds(45)));
  EXPECT_EQ(backoff.after(Setback::kUnreachable, nanoseconds::zero(), kFirstTry + seconds(46), 0), seconds(4));
}

TEST(Backoff, AServerThatHoldsTheOldConnectionIsAskedEverySecondFromTheFirstTryOn) {
  Backoff backoff;  // the daemon was killed and started anew: it knows of no good session
  const auto moments = tries(backoff, Setback::kBusy, kFirstTry, seconds(30), 1);
  EXPECT_GE(moments.size(), 30U);
}

TEST(Backoff, AShortSessionArmsTheFastPhaseOnceOnly) {
  Backoff backoff;
  EXPECT_LE(backoff.after(Setback::kRejected, seconds(5), kFirstTry, 0), milliseconds(400));
  const auto later = kFirstTry + hours(1);
  EXPECT_GE(backoff.after(Setback::kRejected, seconds(5), later, 0), seconds(4));
  EXPECT_LE(backoff.after(Setback::kRejected, seconds(30), later, 0), milliseconds(400));
}

TEST(Backoff, RejectedForEverIsAtMostSeventyTriesAnHour) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    Backoff never_good;
    EXPECT_LE(most_in_an_hour(tries(never_good, Setback::kRejected, kFirstTry, hours(24), seed)), 70U);
    Backoff was_good;
    was_good.after(Setback::kRejected, hours(2), kFirstTry, 0.5);
    EXPECT_LE(most_in_an_hour(tries(was_good, Setback::kRejected, kFirstTry, hours(24), seed)), 70U);
  }
}

TEST(Backoff, AcceptedForTenSecondsAndKickedForEverStaysWithinSeventyTriesAnHour) {
  Backoff backoff;
  std::mt19937 generator(7);
  std::uniform_real_distribution<double> chance(0, 1);
  std::vector<BootTime> moments;
  for (BootTime now = kFirstTry; now < kFirstTry + hours(12);) {
    moments.push_back(now);
    now += seconds(10);
    now += backoff.after(Setback::kRejected, seconds(10), now, chance(generator));
  }
  EXPECT_LE(most_in_an_hour(moments), 70U);
}

TEST(Backoff, AServerThatIsGoneForADayIsTriedBoundedly) {
  Backoff backoff;
  backoff.after(Setback::kUnreachable, hours(2), kFirstTry, 0.5);
  const auto moments = tries(backoff, Setback::kUnreachable, kFirstTry, hours(24), 3);
  EXPECT_LE(most_in_an_hour(moments), 120U);
  std::vector<BootTime> later;
  for (const auto moment : moments) {
    if (moment > kFirstTry + hours(1)) later.push_back(moment);
  }
  EXPECT_LE(most_in_an_hour(later), 62U);
  EXPECT_GE(most_in_an_hour(later), 59U);
}

TEST(Backoff, EasingStartsTheSlowPaceAnew) {
  Backoff backoff;
  tries(backoff, Setback::kUnreachable, kFirstTry, hours(1), 1);
  backoff.ease();
  EXPECT_EQ(backoff.after(Setback::kUnreachable, nanoseconds::zero(), kFirstTry, 0), seconds(1));
}

}  // namespace
}  // namespace nestbox
