#include "nestbox/rules/trigger_expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

namespace nestbox {
namespace {

using testing::HasSubstr;
using T = Trigger;

bool holds(std::string_view text, TriggerSet active) {
  const auto expression = TriggerExpression::parse(text);
  EXPECT_TRUE(expression) << (expression ? "" : expression.error().message);
  return expression && expression->holds(active);
}

std::string error_of(std::string_view text) {
  const auto expression = TriggerExpression::parse(text);
  return expression ? "" : expression.error().message;
}

TEST(TriggerExpression, HoldsWhileItsTriggersAreActive) {
  EXPECT_TRUE(holds("motion", {T::kMotion}));
  EXPECT_FALSE(holds("motion", {}));
  EXPECT_FALSE(holds("motion", {T::kPir}));
  EXPECT_TRUE(holds("pir and motion", {T::kPir, T::kMotion}));
  EXPECT_FALSE(holds("pir and motion", {T::kPir}));
  EXPECT_TRUE(holds("lid or (pir and not button)", {T::kPir}));
  EXPECT_FALSE(holds("lid or (pir and not button)", {T::kPir, T::kButton}));
  EXPECT_TRUE(holds("lid or (pir and not button)", {T::kLid, T::kButton}));
}

TEST(TriggerExpression, NotBindsCloserThanAndAndAndCloserThanOr) {
  EXPECT_TRUE(holds("motion or pir and lid", {T::kMotion})) << "or (pir and lid)";
  EXPECT_FALSE(holds("(motion or pir) and lid", {T::kMotion}));
  EXPECT_TRUE(holds("pir and lid or motion", {T::kMotion}));
  EXPECT_FALSE(holds("not motion and pir", {})) << "(not motion) and pir";
  EXPECT_TRUE(holds("not (motion and pir)", {}));
  EXPECT_TRUE(holds("not not motion", {T::kMotion}));
  EXPECT_FALSE(holds("not not not motion", {T::kMotion}));
}

TEST(TriggerExpression, SpacesAndCaseDoNotCount) {
  EXPECT_TRUE(holds("  NOT(PIR)And\tMotion ", {T::kMotion}));
  EXPECT_TRUE(holds("((motion))", {T::kMotion}));
}

TEST(TriggerExpression, NamesItsTriggers) {
  EXPECT_EQ(TriggerExpression::parse("lid or not (pir or lid)").value().mentioned(), (TriggerSet{T::kLid, T::kPir}));
}

TEST(TriggerExpression, ErrorsSayWhereAndWhatMayStandThere) {
  EXPECT_EQ(error_of(""), "it ends at character 1, where motion, pir, lid, button, not or \"(\" may stand");
  EXPECT_EQ(error_of("motion and"), "it ends at character 11, where motion, pir, lid, button, not or \"(\" may stand");
  EXPECT_EQ(error_of("pir an motion"), "it has \"an\" at character 5, where and, or, or the end may stand");
  EXPECT_EQ(error_of("bird"), "it has \"bird\" at character 1, where motion, pir, lid, button, not or \"(\" may stand");
  EXPECT_EQ(error_of("(pir or lid"), "it ends at character 12, where and, or, or \")\" may stand");
  EXPECT_EQ(error_of("pir )"), "it has \")\" at character 5, where and, or, or the end may stand");
  EXPECT_EQ(error_of("()"), "it has \")\" at character 2, where motion, pir, lid, button, not or \"(\" may stand");
  EXPECT_THAT(error_of("gar\xc3\xa7on lid"), HasSubstr("\"gar??on\" at character 1"));
  EXPECT_THAT(error_of("pir \xc3\xa7 lid"), HasSubstr("at character 5"));
  EXPECT_THAT(error_of("motion\n"), HasSubstr("\"motion?\" at character 1"));
}

TEST(TriggerExpression, WhatNeverOrAlwaysHoldsIsRefused) {
  EXPECT_EQ(error_of("pir and not pir"), "it never holds, whichever triggers are active: no visit would begin or end");
  EXPECT_EQ(error_of("lid or not lid"), "it always holds, whichever triggers are active: no visit would begin or end");
}

TEST(TriggerExpression, LengthAndDepthAreBounded) {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '(') + "pir" +
           std::string(static_cast<std::size_t>(depth), ')');
  };
  EXPECT_TRUE(TriggerExpression::parse(nested(16)));
  EXPECT_EQ(error_of(nested(17)), "more than 16 parentheses stand in each other at character 17");
  EXPECT_EQ(error_of(std::string(201, ' ')), "it is longer than 200 characters");
  EXPECT_EQ(error_of("pir" + std::string(197, ' ')), "");
}

/// Whatever stands there, there is an answer.
TEST(TriggerExpression, AnyWordsInAnyOrderAreReadOrRefused) {
  const char* const words[] = {"motion", "pir", "lid", "button", "and", "or", "not", "(", ")", " ", "x", "\xff"};
  std::mt19937 random(7);
  int good = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (auto n = random() % 12; n > 0; --n) text += std::string(words[random() % std::size(words)]) + " ";
    const auto expression = TriggerExpression::parse(text);
    good += expression ? 1 : 0;
    if (!expression) {
      EXPECT_FALSE(expression.error().message.empty());
    }
  }
  EXPECT_GT(good, 50);
}

}  // namespace
}  // namespace nestbox
