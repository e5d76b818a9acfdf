#include "nestbox/rules/day_night.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

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

/// At rest by day, long enough for every dwell to be over.
Rig at_day(DayNightOptions options = with_filter_and_lamp(), PlantOptions plant = {}) {
  Rig rig(std::move(options), plant);
  rig.scene.daylight_lux = 800;
  rig.run(minutes(5));
  EXPECT_TRUE(rig.full_day()) << rig.why();
  return rig;
}

/// At rest by night after a dusk of 40 minutes, and an hour later.
Rig at_night(DayNightOptions options = with_filter_and_lamp(), PlantOptions plant = {}) {
  Rig rig = at_day(std::move(options), plant);
  rig.fade(0.01, minutes(40));
  rig.run(hours(2));
  rig.run_until([&] { return rig.full_night(); }, minutes(1));  // it may be looking without the lamp just now
  return rig;
}

struct Row {
  const char* name;
  PlantOptions plant;
};

std::vector<Row> plants() {
  std::vector<Row> rows;
  for (const auto reports : {Reports::kLux, Reports::kExposure, Reports::kLumaAlone}) {
    for (const double factor : {1.2, 3.0, 8.0}) {
      for (const double lamp : {0.0, 2.0, 60.0, 250.0, 2'000.0})
        rows.push_back({"", {reports, factor, lamp, 0.01, 0, 0.02}});
    }
  }
  return rows;
}

TEST(DayNight, NoCameraFilterOrLampIsTakenForDawnAndDawnComes) {
  for (const auto& row : plants()) {
    SCOPED_TRACE(testing::Message() << "reports " << static_cast<int>(row.plant.reports) << ", filter factor "
                                    << row.plant.filter_factor << ", lamp " << row.plant.lamp_lux << " lx");
    Rig rig = at_night(with_filter_and_lamp(), row.plant);
    EXPECT_EQ(rig.changes_of_mode(), 1);
    rig.run(hours(6));
    EXPECT_EQ(rig.changes_of_mode(), 1) << rig.why();
    rig.run_until([&] { return rig.full_night(); }, minutes(1));
    EXPECT_LE(rig.lamp_outs(), 64);
    rig.fade(800, minutes(40));
    // Luma alone cannot tell how bright it is behind a filter that keeps out so much: it tries early, and once more.
    const bool early = row.plant.reports == Reports::kLumaAlone && row.plant.filter_factor > 3;
    rig.run(early ? minutes(70) : minutes(5));
    EXPECT_TRUE(rig.full_day()) << rig.why();
    EXPECT_LE(rig.changes_of_mode(), early ? 4 : 2);
  }
}

TEST(DayNight, ALampOf841TimesTheDarknessIsNoDawnAndGoesOutOnlyToLook) {
  PlantOptions plant;
  plant.lamp_lux = 841 * 0.3;  // of the least that the sensor measures
  Rig rig = at_night(with_filter_and_lamp(), plant);
  const int before = rig.lamp_outs();
  rig.run(hours(8));
  EXPECT_TRUE(rig.full_night());
  EXPECT_EQ(rig.changes_of_mode(), 1);
  EXPECT_EQ(rig.movements(), 2);
  EXPECT_LE(rig.lamp_outs() - before, 20);
}

TEST(DayNight, AfterARestartAtMidnightDawnIsFoundWithAFilterThatWasNeverMeasured) {
  for (const double factor : {1.2, 3.0, 8.0}) {
    SCOPED_TRACE(factor);
    PlantOptions plant;
    plant.filter_factor = factor;
    Rig rig(with_filter_and_lamp(), plant);
    rig.scene.daylight_lux = 0.01;
    rig.run(hours(2));
    rig.fade(800, minutes(40));
    rig.run(minutes(2));
    EXPECT_TRUE(rig.full_day()) << rig.why();
    EXPECT_EQ(rig.changes_of_mode(), 2);
  }
}

TEST(DayNight, ATorchOrHeadlightsAreNotDay) {
  for (const auto shines : {seconds(3), seconds(20), seconds(45)}) {
    for (const double lux : {30.0, 500.0, 20'000.0}) {
      SCOPED_TRACE(testing::Message() << shines.count() << " s of " << lux << " lx");
      auto options = with_filter_and_lamp();
      options.day_delay = seconds(5);  // an impatient owner
      Rig rig = at_night(options);
      const int looks = rig.lamp_outs();
      rig.scene.other_lux = lux;
      rig.run(shines);
      rig.scene.other_lux = 0;
      rig.run(minutes(5));
      EXPECT_TRUE(rig.full_night()) << rig.why();
      EXPECT_EQ(rig.changes_of_mode(), 1);
      EXPECT_EQ(rig.lamp_outs(), looks);
    }
  }
}

TEST(DayNight, AHandBeforeTheLensOrABirdInTheHoleIsNotNight) {
  for (const double passes : {0.0, 0.001, 0.2}) {
    SCOPED_TRACE(passes);
    Rig rig = at_day();
    rig.scene.daylight_lux = 20;
    rig.run(minutes(3));
    rig.scene.blocked = passes;
    rig.run(seconds(40));
    rig.scene.blocked = 1;
    rig.run(minutes(3));
    EXPECT_TRUE(rig.full_day()) << rig.why();
    EXPECT_EQ(rig.changes_of_mode(), 0);
  }
}

TEST(DayNight, AnAnimalCloseToTheLampCostsALookAndIsThenKnown) {
  Rig rig = at_night();
  const int looks = rig.lamp_outs();
  rig.scene.reflection = 4;
  rig.run(minutes(50));
  EXPECT_EQ(rig.changes_of_mode(), 1);
  EXPECT_TRUE(rig.full_night()) << rig.why();
  EXPECT_GE(rig.lamp_outs(), looks + 1);
  EXPECT_LE(rig.lamp_outs(), looks + 2);
  EXPECT_THAT(rig.why(), HasSubstr("without the lamp"));
  rig.scene.reflection = 1;
  rig.run(minutes(10));
  rig.fade(800, minutes(40));
  rig.run(minutes(5));
  EXPECT_TRUE(rig.full_day()) << rig.why();
}

TEST(DayNight, DuskDuringAVisitWaitsForItsEnd) {
  Rig rig = at_day();
  rig.scene.daylight_lux = 3;
  rig.visiting = true;
  rig.run(minutes(5));
  EXPECT_TRUE(rig.full_day());
  EXPECT_THAT(rig.why(), HasSubstr("waits for the visit to end"));
  EXPECT_THAT(rig.why(), HasSubstr("for 4 min"));
  rig.visiting = false;
  EXPECT_LE(rig.run_until([&] { return rig.full_night(); }, minutes(1)), seconds(30));
}

TEST(DayNight, AVisitWithoutEndIsWaitedForAQuarterOfAnHour) {
  Rig rig = at_day();
  rig.scene.daylight_lux = 3;
  rig.visiting = true;
  const auto took = rig.run_until([&] { return rig.night(); }, minutes(30));
  EXPECT_GE(took, DayNightController::kLongestWaitForVisit);
  EXPECT_LE(took, DayNightController::kLongestWaitForVisit + minutes(2));
}

TEST(DayNight, DawnDuringAVisitWithoutEndWaitsForItOnce) {
  Rig rig = at_night();
  rig.visiting = true;
  rig.fade(800, minutes(10));
  const auto took = rig.run_until([&] { return rig.full_day(); }, minutes(40));
  EXPECT_GE(took, minutes(10));
  EXPECT_LE(took, DayNightController::kLongestWaitForVisit + minutes(2));
}

TEST(DayNight, APictureThatWouldBeLostIsNotWaitedFor) {
  Rig rig = at_day();
  rig.visiting = true;
  rig.scene.daylight_lux = 0;
  EXPECT_LE(rig.run_until([&] { return rig.night(); }, minutes(30)), minutes(2));
}

TEST(DayNight, DuringAVisitTheLampDoesNotGoOutToLook) {
  PlantOptions drowning;
  drowning.lamp_lux = 5'000;
  Rig rig = at_night(with_filter_and_lamp(), drowning);
  rig.visiting = true;
  const int looks = rig.lamp_outs();
  rig.run(hours(3));
  EXPECT_EQ(rig.lamp_outs(), looks);
  rig.visiting = false;
  rig.run(minutes(1));
  EXPECT_GT(rig.lamp_outs(), looks);
}

TEST(DayNight, BetweenTwoSwitchesLiesAMinute) {
  auto options = with_filter_and_lamp();
  options.night_delay = options.day_delay = seconds(0);
  Rig rig = at_day(options);
  rig.scene.daylight_lux = 1;
  rig.run_until([&] { return rig.night(); }, minutes(2));
  const auto night = rig.now();
  rig.scene.daylight_lux = 10'000;
  rig.run_until([&] { return rig.day(); }, minutes(90));
  EXPECT_GE(rig.now() - night, seconds(60));
}

TEST(DayNight, AtMostTwoSwitchesAnHour) {
  for (const double high : {40.0, 1'000.0, 50'000.0}) {
    SCOPED_TRACE(high);
    Rig rig = at_day();
    rig.run(hours(2));
    std::vector<BootTime> switches;
    bool night = false;
    for (int n = 0; n < 60; ++n) {
      rig.scene.daylight_lux = n % 2 ? high : 3;
      const auto end = rig.now() + minutes(4);
      while (rig.now() < end) {
        rig.step(milliseconds(500));
        if (rig.night() != night) switches.push_back(rig.now());
        night = rig.night();
      }
    }
    for (std::size_t n = 2; n < switches.size(); ++n) EXPECT_GE(switches[n] - switches[n - 2], hours(1) - seconds(10));
    EXPECT_GE(switches.size(), 3U);
  }
}

TEST(DayNight, WithItsBudgetUsedUpTheFilterStaysOutOfThePathAndTheLampFollowsTheLight) {
  auto options = with_filter_and_lamp();
  options.max_switches_per_day = 3;  // one of them is the first
  Rig rig = at_day(options);
  rig.fade(0.01, minutes(40));
  EXPECT_TRUE(rig.full_night());
  rig.run(hours(2));
  rig.fade(800, minutes(40));
  rig.run(hours(1));
  EXPECT_EQ(rig.movements(), 2);
  EXPECT_TRUE(rig.night());
  EXPECT_FALSE(rig.decision().lamp);
  EXPECT_THAT(rig.why(), HasSubstr("max_switches_per_day is 3"));
  EXPECT_THAT(rig.why(), HasSubstr("out of the path"));
  rig.fade(0.01, minutes(40));
  EXPECT_TRUE(rig.full_night()) << rig.why();
  rig.run(hours(2));
  rig.fade(800, minutes(40));
  rig.run_until([&] { return rig.full_day(); }, hours(24));
  EXPECT_EQ(rig.movements(), 3);
}

TEST(DayNight, WithoutAnyLightItGoesByLineThenSunThenStays) {
  Rig nothing;
  nothing.camera_works = false;
  nothing.run(hours(1));
  EXPECT_EQ(nothing.movements(), 0);
  EXPECT_THAT(nothing.why(), HasSubstr("stays as it is"));

  Rig sun;
  sun.camera_works = false;
  sun.sun = false;
  sun.run(minutes(2));
  EXPECT_TRUE(sun.full_night());
  EXPECT_THAT(sun.why(), HasSubstr("the sun says night"));
  sun.sun = true;
  sun.run(minutes(2));
  EXPECT_TRUE(sun.full_day());

  Rig line;
  line.camera_works = false;
  line.sun = true;
  line.line = false;
  line.run(minutes(2));
  EXPECT_TRUE(line.full_night());
  EXPECT_THAT(line.why(), HasSubstr("line says night"));
}

TEST(DayNight, ACameraThatFailsLeavesTheModeAndComesBackToTheLight) {
  Rig rig = at_day();
  rig.camera_works = false;
  rig.run(hours(1));
  EXPECT_TRUE(rig.full_day());
  EXPECT_THAT(rig.why(), HasSubstr("no picture for"));
  rig.scene.daylight_lux = 0.1;
  rig.camera_works = true;
  rig.run(minutes(3));
  EXPECT_TRUE(rig.full_night()) << rig.why();
  rig.camera_works = false;
  rig.sun = true;
  rig.run(minutes(3));
  EXPECT_TRUE(rig.full_day()) << rig.why();
}

TEST(DayNight, ACameraThatFailsAtAnyMomentOfASwitchHoldsNothingUp) {
  for (int tenths = 0; tenths < 400; tenths += 7) {
    Rig rig = at_day();
    rig.scene.daylight_lux = 0.1;
    rig.run(seconds(55) + milliseconds(100) * tenths);
    rig.camera_works = false;
    rig.run(minutes(1));
    EXPECT_FALSE(rig.decision().switching);
    rig.camera_works = true;
    rig.run(minutes(3));
    EXPECT_TRUE(rig.full_night()) << rig.why();
    rig.scene.daylight_lux = 5'000;
    rig.run_until([&] { return rig.full_day(); }, minutes(90));
  }
}

TEST(DayNight, SunAndLineAreFollowedWhateverTheLight) {
  for (const auto mode : {DayNightMode::kSun, DayNightMode::kLine}) {
    Rig rig(with_filter_and_lamp(mode));
    auto& says = mode == DayNightMode::kSun ? rig.sun : rig.line;
    rig.scene.daylight_lux = 800;
    says = false;
    rig.run(minutes(1));
    EXPECT_TRUE(rig.full_night());
    EXPECT_THAT(rig.why(), HasSubstr("says night"));
    rig.run(minutes(2));
    says = true;
    rig.run(minutes(1));
    EXPECT_TRUE(rig.full_day());
    EXPECT_THAT(rig.why(), HasSubstr("says day"));
  }
}

TEST(DayNight, ALineThatChattersSwitchesTwiceAnHour) {
  Rig rig(with_filter_and_lamp(DayNightMode::kLine));
  rig.scene.daylight_lux = 10;
  for (int n = 0; n < 3'600; ++n) {
    rig.line = n % 20 < 10;
    rig.run(seconds(1));
  }
  EXPECT_LE(rig.changes_of_mode(), 3);  // the first, and two more
  EXPECT_GE(rig.changes_of_mode(), 2);
}

TEST(DayNight, WithoutItsLineOrSunItGoesByTheLight) {
  for (const auto mode : {DayNightMode::kSun, DayNightMode::kLine}) {
    Rig rig(with_filter_and_lamp(mode));
    rig.scene.daylight_lux = 0.1;
    rig.run(minutes(2));
    EXPECT_TRUE(rig.full_night()) << rig.why();
  }
}

TEST(DayNight, AnOwnersWordWaitsForNothing) {
  Rig rig = at_day();
  rig.visiting = true;
  rig.controller().apply(with_filter_and_lamp(DayNightMode::kNight));
  EXPECT_LE(rig.run_until([&] { return rig.full_night(); }, minutes(1)), seconds(20));
  rig.controller().apply(with_filter_and_lamp(DayNightMode::kDay));
  EXPECT_LE(rig.run_until([&] { return rig.full_day(); }, minutes(1)), seconds(20));
}

TEST(DayNight, EveryModeCanBeChosenAtAnyMomentAndLeft) {
  const DayNightMode modes[] = {DayNightMode::kAuto, DayNightMode::kDay, DayNightMode::kNight, DayNightMode::kSun,
                                DayNightMode::kLine};
  test::Chance chance(7);
  Rig rig = at_day();
  rig.sun = true;
  rig.line = true;
  for (int n = 0; n < 2'000; ++n) {
    auto options = with_filter_and_lamp(modes[static_cast<int>(chance.between(0, 5))]);
    if (chance.uniform() < 0.2) options.lamp.type = LampOptions::Type::kNone;
    if (chance.uniform() < 0.2) options.ir_cut.type = IrCutOptions::Type::kNone;
    options.max_switches_per_day = 10'000;
    if (chance.uniform() < 0.3) rig.scene.daylight_lux = std::pow(10, chance.between(-2, 4));
    if (chance.uniform() < 0.2) rig.sun = chance.uniform() < 0.5;
    if (chance.uniform() < 0.2) rig.line = chance.uniform() < 0.5;
    rig.visiting = chance.uniform() < 0.2;
    rig.camera_works = chance.uniform() < 0.9;
    rig.controller().apply(options);
    rig.run(milliseconds(static_cast<int>(chance.between(500, 15'000))));
  }
  rig.camera_works = true;
  rig.visiting = false;
  auto last = with_filter_and_lamp();
  last.max_switches_per_day = 10'000;
  rig.controller().apply(last);
  rig.scene.daylight_lux = 0.01;
  rig.run_until([&] { return rig.full_night(); }, hours(2));
  rig.scene.daylight_lux = 5'000;
  rig.run_until([&] { return rig.full_day(); }, hours(2));
}

TEST(DayNight, WithoutAFilterTheLampAloneFollowsTheLight) {
  auto options = with_filter_and_lamp();
  options.ir_cut.type = IrCutOptions::Type::kNone;
  PlantOptions plant;
  plant.filter_factor = 1;
  Rig rig(options, plant);
  rig.scene.daylight_lux = 800;
  rig.run(minutes(2));
  EXPECT_TRUE(rig.day());
  EXPECT_EQ(rig.decision().filter, FilterPosition::kUnknown);
  rig.fade(0.01, minutes(40));
  EXPECT_TRUE(rig.decision().lamp);
  rig.run(hours(5));
  rig.fade(800, minutes(40));
  EXPECT_TRUE(rig.day());
  EXPECT_EQ(rig.changes_of_mode(), 2);
}

TEST(DayNight, WithoutFilterAndLampTheCameraFollowsTheLight) {
  DayNightOptions options;
  PlantOptions plant;
  plant.filter_factor = 1;
  Rig rig(options, plant);
  rig.scene.daylight_lux = 0.01;
  rig.run(minutes(2));
  EXPECT_TRUE(rig.night());
  rig.fade(800, minutes(40));
  EXPECT_TRUE(rig.day());
}

TEST(DayNight, AnotherFilterIsMovedOnceToWhereItBelongs) {
  Rig rig = at_day();
  auto options = with_filter_and_lamp();
  options.ir_cut.line_a = "17";
  rig.controller().apply(options);
  rig.run(milliseconds(500));
  rig.run(minutes(1));
  EXPECT_TRUE(rig.full_day());
  options.ir_cut.type = IrCutOptions::Type::kNone;
  rig.controller().apply(options);
  rig.run(minutes(1));
  EXPECT_EQ(rig.decision().filter, FilterPosition::kUnknown);
}

TEST(DayNight, ChangesAreAnnouncedAndSettleWithinSeconds) {
  Rig rig = at_day();
  rig.controller().apply(with_filter_and_lamp(DayNightMode::kNight));
  std::vector<std::pair<bool, int>> spans;  // switching, steps of half a second
  for (int n = 0; n < 80; ++n) {
    rig.step(milliseconds(500));
    if (spans.empty() || spans.back().first != rig.decision().switching) spans.push_back({rig.decision().switching, 0});
    ++spans.back().second;
  }
  ASSERT_EQ(spans.size(), 4U) << "the filter, a pause, the lamp, rest";
  for (const std::size_t each : {0U, 2U}) {
    EXPECT_TRUE(spans[each].first);
    EXPECT_GE(spans[each].second, 4);
    EXPECT_LE(spans[each].second, 18);
  }
}

/// A camera that tells no exposure, and a lamp that does not shine or a lens that was covered: what is bright later is
/// no lamp, and is looked at at once.
TEST(DayNight, ALampThatLeavesThePictureBlackHidesNoDay) {
  DayNightOptions options;
  options.lamp.type = LampOptions::Type::kLevel;
  options.ir_cut.type = IrCutOptions::Type::kCoil;
  DayNightController controller(options);
  DayNightController::Decision decision;
  auto run = [&, now = BootTime(std::chrono::hours(1))](double luma, std::chrono::seconds span) mutable {
    for (const auto end = now + span; now < end; now += std::chrono::milliseconds(250)) {
      LightSample sample;
      sample.at = now;
      sample.luma = luma;
      decision = controller.update({now, sample, {}, {}, false});
    }
  };
  run(0, std::chrono::seconds(30));
  EXPECT_EQ(decision.mode, DayNight::kNight);
  EXPECT_TRUE(decision.lamp);
  run(0.36, std::chrono::minutes(3));
  EXPECT_EQ(decision.mode, DayNight::kDay) << decision.why;
  EXPECT_FALSE(decision.lamp);
}

TEST(DayNight, TimeThatGoesBackStandsStill) {
  DayNightController controller(with_filter_and_lamp(DayNightMode::kNight));
  DayNightController::Inputs in;
  in.now = BootTime(hours(2));
  controller.update(in);
  in.now = BootTime(hours(1));
  const auto decision = controller.update(in);
  EXPECT_TRUE(decision.switching);
  ASSERT_TRUE(decision.next);
  EXPECT_GE(*decision.next, BootTime(hours(2)));
}

}  // namespace
}  // namespace nestbox
