#include "nestbox/rules/motion_detector.h"

#include <gtest/gtest.h>

#include "motion_planes.h"
#include "support/allocations.h"

namespace nestbox {
namespace {

using namespace std::chrono_literals;

TEST(MotionDetector, SaysNothingOfAnEmptyPicture) {
  for (const int noise : {0, 2, 8}) {
    Watch watch;
    watch.planes.noise = noise;
    watch.quiet(60);
    EXPECT_EQ(watch.confirmed, 0) << noise;
    EXPECT_EQ(watch.last.state, MotionState::kQuiet);
  }
}

TEST(MotionDetector, LearnsBeforeItSpeaks) {
  Watch watch;
  watch.walk(0.5, {0, 80});
  EXPECT_EQ(watch.last.state, MotionState::kLearning);
  EXPECT_EQ(watch.confirmed, 0);
}

TEST(MotionDetector, FindsWhatWalksThroughWithinHalfASecondAndEndsWhenItHasLeft) {
  Watch watch;
  watch.quiet(5);
  const BootTime begin = watch.planes.now();
  watch.walk(4.6, {0, 80});  // it has left by then
  const BootTime end = watch.planes.now();
  watch.quiet(5);
  ASSERT_EQ(watch.ended.size(), 1U);
  const MotionEvent& event = watch.ended.front();
  EXPECT_LT(event.begin - begin, 300ms);
  EXPECT_LE(event.confirmed - begin, 500ms);
  EXPECT_LT(std::chrono::abs(event.end - end), 1s);
  EXPECT_GT(event.peak_area, 0.015);
  EXPECT_LT(event.peak_area, 0.08);
  EXPECT_GE(event.peak_score, event.threshold);
  EXPECT_EQ(event.held_back, HeldBack::kTooShort);
  EXPECT_EQ(event.reasons.front().reason, HeldBack::kTooShort);
  EXPECT_GE(event.reasons.front().total, 100ms);
  EXPECT_LE(event.reasons.front().last, event.confirmed);
  EXPECT_GE(event.reasons.front().last, event.begin);
}

TEST(MotionDetector, FindsAFaintAnimalInTheNoise) {
  Watch watch;
  watch.planes.noise = 8;
  watch.planes.gain = 0.5;
  watch.quiet(10);
  watch.walk(3, {0, 160, 48, 32, 90});  // 90 * 0.5 on about 50: five levels below, with a deviation of 8
  EXPECT_EQ(watch.confirmed, 1);
}

TEST(MotionDetector, KeepsAVisitOpenWhileTheAnimalSits) {
  Watch watch;
  watch.quiet(5);
  const Square there = watch.walk(2, {0, 80});
  watch.stay(2.5, there);
  watch.walk(2.6, there);
  watch.quiet(6);
  EXPECT_EQ(watch.confirmed, 1);
  ASSERT_EQ(watch.ended.size(), 1U);
  EXPECT_GT(watch.ended[0].end - watch.ended[0].begin, 6s);
}

TEST(MotionDetector, WaitsHalfAMinuteForAnAnimalThatSitsAndNoLonger) {
  for (const auto& [sits_s, visits] : {std::pair{20.0, 1U}, std::pair{50.0, 2U}}) {
    Watch watch;
    watch.quiet(5);
    const Square there = watch.walk(2, {0, 80});
    watch.stay(sits_s, there);
    watch.walk(2.6, there);
    watch.quiet(6);
    EXPECT_EQ(watch.ended.size(), visits) << sits_s;
  }
}

TEST(MotionDetector, EndsAnEventThoughSomethingWasTakenAway) {
  Watch watch;
  const Square thing{100, 80, 40, 60, 30};
  watch.stay(8, thing);
  Square hand{-60, 80, 60, 40, 220};
  for (; hand.x < 60; hand.x += 12) watch.see({thing, hand});
  for (; hand.x > -70; hand.x -= 12) watch.see({hand});
  const BootTime left = watch.planes.now();
  watch.quiet(8);
  ASSERT_EQ(watch.ended.size(), 1U);
  EXPECT_LT(std::chrono::abs(watch.ended[0].end - left), 1s);
}

TEST(MotionDetector, SeesWhatMovesAgainWhereAnEventHasEnded) {
  Watch watch;
  watch.quiet(5);
  const Square there = watch.walk(2, {0, 80, 48, 48});
  watch.stay(40, there);
  ASSERT_EQ(watch.ended.size(), 1U);
  const BootTime again = watch.planes.now();
  watch.walk(2.6, there);
  watch.quiet(5);
  ASSERT_EQ(watch.ended.size(), 2U);
  EXPECT_LT(std::chrono::abs(watch.ended[1].begin - again), 500ms);
  EXPECT_GE(watch.ended[1].begin, watch.ended[0].end);
}

TEST(MotionDetector, FindsAnimalsThoughPicturesComeSeldom) {
  MotionPlanes planes;
  MotionDetector detector{MotionOptions{}};
  int confirmed = 0;
  Square square{-40, 80};
  for (int picture = 0; picture < 60; ++picture) {  // every fifth of ten a second
    for (int n = 0; n < 5; ++n) planes.fill();
    const bool there = picture >= 20 && picture < 30;
    if (there) square.x += 20;
    planes.fill(there ? std::vector{square} : std::vector<Square>{});
    confirmed += detector.update(planes.plane()).change == MotionReport::Change::kConfirmed ? 1 : 0;
  }
  EXPECT_EQ(confirmed, 1);
}

TEST(MotionDetector, TakesNoMemoryAfterItsFirstPicture) {
  MotionPlanes planes;
  MotionDetector detector{MotionOptions{}};
  planes.fill();
  detector.update(planes.plane());
  Square square{0, 80};
  std::uint64_t taken = 0;
  int confirmed = 0;
  for (int n = 0; n < 400; ++n, square.x += n % 100 < 50 ? 8 : 0) {
    if (n % 100 == 0) square.x = 0;
    if (n == 250) planes.lamp = true;
    planes.fill(n % 100 < 50 ? std::vector{square} : std::vector<Square>{});
    const auto before = test::allocations_of_this_thread();
    const auto report = detector.update(planes.plane());
    if (n == 200) detector.announce_switch(planes.now());
    if (n == 210) detector.switch_done(planes.now());
    taken += test::allocations_of_this_thread() - before;
    confirmed += report.change == MotionReport::Change::kConfirmed ? 1 : 0;
  }
  EXPECT_EQ(taken, 0U);
  EXPECT_GE(confirmed, 3) << "it had nothing to do";
}

TEST(MotionDetector, EndsAnEventThoughSomethingWasPutDown) {
  Watch watch;
  watch.quiet(5);
  Square hand{-60, 80, 60, 40, 220};
  const Square thing{100, 80, 40, 60, 30};
  for (; hand.x < 60; hand.x += 12) watch.see({hand});
  for (; hand.x > -70; hand.x -= 12) watch.see({thing, hand});
  const BootTime left = watch.planes.now();
  watch.stay(8, thing);
  ASSERT_EQ(watch.ended.size(), 1U);
  EXPECT_LT(std::chrono::abs(watch.ended[0].end - left), 1s);
  watch.quiet(8);  // it is gone again, at once: nobody was seen to take it
  EXPECT_LE(watch.confirmed, 2);
  EXPECT_EQ(watch.last.state, MotionState::kQuiet);
}

TEST(MotionDetector, TakesNoLeafForAnAnimal) {
  Watch watch;
  int events_at_first = 0;
  for (int n = 0; n < 600; ++n) {
    const double sway = 10 * std::sin(0.9 * n) + 6 * std::sin(0.37 * n);
    watch.see({{150 + sway, 60, 30, 50, 180}, {220 - sway, 100, 24, 40, 30}});
    if (n == 150) events_at_first = watch.confirmed;
  }
  EXPECT_EQ(watch.confirmed, events_at_first);
  // Until a leaf has come and gone several times it is as large, as sharp and as steady as an animal.
  EXPECT_LE(events_at_first, 2);
}

TEST(MotionDetector, HardlyEverTakesDropsForAnAnimal) {
  Watch watch;
  std::minstd_rand random(4);
  watch.quiet(3);
  for (int n = 0; n < 600; ++n) {
    std::vector<Square> drops;
    for (int drop = 0; drop < 4; ++drop) {
      drops.push_back({static_cast<double>(random() % 318), static_cast<double>(random() % 220), 2, 20, 140});
    }
    watch.see(drops);
  }
  // With four drops in every picture now and then three in a row fall beside each other, and that is how a bird flies.
  EXPECT_LE(watch.confirmed, 2) << "of 2400 drops in a minute";
}

TEST(MotionDetector, FollowsTheShadowOfACloud) {
  Watch watch;
  watch.quiet(3);
  for (int n = 0; n < 300; ++n) {
    watch.planes.gain = 1 - 0.3 * std::sin(0.03 * n);
    watch.see();
  }
  EXPECT_EQ(watch.confirmed, 0);
}

TEST(MotionDetector, ForgetsOnDemandAndStartsAnewWithAnotherSize) {
  Watch watch;
  watch.quiet(5);
  watch.walk(2, {0, 80});
  EXPECT_EQ(watch.last.state, MotionState::kActive);
  const auto cut_off = watch.detector.forget();
  ASSERT_TRUE(cut_off.has_value());
  EXPECT_LE(cut_off->end, watch.planes.now());
  EXPECT_FALSE(watch.detector.forget().has_value());
  watch.see();
  EXPECT_EQ(watch.last.change, MotionReport::Change::kNone);
  EXPECT_EQ(watch.last.state, MotionState::kLearning);
  watch.quiet(5);
  watch.walk(2, {0, 80});
  EXPECT_EQ(watch.last.state, MotionState::kActive);

  const std::vector<std::uint8_t> other(640 * 360, 90);
  const auto report = watch.detector.update({other.data(), 640, 360, 640, watch.planes.now() + 1s});
  EXPECT_EQ(report.state, MotionState::kLearning);
  EXPECT_EQ(report.change, MotionReport::Change::kEnded) << "the one of the smaller planes";
  EXPECT_EQ(watch.detector.update({other.data(), 16, 16, 640, watch.planes.now() + 2s}).score, 0);
}

}  // namespace
}  // namespace nestbox
