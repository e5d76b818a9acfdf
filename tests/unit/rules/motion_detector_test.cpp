#include "nestbox/rules/motion_detector.h"

#include <gtest/gtest.h>

#include "motion_planes.h"

namespace nestbox {
namespace {

using namespace std::chrono_literals;

TEST(MotionDetector, SaysNothingOfAnEmptyPicture) {
  Watch watch;
  watch.quiet(60);
  EXPECT_EQ(watch.confirmed, 0);
  EXPECT_EQ(watch.last.state, MotionState::kQuiet);
}

TEST(MotionDetector, FindsWhatWalksThroughWithinHalfASecondAndEndsWhenItHasLeft) {
  Watch watch;
  watch.quiet(5);
  const BootTime begin = watch.planes.now();
  watch.walk(3, {0, 80});
  const BootTime end = watch.planes.now();
  watch.quiet(5);
  ASSERT_EQ(watch.ended.size(), 1U);
  const MotionEvent& event = watch.ended.front();
  EXPECT_LT(event.begin - begin, 300ms);
  EXPECT_LT(event.confirmed - begin, 500ms);
  EXPECT_LT(abs(event.end - end), 600ms);
  EXPECT_GT(event.peak_area, 0.015);
  EXPECT_LT(event.peak_area, 0.06);
}

}  // namespace
}  // namespace nestbox
