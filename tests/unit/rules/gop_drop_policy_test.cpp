#include "nestbox/rules/gop_drop_policy.h"

#include <gtest/gtest.h>

namespace nestbox {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using Kind = GopDropPolicy::Kind;

constexpr BootTime kGopStart{hours(1)};

TEST(GopDropPolicy, BeginsWithAKeyframe) {
  GopDropPolicy policy;
  EXPECT_FALSE(policy.admits(Kind::kVideo));
  EXPECT_TRUE(policy.skipping());
  EXPECT_TRUE(policy.admits(Kind::kKeyframe));
  EXPECT_TRUE(policy.admits(Kind::kVideo));
}

TEST(GopDropPolicy, SoundFlowsWhileThePictureIsSkipped) {
  GopDropPolicy policy;
  policy.skipped_all();
  EXPECT_TRUE(policy.admits(Kind::kAudio));
  EXPECT_TRUE(policy.skipping()) << "sound does not end the skipping";
}

TEST(GopDropPolicy, EachBoundCounts) {
  const GopDropPolicy policy;
  EXPECT_FALSE(policy.overflows({std::chrono::seconds(2), 4U << 20U, 512}));
  EXPECT_TRUE(policy.overflows({milliseconds(2001), 0, 0}));
  EXPECT_TRUE(policy.overflows({{}, (4U << 20U) + 1, 0}));
  EXPECT_TRUE(policy.overflows({{}, 0, 513}));
}

TEST(GopDropPolicy, LosesNothingToAStallThatIsMadeUpFor) {
  GopDropPolicy policy;
  auto age = milliseconds(1500);
  for (auto now = kGopStart; age > milliseconds(0); now += milliseconds(10), age -= milliseconds(100)) {
    EXPECT_FALSE(policy.stale(now, age)) << age.count();
  }
}

TEST(GopDropPolicy, SkipsWhenThePathTakesDataButDoesNotCatchUp) {
  GopDropPolicy policy;
  EXPECT_FALSE(policy.stale(kGopStart, milliseconds(700)));
  EXPECT_FALSE(policy.stale(kGopStart + milliseconds(150), milliseconds(800)));
  EXPECT_TRUE(policy.stale(kGopStart + milliseconds(151), milliseconds(800)));
}

TEST(GopDropPolicy, PatienceStartsAnewAfterEverySkip) {
  GopDropPolicy policy;
  policy.stale(kGopStart, milliseconds(700));
  policy.skipped_to_keyframe();
  EXPECT_FALSE(policy.skipping());
  EXPECT_FALSE(policy.stale(kGopStart + milliseconds(600), milliseconds(700)));
}

}  // namespace
}  // namespace nestbox
