#include "capture/media_clock.h"

#include <gtest/gtest.h>

#include <vector>

namespace nestbox::capture {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Stamp = std::optional<nanoseconds>;

std::vector<nanoseconds> times_of(const std::vector<Stamp>& stamps, std::uint64_t repaired) {
  MediaClock clock(milliseconds(40));
  std::vector<nanoseconds> times;
  for (const auto& stamp : stamps) times.push_back(clock.next(stamp));
  EXPECT_EQ(clock.repaired(), repaired);
  return times;
}

TEST(MediaClock, FollowsGoodStampsFromWhereverTheyBegin) {
  const std::vector<nanoseconds> expected{milliseconds(0), milliseconds(33), milliseconds(100)};
  EXPECT_EQ(times_of({milliseconds(5000), milliseconds(5033), milliseconds(5100)}, 0), expected);
  EXPECT_EQ(times_of({milliseconds(-70), milliseconds(-37), milliseconds(30)}, 0), expected);
}

TEST(MediaClock, GoesOnAtTheNominalRateWhereStampsAreMissingOrWrong) {
  EXPECT_EQ(times_of({std::nullopt, std::nullopt, std::nullopt}, 3),
            (std::vector<nanoseconds>{milliseconds(0), milliseconds(40), milliseconds(80)}));
  // Repeated, backwards, and ten years ahead: each counts as one nominal step, and what follows is measured anew.
  EXPECT_EQ(times_of({milliseconds(0), milliseconds(0), milliseconds(-500), milliseconds(-450),
                      std::chrono::hours(87600), std::chrono::hours(87600) + milliseconds(20)},
                     3),
            (std::vector<nanoseconds>{milliseconds(0), milliseconds(40), milliseconds(80), milliseconds(130),
                                      milliseconds(170), milliseconds(190)}));
}

TEST(MediaClock, AGapInTheStampsIsNotLost) {
  EXPECT_EQ(times_of({milliseconds(0), std::nullopt, milliseconds(90)}, 1),
            (std::vector<nanoseconds>{milliseconds(0), milliseconds(40), milliseconds(90)}));
}

TEST(MediaClock, GrowsOverTheEndOfALoop) {
  MediaClock clock(milliseconds(40));
  clock.next(milliseconds(0));
  clock.next(milliseconds(50));
  clock.begin_anew();
  EXPECT_EQ(clock.next(milliseconds(0)), milliseconds(90));
  EXPECT_EQ(clock.next(milliseconds(50)), milliseconds(140));
  EXPECT_EQ(clock.repaired(), 0u);
}

int admitted_in_a_second(int rate, int cap) {
  RateCap rate_cap(nanoseconds(seconds(1)) / cap);
  int admitted = 0;
  for (int i = 0; i < rate; ++i) admitted += rate_cap.admits(i * nanoseconds(seconds(1)) / rate) ? 1 : 0;
  return admitted;
}

TEST(RateCap, ThinsEvenlyAndLeavesSlowerStreamsAlone) {
  EXPECT_EQ(admitted_in_a_second(60, 30), 30);
  EXPECT_NEAR(admitted_in_a_second(50, 30), 30, 1);
  EXPECT_NEAR(admitted_in_a_second(240, 15), 15, 1);
  EXPECT_EQ(admitted_in_a_second(30, 30), 30);
  EXPECT_EQ(admitted_in_a_second(29, 30), 29);
  EXPECT_EQ(admitted_in_a_second(10, 30), 10);
}

TEST(RateCap, DoesNotThinAStreamOfTheRightRateWhoseStampsJitter) {
  RateCap rate_cap(milliseconds(33));
  for (int i = 0; i < 100; ++i)
    EXPECT_TRUE(rate_cap.admits(i * milliseconds(33) + milliseconds(i % 2 == 0 ? 0 : -9))) << i;
}

}  // namespace
}  // namespace nestbox::capture
