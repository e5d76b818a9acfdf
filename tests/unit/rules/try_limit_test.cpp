#include "nestbox/rules/try_limit.h"

#include <gtest/gtest.h>

namespace nestbox {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

class Tries : public ::testing::Test {
 protected:
  /// Tries as soon as it may, for `time`; returns how often.
  int guesses(const std::string& address, nanoseconds time) {
    int made = 0;
    for (const auto end = now_ + time; now_ < end;) {
      const auto wait = limit_.admit(address, now_);
      if (wait == nanoseconds(0)) ++made;
      now_ += std::max<nanoseconds>(wait, 1ms);
    }
    return made;
  }
  bool may_try(const std::string& address) { return limit_.admit(address, now_) == nanoseconds(0); }

  TryLimit limit_;
  BootTime now_{1h};
};

TEST_F(Tries, AFewMistakesCostNothing) {
  for (int i = 0; i < TryLimit::kFree; ++i) EXPECT_TRUE(may_try("a")) << i;
  EXPECT_EQ(limit_.admit("a", now_), 2s);
}

TEST_F(Tries, EachFurtherOneWaitsTwiceAsLongUpToAQuarterOfAnHour) {
  for (int i = 0; i < TryLimit::kFree; ++i) may_try("a");
  for (const auto expected : {2s, 4s, 8s, 16s, 32s, 64s, 128s, 256s, 512s, 900s, 900s, 900s}) {
    EXPECT_EQ(limit_.admit("a", now_), expected);
    now_ += expected;
    EXPECT_TRUE(may_try("a"));
  }
}

TEST_F(Tries, AskingWhileOneMustWaitCostsNothing) {
  for (int i = 0; i < TryLimit::kFree; ++i) may_try("a");
  for (int i = 0; i < 100; ++i) EXPECT_EQ(limit_.admit("a", now_), 2s);
}

TEST_F(Tries, OneAddressHasAtMost110InADay) {
  EXPECT_LE(guesses("a", 24h), 110);
}

TEST_F(Tries, AllStrangersTogetherHaveAtMost380InAnHour) {
  int made = 0;
  for (int i = 0; i < 100'000; ++i) {
    if (may_try("address " + std::to_string(i))) ++made;
    now_ += 36ms;
  }
  EXPECT_LE(made, 380);
  EXPECT_GE(made, 370);
}

TEST_F(Tries, WhoWasRightBeforeIsNotLockedOutByStrangers) {
  ASSERT_TRUE(may_try("owner"));
  limit_.succeeded("owner", now_);
  for (int i = 0; i < 1000; ++i) may_try("stranger " + std::to_string(i));
  EXPECT_FALSE(may_try("newcomer"));
  EXPECT_TRUE(may_try("owner"));
}

TEST_F(Tries, BeingRightForgivesWhatWasWrong) {
  for (int i = 0; i < TryLimit::kFree; ++i) ASSERT_TRUE(may_try("a"));
  now_ += 2s;
  ASSERT_TRUE(may_try("a"));
  limit_.succeeded("a", now_);
  for (int i = 0; i < TryLimit::kFree; ++i) EXPECT_TRUE(may_try("a"));
  EXPECT_FALSE(may_try("a")) << "an address that was right once is still held by its own limit";
}

TEST_F(Tries, WhatWasNotMadeDoesNotCount) {
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(may_try("a"));
    limit_.withdrawn("a");
  }
  EXPECT_TRUE(may_try("b"));
}

TEST_F(Tries, ADayOfRestForgives) {
  guesses("a", 2h);
  now_ += TryLimit::kForgiven;
  for (int i = 0; i < TryLimit::kFree; ++i) EXPECT_TRUE(may_try("a"));
}

}  // namespace
}  // namespace nestbox
