#include "nestbox/rules/line_inputs.h"

#include <gmock/gmock.h>

namespace nestbox {
namespace {

using namespace std::chrono_literals;
using Press = PressReader::Press;

BootTime moment(std::chrono::milliseconds since_start) {
  return BootTime(1h) + since_start;
}
SignalChange active(std::chrono::milliseconds at) {
  return {Signal::kActive, moment(at)};
}
SignalChange idle(std::chrono::milliseconds at) {
  return {Signal::kIdle, moment(at)};
}

TEST(PresenceHold, HoldsFromTheFirstSignToTheLast) {
  PresenceHold hold(5s);
  EXPECT_EQ(hold.see(active(0s)), active(0s));
  EXPECT_EQ(hold.see(idle(2s)), std::nullopt);
  EXPECT_EQ(hold.tick(moment(6s)), std::nullopt);
  EXPECT_EQ(hold.see(active(6500ms)), std::nullopt) << "still there";
  EXPECT_EQ(hold.next(), std::nullopt) << "as long as the sensor says so";
  EXPECT_EQ(hold.see(idle(8s)), std::nullopt);
  EXPECT_EQ(hold.next(), moment(13s));
  EXPECT_EQ(hold.tick(moment(13s)), idle(13s));
  EXPECT_EQ(hold.tick(moment(60s)), std::nullopt);
  EXPECT_EQ(hold.see(active(61s)), active(61s));
}

TEST(PresenceHold, EndsWhenItIsDueHoweverLateItIsAsked) {
  PresenceHold hold(5s);
  hold.see(active(0s));
  hold.see(idle(1s));
  EXPECT_EQ(hold.tick(moment(90s)), idle(6s));
}

TEST(PresenceHold, ForgetsASensorThatIsGone) {
  PresenceHold hold(5s);
  EXPECT_EQ(hold.forget(moment(1s)), std::nullopt);
  hold.see(active(2s));
  EXPECT_EQ(hold.forget(moment(3s)), idle(3s));
  EXPECT_EQ(hold.next(), std::nullopt);
  EXPECT_EQ(hold.see(idle(4s)), std::nullopt) << "of a presence that is over";
}

TEST(PressReader, WithoutALongPressCountsAtOnce) {
  PressReader button(PressReader::Long::kNotWanted);
  EXPECT_EQ(button.see(active(0s)), Press::kShort);
  EXPECT_EQ(button.next(), std::nullopt);
  EXPECT_EQ(button.see(idle(10s)), std::nullopt);
  EXPECT_EQ(button.see(active(11s)), Press::kShort);
}

TEST(PressReader, TellsShortFromLong) {
  PressReader button(PressReader::Long::kWanted);
  EXPECT_EQ(button.see(active(0s)), std::nullopt);
  EXPECT_EQ(button.see(idle(2999ms)), Press::kShort);

  EXPECT_EQ(button.see(active(10s)), std::nullopt);
  EXPECT_EQ(button.tick(moment(12s)), std::nullopt);
  EXPECT_EQ(button.next(), moment(13s));
  EXPECT_EQ(button.tick(moment(13s)), Press::kLong) << "with the finger still on it";
  EXPECT_EQ(button.see(idle(14s)), std::nullopt) << "once";
  EXPECT_EQ(button.tick(moment(20s)), std::nullopt);

  EXPECT_EQ(button.see(active(30s)), std::nullopt);
  EXPECT_EQ(button.see(idle(34s)), Press::kLong) << "even where nobody ticked";
}

TEST(PressReader, AReleaseThatNobodyPressedIsNothing) {
  PressReader button(PressReader::Long::kWanted);
  EXPECT_EQ(button.see(idle(1s)), std::nullopt);
}

TEST(StuckWatch, SaysSoEveryTenMinutes) {
  StuckWatch watch(30s);
  EXPECT_FALSE(watch.stuck(moment(1h)));
  watch.see(active(0s));
  EXPECT_EQ(watch.next(moment(1s)), moment(30s));
  EXPECT_FALSE(watch.due_to_say(moment(29s)));
  EXPECT_TRUE(watch.due_to_say(moment(30s)));
  EXPECT_FALSE(watch.due_to_say(moment(31s)));
  EXPECT_TRUE(watch.stuck(moment(31s)));
  EXPECT_EQ(watch.next(moment(31s)), moment(30s + 10min));
  int said = 0;
  for (auto at = 32000ms; at < 2h; at += 1s) said += watch.due_to_say(moment(at)) ? 1 : 0;
  EXPECT_EQ(said, 11);
  watch.see(idle(2h));
  EXPECT_FALSE(watch.stuck(moment(3h)));
  EXPECT_EQ(watch.next(moment(3h)), std::nullopt);
  watch.see(active(4h));
  EXPECT_TRUE(watch.due_to_say(moment(4h + 30s))) << "a new fault is said at once";
}

TEST(StuckWatch, SomeInputsNeverAre) {
  StuckWatch watch(0s);
  watch.see(active(0s));
  EXPECT_FALSE(watch.stuck(moment(24h)));
  EXPECT_EQ(watch.next(moment(0s)), std::nullopt);
}

TEST(LightPatterns, BlinkByTheClockAndTellTheirNextChange) {
  EXPECT_EQ(pattern_level(LightPattern::kLit, moment(0s)), Signal::kActive);
  EXPECT_EQ(pattern_level(LightPattern::kDark, moment(0s)), Signal::kIdle);
  EXPECT_EQ(pattern_next(LightPattern::kLit, moment(0s)), std::nullopt);
  for (const auto pattern : {LightPattern::kSlowBlink, LightPattern::kFastBlink}) {
    auto now = moment(123ms);
    const auto begin = now;
    auto level = pattern_level(pattern, now);
    for (int changes = 0; changes < 20; ++changes) {
      const auto next = pattern_next(pattern, now).value();
      EXPECT_EQ(pattern_level(pattern, next - 1ns), level);
      EXPECT_NE(pattern_level(pattern, next), level);
      level = pattern_level(pattern, next);
      now = next;
    }
    EXPECT_GT(now - begin, 19 * (pattern == LightPattern::kSlowBlink ? 1000ms : 200ms));
  }
}

}  // namespace
}  // namespace nestbox
