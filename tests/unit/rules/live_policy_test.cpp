#include "nestbox/rules/live_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/rules/simple_sun.h"

namespace nestbox {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr OnAir kOff = OnAir::kOff, kSlate = OnAir::kSlate, kLive = OnAir::kLive;

LiveWhen when(std::string_view words) {
  const auto has = [&](std::string_view word) { return words.find(word) != std::string_view::npos; };
  return {has("always"), has("manual"), has("schedule"), has("visit"), has("button")};
}

LiveOptions options(std::string_view words, Idle idle = Idle::kSlate, std::vector<const char*> names = {"youtube"}) {
  LiveOptions live;
  live.when = when(words);
  live.idle = idle;
  live.schedule = {{10h, 12h}, {22h, 1h}};
  for (const char* name : names) {
    OutputOptions output;
    output.name = name;
    live.outputs.push_back(output);
  }
  return live;
}

/// Days in London, told as times of day from 2026-05-01 on; the boot clock runs along.
class Day {
 public:
  explicit Day(LiveOptions live) : policy_(std::move(live), zone(), {}) {}
  static TimeZone zone() { return TimeZone::find("Europe/London").value(); }

  static LivePolicy::Inputs inputs(std::chrono::nanoseconds since_midnight) {
    LocalTime midnight;
    midnight.year = 2026;
    midnight.month = 5;
    return {BootTime(1h + since_midnight), zone().to_wall(midnight) + since_midnight};
  }
  LivePolicy::Decision decide(std::chrono::nanoseconds time) { return policy_.decide(inputs(time)); }
  OnAir at(std::chrono::nanoseconds time) { return decide(time).outputs.at(0); }
  Result<void> start(std::chrono::nanoseconds time, std::string_view output = "") {
    return policy_.start(output, inputs(time));
  }
  Result<void> stop(std::chrono::nanoseconds time, std::string_view output = "") {
    return policy_.stop(output, inputs(time));
  }
  Result<LivePolicy::Pressed> press(std::chrono::nanoseconds time) { return policy_.press(inputs(time)); }
  LivePolicy& policy() { return policy_; }

 private:
  LivePolicy policy_;
};

/// What happens in a day, and what is on air just after.
struct Step {
  std::chrono::seconds time;
  enum { kLook, kTurnOn, kTurnOff } action;
  OnAir then;
};
struct TableDay {
  const char* what;
  const char* when;
  Idle idle;
  std::vector<Step> steps;
};

TEST(LivePolicy, TableOfDays) {
  using S = Step;
  const TableDay days[] = {
      {"never", "never", Idle::kSlate, {{9h, S::kLook, kOff}, {11h, S::kLook, kOff}, {11h, S::kTurnOff, kOff}}},
      {"always", "always", Idle::kSlate, {{0h, S::kLook, kLive}, {20h, S::kLook, kLive}}},
      {"always, stopped until started",
       "always",
       Idle::kSlate,
       {{1h, S::kLook, kLive}, {2h, S::kTurnOff, kSlate}, {72h, S::kLook, kSlate}, {73h, S::kTurnOn, kLive}}},
      {"always, stopped without a slate",
       "always",
       Idle::kOff,
       {{1h, S::kLook, kLive}, {1h + 1s, S::kTurnOff, kOff}, {72h, S::kLook, kOff}, {73h, S::kTurnOn, kLive}}},
      {"by hand",
       "manual",
       Idle::kOff,
       {{0h, S::kLook, kOff}, {9h, S::kTurnOn, kLive}, {72h, S::kLook, kLive}, {73h, S::kTurnOff, kOff}}},
      {"by hand, with a slate from the first moment",
       "manual",
       Idle::kSlate,
       {{0h, S::kLook, kSlate}, {9h, S::kTurnOn, kLive}, {72h, S::kLook, kLive}, {73h, S::kTurnOff, kSlate}}},
      {"by the clock",
       "schedule",
       Idle::kSlate,
       {{9h + 59min + 59s, S::kLook, kSlate},
        {10h, S::kLook, kLive},
        {12h - 1s, S::kLook, kLive},
        {12h, S::kLook, kSlate},
        {22h, S::kLook, kLive},
        {24h, S::kLook, kLive},
        {25h, S::kLook, kSlate}}},
      {"by the clock, off between",
       "schedule",
       Idle::kOff,
       {{9h, S::kLook, kOff}, {10h, S::kLook, kLive}, {12h, S::kLook, kOff}, {22h, S::kLook, kLive}}},
      {"stopped within a span, until its end",
       "schedule",
       Idle::kSlate,
       {{10h, S::kLook, kLive},
        {11h, S::kTurnOff, kSlate},
        {12h - 1s, S::kLook, kSlate},
        {12h, S::kLook, kSlate},
        {22h, S::kLook, kLive}}},
      {"started before a span, ends with it",
       "schedule",
       Idle::kSlate,
       {{9h, S::kTurnOn, kLive}, {10h, S::kLook, kLive}, {12h - 1s, S::kLook, kLive}, {12h, S::kLook, kSlate}}},
      {"started within a span, ends with it",
       "schedule",
       Idle::kSlate,
       {{11h, S::kTurnOn, kLive}, {12h, S::kLook, kSlate}}},
      {"stopped before a span, comes with it",
       "schedule",
       Idle::kSlate,
       {{9h, S::kTurnOff, kSlate}, {9h + 30min, S::kLook, kSlate}, {10h, S::kLook, kLive}}},
      {"started after a span, until the next ends",
       "manual schedule",
       Idle::kOff,
       {{13h, S::kTurnOn, kLive}, {21h, S::kLook, kLive}, {22h, S::kLook, kLive}, {25h, S::kLook, kOff}}},
      {"always wins over the clock", "always schedule", Idle::kOff, {{9h, S::kLook, kLive}, {13h, S::kLook, kLive}}},
      {"the later command counts",
       "manual",
       Idle::kOff,
       {{1h, S::kTurnOn, kLive},
        {1h + 1s, S::kTurnOff, kOff},
        {1h + 2s, S::kTurnOn, kLive},
        {1h + 3s, S::kTurnOff, kOff}}},
  };
  for (const TableDay& day : days) {
    Day run(options(day.when, day.idle));
    for (const Step& step : day.steps) {
      if (step.action == Step::kTurnOn) {
        EXPECT_TRUE(run.start(step.time)) << day.what;
      }
      if (step.action == Step::kTurnOff) {
        EXPECT_TRUE(run.stop(step.time)) << day.what;
      }
      EXPECT_EQ(run.at(step.time), step.then) << day.what << ", at " << step.time.count() << " s";
    }
  }
}

TEST(LivePolicy, StaysOnAirForAWhileWithoutASlate) {
  LiveOptions live = options("schedule", Idle::kOff);
  live.schedule = {{10h, 10h + 30s}};
  live.min_on_air = 2min;
  Day day(live);
  EXPECT_EQ(day.at(10h), kLive);
  EXPECT_EQ(day.decide(10h + 30s).next_change_in, 90s);
  EXPECT_EQ(day.at(10h + 119s), kLive);
  EXPECT_EQ(day.at(10h + 2min), kOff);
  EXPECT_EQ(day.at(34h), kLive) << "counted anew the next day";
  EXPECT_EQ(day.at(34h + 119s), kLive);
  EXPECT_EQ(day.at(34h + 2min), kOff);
}

TEST(LivePolicy, ASlateNeedsNoMinimumOnAir) {
  LiveOptions live = options("schedule", Idle::kSlate);
  live.schedule = {{10h, 10h + 30s}};
  Day day(live);
  EXPECT_EQ(day.at(10h), kLive);
  EXPECT_EQ(day.at(10h + 30s), kSlate);
}

TEST(LivePolicy, AStopByCommandDoesNotWait) {
  Day day(options("schedule", Idle::kOff));
  EXPECT_EQ(day.at(10h), kLive);
  ASSERT_TRUE(day.stop(10h + 1s));
  EXPECT_EQ(day.at(10h + 1s), kOff);
}

TEST(LivePolicy, AStartSecondsBeforeASpanEndsStillLastsItsMinimum) {
  Day day(options("schedule", Idle::kOff));
  EXPECT_EQ(day.at(9h), kOff);
  EXPECT_EQ(day.at(12h - 10s), kLive);
  EXPECT_EQ(day.at(12h), kLive);
  EXPECT_EQ(day.decide(12h).next_change_in, 110s);
  EXPECT_EQ(day.at(12h + 110s), kOff);
}

TEST(LivePolicy, SaysWhenToLookAgain) {
  Day by_clock(options("schedule"));
  EXPECT_EQ(by_clock.decide(9h).next_change_in, 1h);
  EXPECT_EQ(by_clock.decide(10h).next_change_in, 2h);
  EXPECT_EQ(by_clock.decide(12h + 1ms).next_change_in, 10h - 1ms);
  EXPECT_EQ(by_clock.decide(23h).next_change_in, 2h);
  for (const char* words : {"never", "always", "manual", "always schedule"}) {
    EXPECT_EQ(Day(options(words)).decide(9h).next_change_in, std::nullopt) << words;
  }
}

/// A caller that looks only when told to misses nothing: the same as one that looks each second.
TEST(LivePolicy, NobodyNeedsToPoll) {
  LiveOptions live = options("schedule", Idle::kOff);
  live.schedule = {{6h, 6h + 30s}, {7h, 9h}, {9h, 9h + 1min}, {23h, 23h + 10s}};
  Day told(live), polling(live);
  std::chrono::nanoseconds time = 0s;
  while (time < 48h) {
    const auto decision = told.decide(time);
    ASSERT_TRUE(decision.next_change_in);
    ASSERT_GT(*decision.next_change_in, 0s);
    const auto next = time + *decision.next_change_in;
    for (; time < std::min<std::chrono::nanoseconds>(next, 48h); time += 1s) {
      ASSERT_EQ(polling.at(time), decision.outputs.at(0)) << to_seconds(time);
    }
    time = next;
  }
}

TEST(LivePolicy, CommandsForOneOutputLeaveTheOthers) {
  Day day(options("manual", Idle::kOff, {"youtube", "owncast", "attic"}));
  ASSERT_TRUE(day.start(1h, "owncast"));
  EXPECT_THAT(day.decide(1h).outputs, ElementsAre(kOff, kLive, kOff));
  ASSERT_TRUE(day.start(2h));
  EXPECT_THAT(day.decide(2h).outputs, ElementsAre(kLive, kLive, kLive));
  ASSERT_TRUE(day.stop(3h, "youtube"));
  EXPECT_THAT(day.decide(3h).outputs, ElementsAre(kOff, kLive, kLive));
}

TEST(LivePolicy, ADisabledOutputIsOff) {
  LiveOptions live = options("always", Idle::kSlate, {"youtube", "owncast"});
  live.outputs[0].enabled = false;
  Day day(live);
  EXPECT_THAT(day.decide(1h).outputs, ElementsAre(kOff, kLive));
  EXPECT_TRUE(day.stop(2h));
  EXPECT_THAT(day.decide(2h).outputs, ElementsAre(kOff, kSlate));
  EXPECT_TRUE(day.start(3h));
  EXPECT_THAT(day.decide(3h).outputs, ElementsAre(kOff, kLive));
  const auto refused = day.start(3h, "youtube");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(refused.error().message, HasSubstr("\"youtube\" is disabled"));
}

TEST(LivePolicy, SaysWhyAStartIsRefused) {
  const auto refused = [](LiveOptions live, const char* name) {
    Day day(std::move(live));
    const auto result = day.start(1h, name);
    return result ? Error{} : result.error();
  };
  EXPECT_EQ(refused(options("never"), "").kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(refused(options("never"), "").message, HasSubstr("live.when is never"));
  EXPECT_EQ(refused(options("manual"), "twitch").kind, ErrorKind::kNotFound);
  EXPECT_THAT(refused(options("manual", Idle::kOff, {"youtube", "owncast"}), "twitch").message,
              HasSubstr("no output is called \"twitch\"; there is youtube, owncast"));
  EXPECT_THAT(refused(options("manual", Idle::kOff, {}), "").message, HasSubstr("there are no outputs"));
  LiveOptions all_disabled = options("manual");
  all_disabled.outputs[0].enabled = false;
  EXPECT_THAT(refused(all_disabled, "").message, HasSubstr("every output is disabled"));
}

TEST(LivePolicy, ARefusedCommandChangesNothing) {
  Day day(options("manual", Idle::kOff));
  EXPECT_FALSE(day.start(1h, "twitch"));
  EXPECT_EQ(day.at(1h), kOff);
  ASSERT_TRUE(day.start(2h));
  EXPECT_FALSE(day.stop(3h, "twitch"));
  EXPECT_EQ(day.at(3h), kLive);
}

TEST(LivePolicy, NewOptionsKeepCommandsByName) {
  Day day(options("manual", Idle::kOff, {"youtube", "owncast"}));
  ASSERT_TRUE(day.start(1h, "owncast"));
  EXPECT_THAT(day.decide(1h).outputs, ElementsAre(kOff, kLive));
  day.policy().apply(options("manual", Idle::kSlate, {"owncast", "attic", "youtube"}), Day::zone(), {});
  EXPECT_THAT(day.decide(2h).outputs, ElementsAre(kLive, kSlate, kSlate));
}

TEST(LivePolicy, WhatWasSwitchedOffDoesNotComeBackByItself) {
  Day day(options("manual", Idle::kOff));
  ASSERT_TRUE(day.start(1h));
  EXPECT_EQ(day.at(1h), kLive);
  day.policy().apply(options("never", Idle::kOff), Day::zone(), {});
  EXPECT_EQ(day.at(2h), kOff);
  day.policy().apply(options("manual", Idle::kOff), Day::zone(), {});
  EXPECT_EQ(day.at(3h), kOff);

  ASSERT_TRUE(day.start(4h));
  LiveOptions disabled = options("manual", Idle::kOff);
  disabled.outputs[0].enabled = false;
  day.policy().apply(disabled, Day::zone(), {});
  EXPECT_EQ(day.at(5h), kOff);
  day.policy().apply(options("manual", Idle::kOff), Day::zone(), {});
  EXPECT_EQ(day.at(6h), kOff);
}

TEST(LivePolicy, NewOptionsThatChangeTheAutomaticEndACommand) {
  Day day(options("manual", Idle::kOff));
  ASSERT_TRUE(day.stop(1h));
  EXPECT_EQ(day.at(1h), kOff);
  day.policy().apply(options("always", Idle::kOff), Day::zone(), {});
  EXPECT_EQ(day.at(2h), kLive);
}

/// A day with a visitor from 9 to 10 and from 14:00:00 to 14:00:30.
class Visited {
 public:
  explicit Visited(LiveOptions live) : policy_(std::move(live), Day::zone(), {}) {}
  static LivePolicy::Inputs inputs(std::chrono::seconds time) {
    auto inputs = Day::inputs(time);
    inputs.visiting = (time >= 9h && time < 10h) || (time >= 14h && time < 14h + 30s);
    return inputs;
  }
  OnAir at(std::chrono::seconds time) { return policy_.decide(inputs(time)).outputs.at(0); }
  LivePolicy& policy() { return policy_; }

 private:
  LivePolicy policy_;
};

TEST(LivePolicy, AVisitPutsOutputsOnAir) {
  Visited slate(options("visit"));
  EXPECT_EQ(slate.at(8h), kSlate);
  EXPECT_EQ(slate.at(9h), kLive);
  EXPECT_EQ(slate.at(10h), kSlate);

  Visited off(options("visit", Idle::kOff));
  EXPECT_EQ(off.at(8h), kOff);
  EXPECT_EQ(off.at(14h), kLive);
  const auto after = off.policy().decide(Visited::inputs(14h + 30s));
  EXPECT_THAT(after.outputs, ElementsAre(kLive)) << "on air for 30 s only";
  EXPECT_EQ(after.next_change_in, 90s);
  EXPECT_EQ(off.at(14h + 2min), kOff);
}

TEST(LivePolicy, AVisitCountsOnlyWhereWhenSaysSo) {
  EXPECT_EQ(Visited(options("manual", Idle::kOff)).at(9h), kOff);
  Visited both(options("visit schedule", Idle::kOff));
  EXPECT_EQ(both.at(9h), kLive) << "a visit";
  EXPECT_EQ(both.at(11h), kLive) << "the schedule";
  EXPECT_EQ(both.at(13h), kOff);
}

TEST(LivePolicy, ACommandHoldsUntilTheVisitComesOrGoes) {
  Visited box(options("visit", Idle::kOff));
  EXPECT_EQ(box.at(9h), kLive);
  ASSERT_TRUE(box.policy().stop("", Visited::inputs(9h + 1s)));
  EXPECT_EQ(box.at(9h + 2s), kOff);
  EXPECT_EQ(box.at(10h), kOff);
  EXPECT_EQ(box.at(14h), kLive) << "the next visit";
  ASSERT_TRUE(box.policy().start("", Visited::inputs(15h)));
  EXPECT_EQ(box.at(20h), kLive) << "by hand";
}

/// A box without a battery clock starts in the past and is set right later; durations do not notice.
TEST(LivePolicy, TheWallClockMayBeSet) {
  LivePolicy policy(options("schedule", Idle::kOff), Day::zone(), {});
  const auto inputs = [](std::chrono::seconds since_boot, std::chrono::seconds since_midnight) {
    return LivePolicy::Inputs{BootTime(since_boot), Day::inputs(since_midnight).wall};
  };
  EXPECT_THAT(policy.decide(inputs(10s, 3h)).outputs, ElementsAre(kOff));
  EXPECT_THAT(policy.decide(inputs(20s, 11h)).outputs, ElementsAre(kLive)) << "forward into a span";
  const auto set_back = policy.decide(inputs(30s, 9h));
  EXPECT_THAT(set_back.outputs, ElementsAre(kLive)) << "on air for 10 s only";
  EXPECT_EQ(set_back.next_change_in, 110s);
  EXPECT_THAT(policy.decide(inputs(140s, 9h + 110s)).outputs, ElementsAre(kOff));
}

/// The button.
TEST(LivePolicy, APressStartsAndStopsEverything) {
  Day day(options("button", Idle::kOff, {"youtube", "attic"}));
  EXPECT_THAT(day.decide(8h).outputs, ElementsAre(kOff, kOff));
  EXPECT_EQ(day.press(9h), LivePolicy::Pressed::kStarted);
  EXPECT_THAT(day.decide(9h).outputs, ElementsAre(kLive, kLive));
  EXPECT_THAT(day.decide(72h).outputs, ElementsAre(kLive, kLive)) << "nothing else ends it";
  EXPECT_EQ(day.press(73h), LivePolicy::Pressed::kStopped);
  EXPECT_THAT(day.decide(73h).outputs, ElementsAre(kOff, kOff));
  EXPECT_EQ(day.press(73h + 1s), LivePolicy::Pressed::kStarted);
  EXPECT_THAT(day.decide(73h + 1s).outputs, ElementsAre(kLive, kLive));
}

TEST(LivePolicy, APressTakesOffWhatIsLiveOfSeveral) {
  Day day(options("button manual", Idle::kSlate, {"youtube", "attic"}));
  ASSERT_TRUE(day.start(9h, "attic"));
  EXPECT_EQ(day.press(10h), LivePolicy::Pressed::kStopped) << "one of them is live";
  EXPECT_THAT(day.decide(10h).outputs, ElementsAre(kSlate, kSlate));
  EXPECT_EQ(day.press(11h), LivePolicy::Pressed::kStarted);
  EXPECT_THAT(day.decide(11h).outputs, ElementsAre(kLive, kLive));
}

TEST(LivePolicy, APressHoldsUntilTheScheduleChanges) {
  Day day(options("button schedule", Idle::kOff));
  EXPECT_EQ(day.at(11h), kLive);
  EXPECT_EQ(day.press(11h + 30min), LivePolicy::Pressed::kStopped);
  EXPECT_EQ(day.at(11h + 31min), kOff);
  EXPECT_EQ(day.press(11h + 40min), LivePolicy::Pressed::kStarted) << "within the span";
  EXPECT_EQ(day.at(11h + 41min), kLive);
  EXPECT_EQ(day.press(11h + 42min), LivePolicy::Pressed::kStopped);
  EXPECT_EQ(day.at(12h), kOff);
  EXPECT_EQ(day.at(22h), kLive) << "the next span";
}

/// The light on the button says "on air", so the press is meant to end that.
TEST(LivePolicy, APressEndsWhatIsOnAirForAWhileYet) {
  Day day(options("button schedule", Idle::kOff));
  EXPECT_EQ(day.at(12h - 1s), kLive);
  EXPECT_EQ(day.at(12h + 10s), kLive) << "for min_on_air";
  EXPECT_EQ(day.press(12h + 20s), LivePolicy::Pressed::kStopped);
  EXPECT_EQ(day.at(12h + 20s), kOff);
}

TEST(LivePolicy, APressIsRefusedWhereItCanDoNothing) {
  Day without(options("manual", Idle::kOff));
  const auto refused = without.press(9h);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(refused.error().message,
            "live.when has no button in it, so the button does nothing: set it to button, or to a list with button in "
            "it");
  EXPECT_EQ(without.at(9h), kOff);
  const auto none = Day(options("button", Idle::kOff, {})).press(9h);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::kNotFound);
}

TEST(LivePolicy, CommandsWorkWithTheButtonToo) {
  Day day(options("button", Idle::kOff));
  ASSERT_TRUE(day.start(9h));
  EXPECT_EQ(day.at(9h), kLive);
  EXPECT_EQ(day.press(10h), LivePolicy::Pressed::kStopped);
  EXPECT_EQ(day.at(10h), kOff);
}

/// On the equator the sun comes up at about six.
TEST(LivePolicy, TheScheduleGoesByTheSunWhereThePlaceIsKnown) {
  auto live = options("schedule", Idle::kOff);
  live.schedule = {{SunEvent::kSunrise, SunEvent::kSunset}};
  live.min_on_air = std::chrono::milliseconds(0);
  LivePolicy policy(live, TimeZone::utc(), SimpleSun{0, 0});
  const auto inputs = [](std::chrono::nanoseconds since_epoch) {
    return LivePolicy::Inputs{BootTime(since_epoch), WallTime(since_epoch)};
  };
  EXPECT_THAT(policy.decide(inputs(5h)).outputs, ElementsAre(kOff));
  const auto in = policy.decide(inputs(5h)).next_change_in;
  ASSERT_TRUE(in);
  EXPECT_NEAR(to_seconds(*in), 3600, 600);
  EXPECT_THAT(policy.decide(inputs(5h + *in)).outputs, ElementsAre(kLive));
  policy.apply(live, TimeZone::utc(), {});
  EXPECT_THAT(policy.decide(inputs(12h)).outputs, ElementsAre(kOff)) << "the place is not known any more";
}

}  // namespace
}  // namespace nestbox
