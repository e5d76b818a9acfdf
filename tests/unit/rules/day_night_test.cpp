#include "nestbox/rules/day_night.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "day_night_rig.h"

namespace nestbox {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::PlantOptions;
using test::Reports;
using test::Rig;
using test::with_filter_and_lamp;
using testing::HasSubstr;

TEST(DayNight, RestartedAtNoonItIsDayWithinSecondsAndTheFilterMovesOnce) {
  Rig rig;
  rig.scene.daylight_lux = 800;
  EXPECT_LE(rig.run_until([&] { return rig.full_day(); }, seconds(20)), seconds(12));
  rig.run(hours(1));
  EXPECT_EQ(rig.movements(), 1);
  EXPECT_THAT(rig.why(), HasSubstr("first pictures"));
}

TEST(DayNight, RestartedAtMidnightItIsNightWithinSecondsAndTheLampIsLit) {
  Rig rig;
  rig.scene.daylight_lux = 0.01;
  EXPECT_LE(rig.run_until([&] { return rig.full_night(); }, seconds(40)), seconds(25));
  rig.run(hours(3));
  EXPECT_EQ(rig.changes_of_mode(), 1);
  EXPECT_TRUE(rig.full_night());
}

TEST(DayNight, DuskAndDawnAreOneSwitchEach) {
  Rig rig;
  rig.scene.daylight_lux = 800;
  rig.run(minutes(5));
  rig.fade(0.01, minutes(40));
  EXPECT_TRUE(rig.full_night()) << rig.why();
  rig.run(hours(8));
  EXPECT_TRUE(rig.full_night()) << rig.why();
  rig.fade(800, minutes(40));
  EXPECT_TRUE(rig.full_day()) << rig.why();
  EXPECT_EQ(rig.changes_of_mode(), 2);
}

}  // namespace
}  // namespace nestbox
