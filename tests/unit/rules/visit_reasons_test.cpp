#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "nestbox/rules/motion_detector.h"
#include "nestbox/rules/visit.h"

namespace nestbox {
namespace {

using namespace std::chrono_literals;

MotionRecord moved(double area, std::chrono::milliseconds duration, double score = 1) {
  MotionRecord event;
  event.area = area;
  event.peak_score = score;
  event.begin = WallTime(1h);
  event.end = event.begin + duration;
  return event;
}

VisitRecord visit_of(TriggerSet triggers) {
  VisitRecord visit;
  visit.triggers = triggers;
  return visit;
}

TEST(WhySentence, SaysHowMuchMovedWhereForHowLongAndWhatHeldItBack) {
  auto event = moved(0.018, 2400ms);
  event.zone = "hole";
  event.reasons = {{"switch", 0.6, 2.0}};
  EXPECT_EQ(why_sentence(visit_of({Trigger::kMotion}), {event}),
            "A moving area of 1.8 % in zone hole for 2.4 s; held back 0.6 s because lamp, filter or camera had been "
            "switched.");
}

TEST(WhySentence, IsOfTheStrongestEventAndNotOfANearMiss) {
  auto near_miss = moved(0.9, 1s, 90);
  near_miss.near_miss = true;
  EXPECT_EQ(why_sentence(visit_of({Trigger::kMotion}), {moved(0.01, 1s, 2), moved(0.5, 200s, 8), near_miss}),
            "A moving area of 50.0 % for 3 min 20 s.");
  EXPECT_EQ(why_sentence(visit_of({Trigger::kMotion}), {moved(0.0004, 59'990ms)}),
            "A moving area of 0.04 % for 1 min 0 s.");
}

TEST(WhySentence, TellsOfTheOtherTriggers) {
  EXPECT_EQ(why_sentence(visit_of({Trigger::kMotion, Trigger::kLid}), {moved(0.02, 1s)}),
            "A moving area of 2.0 % for 1.0 s; the lid was opened.");
  EXPECT_EQ(why_sentence(visit_of({Trigger::kPir, Trigger::kButton}), {}),
            "The infra-red sensor noticed something warm; the button was pressed.");
  EXPECT_EQ(why_sentence(visit_of({Trigger::kMotion}), {}), "Something moved, of which no more is known.");
  EXPECT_EQ(why_sentence(visit_of({}), {}), "What began it is not known.");
}

TEST(WhySentence, TellsOfTheVisitThatItContinues) {
  auto visit = visit_of({Trigger::kMotion});
  visit.continues = 12;
  EXPECT_EQ(why_sentence(visit, {moved(0.02, 1s)}), "A moving area of 2.0 % for 1.0 s; it goes on from visit 12.");
}

TEST(ReasonText, HasWordsOfItsOwnForEveryCode) {
  std::set<std::string> texts;
  for (auto code = HeldBack::kLearning; code <= HeldBack::kErratic;
       code = static_cast<HeldBack>(static_cast<int>(code) + 1)) {
    const auto text = reason_text({std::string(held_back_name(code)), 0.6, 0});
    EXPECT_EQ(text.rfind("held back 0.6 s because ", 0), 0U) << text;
    EXPECT_TRUE(texts.insert(text).second) << text;
  }
  EXPECT_EQ(reason_text({"nothing", 0, 0}), "");
  EXPECT_EQ(reason_text({"erratic", 0, 0}), "held back because it jumped from place to place, as insects and rain do");
  EXPECT_EQ(reason_text({"of a later version", 1, 0}), "held back 1.0 s (of a later version)");
}

}  // namespace
}  // namespace nestbox
