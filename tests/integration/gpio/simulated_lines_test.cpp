#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nestbox/gpio/lines.h"

namespace nestbox {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Level = Lines::Level;
using State = LineStatus::State;

Lines::Input input(std::string name, LineText line, std::chrono::milliseconds debounce = 0ms) {
  return {std::move(name), {std::move(line), ActiveLevel::kHigh, LineBias::kNone, debounce}};
}

class SimulatedLines : public ::testing::Test {
 protected:
  void apply() { lines_.apply(setup_, now_); }
  void simulate(const std::string& name, Level level) {
    const auto done = lines_.simulate(name, level, now_);
    ASSERT_TRUE(done) << done.error().message;
  }
  void pass(std::chrono::nanoseconds time) {
    now_ += time;
    lines_.tick(now_);
  }
  std::vector<std::string> taken() { return std::exchange(changes_, {}); }
  Level level(const std::string& name) { return lines_.simulated(name).value(); }

  Lines::Setup setup_{"sim", {}, {}};
  BootTime now_{1h};
  std::vector<std::string> changes_;
  Lines lines_{[this](const LineChange& change) {
    const auto ms = (change.at - BootTime{1h}) / 1ms;
    changes_.push_back(change.name + (change.active ? " on " : " off ") + std::to_string(ms));
  }};
};

TEST_F(SimulatedLines, TellTheLevelAtWhichAnInputIsFoundThenEachChange) {
  setup_.inputs = {input("pir", "17")};
  apply();
  EXPECT_THAT(taken(), ElementsAre("pir off 0"));
  now_ += 5ms;
  simulate("pir", Level::kActive);
  simulate("pir", Level::kActive);
  EXPECT_THAT(taken(), ElementsAre("pir on 5"));
  EXPECT_EQ(lines_.status().at(0).active, true);
}

TEST_F(SimulatedLines, WaitForTheDebounceAndStampTheFirstEdge) {
  setup_.inputs = {input("button", "GPIO4", 30ms)};
  apply();
  EXPECT_THAT(taken(), IsEmpty());
  EXPECT_EQ(lines_.status().at(0).active, std::nullopt);
  EXPECT_EQ(lines_.next_deadline(), now_ + 30ms);
  pass(30ms);
  EXPECT_THAT(taken(), ElementsAre("button off 0"));
  pass(70ms);
  for (const auto bounce : {Level::kActive, Level::kInactive, Level::kActive}) {
    simulate("button", bounce);
    pass(10ms);
  }
  EXPECT_THAT(taken(), IsEmpty());
  EXPECT_EQ(lines_.next_deadline(), now_ + 20ms);
  pass(20ms);
  EXPECT_THAT(taken(), ElementsAre("button on 100"));
}

TEST_F(SimulatedLines, OfAnActiveLowInputWithAPullUpAreInactiveUntilDriven) {
  setup_.inputs = {{"button", {"4", ActiveLevel::kLow, LineBias::kPullUp, 0ms}}};
  apply();
  EXPECT_THAT(taken(), ElementsAre("button off 0"));
  simulate("button", Level::kActive);
  EXPECT_THAT(taken(), ElementsAre("button on 0"));
}

TEST_F(SimulatedLines, KeepAnOutputsLevelOverApplyAndLetGoOfItInactive) {
  setup_.outputs = {{"lamp", {"18"}}};
  apply();
  EXPECT_EQ(level("lamp"), Level::kInactive);
  lines_.set("lamp", Level::kActive);
  setup_.inputs = {input("pir", "17")};
  apply();
  EXPECT_EQ(level("lamp"), Level::kActive);
  setup_.outputs = {{"lamp", {"19", ActiveLevel::kLow}}};
  apply();
  EXPECT_EQ(level("lamp"), Level::kActive) << "on another line, active low";
  setup_.outputs.clear();
  apply();
  EXPECT_FALSE(lines_.simulated("lamp"));
  setup_.outputs = {{"lamp", {"19"}}};
  apply();
  EXPECT_EQ(level("lamp"), Level::kInactive) << "forgotten with the setting";
}

TEST_F(SimulatedLines, SetBeforeTheLineIsThereCountsOnceItIs) {
  setup_.outputs = {{"first", {"18"}}, {"second", {"GPIO18"}}};
  apply();
  lines_.set("second", Level::kActive);
  lines_.set("nobody", Level::kActive);
  const auto before = lines_.status();
  EXPECT_EQ(before.at(1).state, State::kBusy);
  EXPECT_EQ(before.at(1).holder, "nestbox first");
  EXPECT_THAT(before.at(1).last_error, AllOf(HasSubstr("GPIO18 of sim"), HasSubstr("nestbox first")));
  setup_.outputs.erase(setup_.outputs.begin());
  apply();
  EXPECT_EQ(lines_.next_deadline(), now_ + 5s);
  pass(5s);
  EXPECT_EQ(lines_.status().at(0).state, State::kOk);
  EXPECT_EQ(lines_.status().at(0).last_error, "");
  EXPECT_EQ(level("second"), Level::kActive);
}

TEST_F(SimulatedLines, LineMovesFromOneNameToAnotherInOneApply) {
  setup_.inputs = {input("pir", "17")};
  apply();
  setup_.inputs = {input("lid", "17"), input("pir", "none")};
  apply();
  ASSERT_EQ(lines_.status().size(), 1U);
  EXPECT_EQ(lines_.status().at(0).state, State::kOk);
}

TEST_F(SimulatedLines, WhatStaysIsNotToldAgain) {
  setup_.inputs = {input("pir", "17")};
  apply();
  simulate("pir", Level::kActive);
  (void)taken();
  setup_.inputs.push_back(input("lid", "18"));
  apply();
  EXPECT_THAT(taken(), ElementsAre("lid off 0"));
}

TEST_F(SimulatedLines, SayWhichNamesThereAre) {
  setup_.inputs = {input("pir", "17")};
  setup_.outputs = {{"lamp", {"18"}}};
  apply();
  const auto unknown = lines_.simulate("pri", Level::kActive, now_);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(unknown.error().message, HasSubstr("pir, lamp"));
  const auto output = lines_.simulate("lamp", Level::kActive, now_);
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().kind, ErrorKind::kInvalidArgument);
}

TEST_F(SimulatedLines, LogAFailureOnceAndTheRestRuns) {
  setup_.inputs = {input("lid", "no-such-chip:5"), input("pir", "17")};
  ::testing::internal::CaptureStderr();
  apply();
  for (int i = 0; i < 10; ++i) pass(5s);
  simulate("pir", Level::kActive);
  const std::string said = ::testing::internal::GetCapturedStderr();
  const auto first = said.find("lid: ");
  ASSERT_NE(first, std::string::npos) << said;
  EXPECT_EQ(said.find("lid: ", first + 1), std::string::npos) << said;
  EXPECT_THAT(taken(), ElementsAre("pir off 0", "pir on 50000"));
  const auto lid = lines_.status().at(0);
  EXPECT_EQ(lid.state, State::kAbsent);
  EXPECT_THAT(lid.last_error, HasSubstr("no chip is called no-such-chip"));
  const auto real = lines_.simulate("lid", Level::kActive, now_);
  ASSERT_FALSE(real);
  EXPECT_EQ(real.error().kind, ErrorKind::kInvalidArgument);
}

TEST_F(SimulatedLines, TextThatNamesNoLineIsSaidAndNotTriedAgain) {
  setup_.inputs = {input("lid", "17:")};
  apply();
  EXPECT_EQ(lines_.next_deadline(), std::nullopt);
  EXPECT_THAT(lines_.status().at(0).last_error, HasSubstr("there is no line after the colon"));
}

}  // namespace
}  // namespace nestbox
