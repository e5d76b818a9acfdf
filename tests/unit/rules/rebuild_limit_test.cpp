#include "nestbox/rules/rebuild_limit.h"

#include <gtest/gtest.h>

namespace nestbox {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

BootTime at(std::chrono::seconds since_start) {
  return BootTime(since_start);
}

TEST(RebuildLimit, SixInTenMinutesAndNoMore) {
  RebuildLimit limit;
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(limit.admits(at(seconds(10 * i)))) << i;
  EXPECT_FALSE(limit.admits(at(seconds(60))));
  EXPECT_FALSE(limit.admits(at(seconds(599))));
}

TEST(RebuildLimit, TheWindowSlides) {
  RebuildLimit limit;
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(limit.admits(at(minutes(i))));
  EXPECT_TRUE(limit.admits(at(minutes(10))));  // the first one has left the window
  EXPECT_FALSE(limit.admits(at(minutes(10))));
  EXPECT_TRUE(limit.admits(at(minutes(11))));
}

TEST(RebuildLimit, OneEveryTwoMinutesGoesOnForEver) {
  RebuildLimit limit;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(limit.admits(at(minutes(2 * i)))) << i;
}

TEST(RebuildLimit, ManyARefusedOneMakesItNoWorse) {
  RebuildLimit limit;
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(limit.admits(at(seconds(i))));
  for (int i = 6; i < 600; ++i) EXPECT_FALSE(limit.admits(at(seconds(i)))) << i;
  EXPECT_TRUE(limit.admits(at(seconds(600))));
}

}  // namespace
}  // namespace nestbox
