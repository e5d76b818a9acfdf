#include "nestbox/rules/visit_tracker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace nestbox {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;
using T = Trigger;

BootTime at(std::chrono::nanoseconds since_start) {
  return BootTime(1h + since_start);
}
milliseconds since_start(BootTime time) {
  return std::chrono::duration_cast<milliseconds>(time - at(0s));
}

/// A visit as the tests tell it.
struct Told {
  milliseconds begin{}, end{};
  bool continues = false;
  bool operator==(const Told&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Told& told) {
    return out << told.begin.count() << " ms to " << told.end.count() << " ms" << (told.continues ? ", continues" : "");
  }
};

VisitRules rules(std::string_view expression, std::chrono::nanoseconds gap = 15s,
                 std::chrono::nanoseconds length = 10min) {
  return {TriggerExpression::parse(expression).value(), gap, length};
}

/// A tracker, and the visits that have ended.
class Watched {
 public:
  explicit Watched(VisitRules rules) : tracker(std::move(rules), at(0s)) {}

  void on(Trigger trigger, milliseconds when, milliseconds learnt = -1ms) {
    take(tracker.begins(trigger, at(when), at(learnt < 0ms ? when : learnt)));
  }
  void off(Trigger trigger, milliseconds when, milliseconds learnt = -1ms) {
    take(tracker.ends(trigger, at(when), at(learnt < 0ms ? when : learnt)));
  }
  void tick(milliseconds now) { take(tracker.tick(at(now))); }
  void apply(VisitRules rules, milliseconds now) { take(tracker.apply(std::move(rules), at(now))); }

  void take(const VisitTracker::Steps& steps) {
    for (const auto& step : steps) {
      const bool begins = step.what == VisitTracker::Step::What::kBegun;
      EXPECT_NE(begins, open) << "a visit begins when none is there, and ends when one is";
      open = begins;
      if (begins) begun.push_back(step.visit);
      if (begins) continue;
      EXPECT_LE(step.visit.begin, step.visit.last_active) << "no visit ends before it begins";
      EXPECT_LE(step.visit.begin, begun.back().begin) << "a begin moves back only";
      if (!full.empty()) {
        EXPECT_LE(full.back().last_active, step.visit.begin) << "no two overlap";
      }
      full.push_back(step.visit);
      ended.push_back({since_start(step.visit.begin), since_start(step.visit.last_active), step.visit.continues});
    }
    EXPECT_EQ(open, tracker.current().has_value());
    EXPECT_EQ(open, tracker.next_deadline().has_value());
  }

  VisitTracker tracker;
  std::vector<VisitTracker::Visit> begun, full;
  std::vector<Told> ended;
  bool open = false;
};

TEST(VisitTracker, AVisitEndsAGapAfterTheExpressionLastHeld) {
  Watched box(rules("motion"));
  box.on(T::kMotion, 10s);
  EXPECT_TRUE(box.open);
  EXPECT_EQ(box.tracker.next_deadline(), at(10s + 10min));
  box.off(T::kMotion, 12s);
  EXPECT_EQ(box.tracker.next_deadline(), at(27s));
  box.tick(26999ms);
  EXPECT_THAT(box.ended, IsEmpty());
  box.tick(27s);
  EXPECT_THAT(box.ended, ElementsAre(Told{10s, 12s}));
  EXPECT_EQ(box.tracker.next_deadline(), std::nullopt);
}

TEST(VisitTracker, WhatComesBackWithinTheGapIsTheSameVisit) {
  Watched box(rules("motion"));
  box.on(T::kMotion, 10s);
  box.off(T::kMotion, 12s);
  box.on(T::kMotion, 26s);
  box.off(T::kMotion, 27s);
  box.on(T::kMotion, 50s);  // and nobody called at 42 s
  EXPECT_THAT(box.ended, ElementsAre(Told{10s, 27s}));
  box.tick(51s);
  EXPECT_EQ(box.tracker.current()->begin, at(50s));
  EXPECT_EQ(box.tracker.current()->last_active, at(51s));
}

TEST(VisitTracker, KnowsTheTriggersAndZonesOfAVisit) {
  Watched box(rules("pir or motion"));
  box.on(T::kPir, 1s);
  box.on(T::kMotion, 2s);
  box.tracker.note_motion("hole", 3);
  box.tracker.note_motion("perch", 2);
  box.tracker.note_motion("hole", 4);
  box.tracker.note_motion("", 1);
  box.off(T::kMotion, 3s);
  box.off(T::kPir, 4s);
  box.on(T::kButton, 5s);
  box.tick(1min);
  ASSERT_EQ(box.full.size(), 1U);
  EXPECT_EQ(box.begun[0].triggers, TriggerSet{T::kPir});
  EXPECT_EQ(box.full[0].triggers, (TriggerSet{T::kPir, T::kMotion})) << "the button came after it";
  EXPECT_THAT(box.full[0].zones, ElementsAre("hole", "perch"));
  EXPECT_EQ(box.full[0].peak_score, 4);
}

TEST(VisitTracker, MotionThatWaitsForAnotherTriggerBringsItsZoneAlong) {
  Watched box(rules("pir and motion"));
  box.on(T::kMotion, 1s);
  box.tracker.note_motion("hole", 3);
  EXPECT_FALSE(box.open);
  box.on(T::kPir, 2s);
  EXPECT_THAT(box.begun.at(0).zones, ElementsAre("hole"));
  box.off(T::kMotion, 3s);
  box.tick(1min);
  box.on(T::kMotion, 61s);
  EXPECT_THAT(box.begun.at(1).zones, IsEmpty()) << "that was another motion";
}

// What is learnt late.

TEST(VisitTracker, AVisitBeginsWithItsFirstMovementAndEndsWithItsLast) {
  Watched box(rules("motion"));
  box.on(T::kMotion, 9500ms, 10s);
  EXPECT_EQ(box.begun.at(0).begin, at(9500ms));
  box.off(T::kMotion, 12s, 13200ms);
  EXPECT_EQ(box.tracker.next_deadline(), at(27s));
  box.tick(27s);
  EXPECT_THAT(box.ended, ElementsAre(Told{9500ms, 12s}));
}

TEST(VisitTracker, WhatIsOverWhenItIsLearntIsAVisitToo) {
  Watched box(rules("pir and motion"));
  box.on(T::kPir, 10s);
  box.off(T::kPir, 10500ms);
  box.on(T::kMotion, 10200ms, 11400ms);
  EXPECT_EQ(box.begun.at(0).begin, at(10200ms));
  EXPECT_EQ(box.begun.at(0).triggers, (TriggerSet{T::kPir, T::kMotion}));
  box.tick(1min);
  EXPECT_THAT(box.ended, ElementsAre(Told{10200ms, 10500ms}));
}

TEST(VisitTracker, AVisitInProgressMayTurnOutToHaveBegunEarlier) {
  Watched box(rules("pir or motion"));
  box.on(T::kPir, 10s);
  box.on(T::kMotion, 9s, 11s);
  EXPECT_EQ(box.tracker.current()->begin, at(9s));
  box.off(T::kPir, 12s);
  box.off(T::kMotion, 11s, 13s);
  box.tick(1min);
  EXPECT_THAT(box.ended, ElementsAre(Told{9s, 12s})) << "the sensor still was active when the motion ended";
}

TEST(VisitTracker, WhatCountsAsLateAndWhatIsTooLate) {
  Watched box(rules("motion", 15s, 1h));
  box.tick(10min);
  box.on(T::kMotion, 1min, 11min);
  EXPECT_EQ(box.tracker.current()->begin, at(9min)) << "a minute before the last call";
  box.off(T::kMotion, 12min, 11min);
  EXPECT_EQ(box.tracker.current()->last_active, at(11min)) << "nothing happens later than it is learnt";
  box.tick(5min);
  EXPECT_TRUE(box.open) << "time does not go back";
}

TEST(VisitTracker, SayingItTwiceChangesNothing) {
  Watched box(rules("motion"));
  box.off(T::kMotion, 1s);
  box.on(T::kMotion, 10s);
  box.on(T::kMotion, 11s);
  box.off(T::kMotion, 12s);
  box.off(T::kMotion, 13s);
  box.tick(1min);
  EXPECT_THAT(box.ended, ElementsAre(Told{10s, 12s}));
}

// What is too long.

TEST(VisitTracker, OneThatIsTooLongGoesOnAsTheNext) {
  Watched box(rules("motion", 15s, 1min));
  box.on(T::kMotion, 10s);
  box.tracker.note_motion("hole", 3);
  box.tick(70s);
  EXPECT_THAT(box.ended, ElementsAre(Told{10s, 70s}));
  ASSERT_TRUE(box.open);
  EXPECT_EQ(box.begun.at(1).begin, at(70s));
  EXPECT_TRUE(box.begun.at(1).continues);
  EXPECT_THAT(box.begun.at(1).zones, ElementsAre("hole"));
  EXPECT_EQ(box.begun.at(1).triggers, TriggerSet{T::kMotion});
  box.off(T::kMotion, 200s);  // and nobody called at 130 and 190 s
  box.tick(300s);
  EXPECT_THAT(box.ended,
              ElementsAre(Told{10s, 70s}, Told{70s, 130s, true}, Told{130s, 190s, true}, Told{190s, 200s, true}));
}

TEST(VisitTracker, TooLongWithinItsGapItEndsWithWhatMovedLast) {
  Watched box(rules("motion", 15s, 1min));
  box.on(T::kMotion, 10s);
  box.off(T::kMotion, 65s);
  EXPECT_EQ(box.tracker.next_deadline(), at(70s));
  box.tick(70s);
  EXPECT_THAT(box.ended, ElementsAre(Told{10s, 65s}));
  EXPECT_FALSE(box.open) << "no visit without a visitor";
  box.on(T::kMotion, 79s);
  box.off(T::kMotion, 80s);
  box.tick(200s);
  EXPECT_THAT(box.ended, ElementsAre(Told{10s, 65s}, Told{79s, 80s, true}));
}

// New rules.

TEST(VisitTracker, NewRulesDoNotEndAVisit) {
  Watched box(rules("motion"));
  box.on(T::kMotion, 10s);
  box.apply(rules("pir"), 20s);
  EXPECT_TRUE(box.open);
  EXPECT_EQ(box.tracker.next_deadline(), at(35s)) << "held until then";
  box.on(T::kPir, 30s);
  box.off(T::kPir, 31s);
  box.tick(1min);
  EXPECT_THAT(box.ended, ElementsAre(Told{10s, 31s}));
}

TEST(VisitTracker, AShorterLengthCountsFromNowOn) {
  Watched box(rules("motion"));
  box.on(T::kMotion, 10s);
  box.apply(rules("motion", 15s, 1min), 5min);
  EXPECT_THAT(box.ended, ElementsAre(Told{10s, 5min}));
  box.tick(6min);
  EXPECT_THAT(box.ended, ElementsAre(Told{10s, 5min}, Told{5min, 6min, true}));
}

TEST(VisitTracker, AShorterGapEndsAVisitThatWaitsOutALongerOne) {
  Watched box(rules("motion", 5min, 10min));
  box.on(T::kMotion, 10s);
  box.off(T::kMotion, 20s);
  box.apply(rules("motion", 15s, 10min), 1min);
  EXPECT_THAT(box.ended, ElementsAre(Told{10s, 20s}));
}

TEST(VisitTracker, ANewExpressionThatHoldsBeginsAVisitAtOnce) {
  Watched box(rules("pir"));
  box.on(T::kMotion, 10s);
  box.apply(rules("motion"), 20s);
  EXPECT_EQ(box.begun.at(0).begin, at(20s)) << "and not before the rules were there";
}

TEST(VisitTracker, AnExpressionMayHoldWithoutATrigger) {
  Watched box(rules("not lid"));
  box.tick(1s);
  EXPECT_TRUE(box.open);
  box.on(T::kLid, 5s);
  box.tick(1min);
  EXPECT_THAT(box.ended, ElementsAre(Told{0s, 5s}));
}

// Against a plain model.

constexpr milliseconds kGrid = 100ms;
/// Which triggers are active from each point of a grid of time to the next.
using Timeline = std::vector<TriggerSet>;

Timeline random_timeline(std::mt19937& random, std::size_t length) {
  Timeline timeline(length);
  for (const auto trigger : kEveryTrigger) {
    std::size_t i = 0;
    for (bool active = false; i < length; active = !active) {
      // Short and long ones, and some that last for minutes.
      const auto span = 1 + random() % (random() % 8 == 0 ? 4000 : random() % 2 == 0 ? 300 : 20);
      for (std::size_t end = std::min(length, i + span); i < end; ++i) {
        if (active) timeline[i].add(trigger);
      }
    }
  }
  return timeline;
}

/// The rules of a visit, word for word, at each point of the grid.
std::vector<Told> visits_of(const Timeline& timeline, const VisitRules& rules) {
  std::vector<Told> visits;
  bool open = false;
  milliseconds last_active{}, continued_until{-1};
  const auto begin = [&](milliseconds now, bool continues) {
    visits.push_back({now, now, continues});
    open = true;
    last_active = now;
  };
  const auto end = [&](milliseconds when) {
    visits.back().end = when;
    open = false;
  };
  for (std::size_t i = 0; i < timeline.size(); ++i) {
    const auto now = static_cast<int>(i) * kGrid;
    const bool holds = rules.expression.holds(timeline[i]);
    const bool held = open && last_active == now && now > visits.back().begin;
    if (open && !held && now - last_active >= rules.event_gap) end(last_active);
    if (open && now - visits.back().begin >= rules.max_length) {
      if (!held) continued_until = last_active + std::chrono::duration_cast<milliseconds>(rules.event_gap);
      end(last_active);
      if (held) begin(now, true);
    }
    if (holds && !open) begin(now, now < continued_until);
    if (holds) last_active = now + kGrid;
  }
  if (open) end(last_active);
  return visits;
}

class AgainstTheModel : public testing::TestWithParam<const char*> {};

TEST_P(AgainstTheModel, HoursOfRandomSignalsGiveTheSameVisits) {
  std::mt19937 random(11);
  for (int round = 0; round < 12; ++round) {
    const auto gap = kGrid * (1 + random() % 200);
    const auto rule = rules(GetParam(), gap, gap + kGrid * (random() % 3000));
    const auto timeline = random_timeline(random, 60'000);  // 100 minutes
    Watched box(rule);
    TriggerSet active;
    for (std::size_t i = 0; i < timeline.size(); ++i) {
      const auto now = static_cast<int>(i) * kGrid;
      // On time, at random, or not at all until something happens.
      const bool is_due = box.tracker.next_deadline() && *box.tracker.next_deadline() <= at(now);
      if ((round % 3 == 0 && is_due) || (round % 3 == 1 && random() % 50 == 0)) box.tick(now);
      for (const auto trigger : kEveryTrigger) {
        // Off before on, and all at the same time: the tracker must not see a moment that there never was.
        if (active.contains(trigger) && !timeline[i].contains(trigger)) box.off(trigger, now);
      }
      for (const auto trigger : kEveryTrigger) {
        if (!active.contains(trigger) && timeline[i].contains(trigger)) box.on(trigger, now);
      }
      active = timeline[i];
    }
    const auto end = static_cast<int>(timeline.size()) * kGrid;
    for (const auto trigger : kEveryTrigger) box.off(trigger, end);
    box.tick(end + 10min);
    const auto expected = visits_of(timeline, rule);
    const auto [is, should_be] = std::mismatch(box.ended.begin(), box.ended.end(), expected.begin(), expected.end());
    EXPECT_EQ(box.ended.size(), expected.size()) << "round " << round;
    ASSERT_TRUE(is == box.ended.end()) << "round " << round << ", " << *is << " instead of "
                                       << (should_be == expected.end() ? Told{} : *should_be);
    EXPECT_GT(box.ended.size(), 10U);
  }
}

// Of expressions that only grow with their triggers: with "not" a moment between two changes at one time would count.
INSTANTIATE_TEST_SUITE_P(Expressions, AgainstTheModel,
                         testing::Values("motion", "motion or pir", "lid or pir and motion"));

/// Signals that are learnt up to 3 s late: whatever held is in a visit, and visits stay what Watched demands of them.
TEST(VisitTracker, WhatIsLearntLateIsNeverLost) {
  std::mt19937 random(5);
  for (int round = 0; round < 20; ++round) {
    const auto rule =
        rules(round % 2 == 0 ? "pir and motion" : "lid or (pir and not button)", 15s, round % 4 < 2 ? 10min : 30s);
    const auto timeline = random_timeline(random, 20'000);
    struct News {
      milliseconds when, learnt;
      Trigger trigger;
      bool active;
    };
    std::vector<News> news;
    for (const auto trigger : kEveryTrigger) {
      bool active = false;
      auto learnt = 0ms;
      for (std::size_t i = 0; i <= timeline.size(); ++i) {
        const bool now_active = i < timeline.size() && timeline[i].contains(trigger);
        if (now_active == active) continue;
        active = now_active;
        const auto when = static_cast<int>(i) * kGrid;
        learnt = std::max(learnt, when + milliseconds(random() % 3000));
        news.push_back({when, learnt, trigger, active});
      }
    }
    std::stable_sort(news.begin(), news.end(), [](const News& a, const News& b) { return a.learnt < b.learnt; });
    Watched box(rule);
    for (const auto& one : news) {
      if (random() % 3 == 0) box.tick(one.learnt);
      one.active ? box.on(one.trigger, one.when, one.learnt) : box.off(one.trigger, one.when, one.learnt);
    }
    box.tick(1h);
    EXPECT_FALSE(box.open);
    std::size_t visit = 0;
    for (std::size_t i = 0; i < timeline.size(); ++i) {
      if (!rule.expression.holds(timeline[i])) continue;
      const auto now = static_cast<int>(i) * kGrid;
      while (visit < box.ended.size() && box.ended[visit].end <= now) ++visit;
      ASSERT_LT(visit, box.ended.size()) << "round " << round << ", nothing from " << now.count() << " ms on";
      ASSERT_LE(box.ended[visit].begin, now) << "round " << round << ", lost";
    }
  }
}

/// A line that chatters costs no memory, and no visit.
TEST(VisitTracker, AChatteringLineIsOneVisit) {
  Watched box(rules("pir"));
  for (int i = 0; i < 100'000; ++i) {
    i % 2 == 0 ? box.on(T::kPir, milliseconds(i)) : box.off(T::kPir, milliseconds(i));
  }
  box.tick(10min);
  EXPECT_THAT(box.ended, ElementsAre(Told{0ms, 99'999ms}));
}

}  // namespace
}  // namespace nestbox
