#include "nestbox/rules/actuators.h"

#include <gtest/gtest.h>

namespace nestbox {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr BootTime kStart{hours(1)};
constexpr CoilPulse::Levels kIn{true, false}, kOut{false, true}, kRest{false, false};

TEST(CoilPulse, IsOnePulseAndNothingIsHeld) {
  CoilPulse coil(milliseconds(200));
  EXPECT_EQ(coil.levels(kStart), kRest);
  EXPECT_FALSE(coil.next(kStart));
  coil.move(FilterPosition::kInPath, kStart);
  EXPECT_EQ(coil.levels(kStart), kIn);
  EXPECT_EQ(coil.next(kStart), kStart + milliseconds(200));
  EXPECT_EQ(coil.levels(kStart + milliseconds(199)), kIn);
  EXPECT_EQ(coil.levels(kStart + milliseconds(200)), kRest);
  EXPECT_FALSE(coil.next(kStart + milliseconds(200)));
}

TEST(CoilPulse, AskingAgainIsNoSecondPulse) {
  CoilPulse coil(milliseconds(200));
  coil.move(FilterPosition::kOutOfPath, kStart);
  coil.move(FilterPosition::kOutOfPath, kStart + milliseconds(150));
  EXPECT_EQ(coil.levels(kStart + milliseconds(200)), kRest);
  coil.move(FilterPosition::kOutOfPath, kStart + seconds(5));
  EXPECT_EQ(coil.levels(kStart + seconds(5)), kRest);
}

TEST(CoilPulse, TheOtherWayWaitsForTheEndAndARest) {
  CoilPulse coil(milliseconds(200));
  coil.move(FilterPosition::kInPath, kStart);
  coil.move(FilterPosition::kOutOfPath, kStart + milliseconds(50));
  EXPECT_EQ(coil.levels(kStart + milliseconds(199)), kIn);
  EXPECT_EQ(coil.levels(kStart + milliseconds(200)), kRest);
  EXPECT_EQ(coil.next(kStart + milliseconds(200)), kStart + milliseconds(400));
  EXPECT_EQ(coil.levels(kStart + milliseconds(399)), kRest);
  EXPECT_EQ(coil.levels(kStart + milliseconds(400)), kOut);
  EXPECT_EQ(coil.levels(kStart + milliseconds(600)), kRest);
}

TEST(CoilPulse, ThereAndBackDuringAPulseIsOnePulse) {
  CoilPulse coil(milliseconds(200));
  coil.move(FilterPosition::kInPath, kStart);
  coil.move(FilterPosition::kOutOfPath, kStart + milliseconds(50));
  coil.move(FilterPosition::kInPath, kStart + milliseconds(100));
  EXPECT_EQ(coil.levels(kStart + milliseconds(200)), kRest);
  EXPECT_FALSE(coil.next(kStart + milliseconds(200)));
  EXPECT_EQ(coil.levels(kStart + seconds(1)), kRest);
}

TEST(CoilPulse, UnknownEndsThePulseAndForgetsThePosition) {
  CoilPulse coil(milliseconds(200));
  coil.move(FilterPosition::kInPath, kStart);
  coil.move(FilterPosition::kUnknown, kStart + milliseconds(100));
  EXPECT_EQ(coil.levels(kStart + milliseconds(100)), kRest);
  coil.move(FilterPosition::kInPath, kStart + milliseconds(150));
  EXPECT_EQ(coil.levels(kStart + milliseconds(150)), kRest);
  EXPECT_EQ(coil.levels(kStart + milliseconds(300)), kIn);
}

TEST(CoilPulse, NeverBothWhateverIsAskedAndNeverLongerThanThePulse) {
  CoilPulse coil(milliseconds(200));
  std::uint32_t chance = 1;
  BootTime since{};
  CoilPulse::Levels before;
  for (auto now = kStart; now < kStart + seconds(200); now += milliseconds(10)) {
    chance = chance * 1664525 + 1013904223;
    if ((chance >> 24) < 40) coil.move(static_cast<FilterPosition>((chance >> 16) % 3), now);
    const auto levels = coil.levels(now);
    ASSERT_FALSE(levels.a && levels.b);
    ASSERT_FALSE((before.a && levels.b) || (before.b && levels.a)) << "no rest between the directions";
    if (levels != before) since = now;
    if (levels != kRest) {
      ASSERT_LT(now - since, milliseconds(200));
    }
    before = levels;
  }
}

LampOptions pwm(double min, double max) {
  LampOptions options;
  options.type = LampOptions::Type::kPwm;
  options.min = min;
  options.max = max;
  options.ramp = seconds(4);
  return options;
}

TEST(LampRamp, GoesFromTheFaintestToTheCeilingAndBackToDark) {
  LampRamp lamp(pwm(0.2, 0.8));
  EXPECT_EQ(lamp.strength(kStart), 0);
  EXPECT_FALSE(lamp.next(kStart));
  lamp.go_to(LampRamp::Lamp::kOn, kStart);
  EXPECT_EQ(lamp.next(kStart), kStart + milliseconds(50));
  EXPECT_NEAR(lamp.strength(kStart + milliseconds(1)), 0.2, 0.001);
  EXPECT_NEAR(lamp.strength(kStart + seconds(2)), 0.5, 0.001);
  EXPECT_NEAR(lamp.strength(kStart + seconds(4)), 0.8, 1e-9);
  EXPECT_FALSE(lamp.next(kStart + seconds(4)));
  EXPECT_NEAR(lamp.strength(kStart + hours(9)), 0.8, 1e-9);
  lamp.go_to(LampRamp::Lamp::kOff, kStart + hours(9));
  EXPECT_NEAR(lamp.strength(kStart + hours(9) + seconds(3)), 0.35, 0.001);
  EXPECT_EQ(lamp.strength(kStart + hours(9) + seconds(4)), 0);
}

TEST(LampRamp, TurnsRoundOnItsWay) {
  LampRamp lamp(pwm(0, 1));
  lamp.go_to(LampRamp::Lamp::kOn, kStart);
  lamp.go_to(LampRamp::Lamp::kOff, kStart + seconds(2));
  EXPECT_NEAR(lamp.strength(kStart + seconds(2)), 0.5, 1e-9);
  EXPECT_NEAR(lamp.strength(kStart + seconds(3)), 0.25, 1e-9);
  EXPECT_EQ(lamp.strength(kStart + seconds(4)), 0);
}

TEST(LampRamp, KeepsItsHeightWhenTheCeilingIsLowered) {
  LampRamp lamp(pwm(0, 1));
  lamp.go_to(LampRamp::Lamp::kOn, kStart);
  lamp.apply(pwm(0, 0.5), kStart + seconds(2));
  EXPECT_NEAR(lamp.strength(kStart + seconds(2)), 0.25, 1e-9);
  EXPECT_NEAR(lamp.strength(kStart + seconds(4)), 0.5, 1e-9);
}

TEST(LampRamp, ALampThatKnowsOnlyOnAndOffJumps) {
  LampOptions options;
  options.type = LampOptions::Type::kLevel;
  LampRamp lamp(options);
  lamp.go_to(LampRamp::Lamp::kOn, kStart);
  EXPECT_EQ(lamp.strength(kStart), 1);
  EXPECT_FALSE(lamp.next(kStart));
  options.type = LampOptions::Type::kNone;
  lamp.apply(options, kStart + seconds(1));
  EXPECT_EQ(lamp.strength(kStart + seconds(1)), 0);
}

}  // namespace
}  // namespace nestbox
