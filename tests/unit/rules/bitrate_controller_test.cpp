#include "nestbox/rules/bitrate_controller.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "nestbox/rules/gop_drop_policy.h"

namespace nestbox {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using Limits = BitrateController::Limits;
using Link = BitrateController::Link;

constexpr BootTime kBegin{hours(1)};
constexpr Limits kLimits{400'000, 3'000'000, 30'000};
constexpr milliseconds kTick(20);

/// One output on a path that takes `capacity_bps`, with the drop policy of the real one. Frames at 50 a second, every
/// hundredth of them a keyframe of five times the size.
class Path {
 public:
  double capacity_bps = 20e6;
  nanoseconds longest_gap{}, longest_lag{};
  int skips = 0;

  void tick(BootTime now, std::int64_t bitrate_bps) {
    const bool keyframe = wants_keyframe_ || ++frames_ % 100 == 0;
    const double bits =
        static_cast<double>(bitrate_bps + kLimits.audio_bps) * to_seconds(kTick) * (keyframe ? 5 : 0.96);
    if (policy_.admits(keyframe ? GopDropPolicy::Kind::kKeyframe : GopDropPolicy::Kind::kVideo)) {
      queue_.push_back({now, bits});
      wants_keyframe_ = false;
    }
    drain(now);
  }
  Link link() const {
    double taken = 0;
    for (const double bits : taken_) taken += bits;
    return {taken, lag_, lag_ > milliseconds(200) || policy_.skipping(), true};
  }
  void forget_worst() { longest_gap = longest_lag = nanoseconds::zero(); }

 private:
  struct Frame {
    BootTime captured_at;
    double bits;
  };

  void drain(BootTime now) {
    double room = capacity_bps * to_seconds(kTick), taken = 0;
    while (room > 0 && !queue_.empty()) {
      if (!begun_ && policy_.stale(now, now - queue_.front().captured_at)) {
        queue_.clear();
        policy_.skipped_all();
        wants_keyframe_ = true;
        ++skips;
        break;
      }
      auto& frame = queue_.front();
      const double part = std::min(room, frame.bits);
      room -= part, taken += part, frame.bits -= part;
      begun_ = frame.bits > 0;
      if (begun_) continue;
      longest_gap = std::max(longest_gap, now - delivered_at_);
      longest_lag = std::max(longest_lag, now - frame.captured_at);
      delivered_at_ = now;
      queue_.pop_front();
    }
    lag_ = queue_.empty() ? nanoseconds::zero() : now - queue_.front().captured_at;
    taken_.push_back(taken);
    if (taken_.size() > 50) taken_.pop_front();
  }

  GopDropPolicy policy_;
  std::deque<Frame> queue_;
  std::deque<double> taken_;
  BootTime delivered_at_ = kBegin;
  nanoseconds lag_{};
  int frames_ = 0;
  bool wants_keyframe_ = true, begun_ = false;
};

/// Controller, encoder and paths in one loop.
struct Loop {
  BitrateController controller{kLimits};
  std::vector<Path> paths;
  BootTime now = kBegin;

  void run(nanoseconds span) {
    for (const auto end = now + span; now < end; now += kTick) {
      std::vector<Link> links;
      for (auto& path : paths) {
        path.tick(now, controller.bitrate_bps());
        links.push_back(path.link());
      }
      if ((now - kBegin) % milliseconds(200) == nanoseconds::zero()) controller.update(now, links);
    }
  }
};

TEST(BitrateController, StartsAtTheHighestRateAndStaysThereOnAGoodPath) {
  Loop loop;
  loop.paths.resize(1);
  loop.run(hours(1));
  EXPECT_EQ(loop.controller.bitrate_bps(), kLimits.max_bps);
  EXPECT_EQ(loop.paths[0].skips, 0);
}

TEST(BitrateController, FollowsAPathThatNarrowsForAMinuteAndComesBack) {
  Loop loop;
  loop.paths.resize(1);
  loop.run(seconds(20));
  loop.paths[0].capacity_bps = 500'000;
  loop.paths[0].forget_worst();
  loop.run(seconds(10));
  EXPECT_LT(loop.controller.bitrate_bps(), 480'000);
  EXPECT_LT(loop.paths[0].longest_gap, seconds(4));
  EXPECT_LT(loop.paths[0].longest_lag, milliseconds(2500)) << "what was under way when the path narrowed";
  loop.paths[0].forget_worst();
  loop.run(seconds(50));
  EXPECT_LT(loop.paths[0].longest_lag, seconds(1));
  EXPECT_LT(loop.paths[0].longest_gap, seconds(2));
  loop.paths[0].capacity_bps = 20e6;
  loop.run(seconds(40));
  EXPECT_GE(loop.controller.bitrate_bps(), kLimits.max_bps * 9 / 10) << "back within 40 s";
}

TEST(BitrateController, SettlesBelowASteadyPathAndProbesWithoutHarm) {
  Loop loop;
  loop.paths.resize(1);
  loop.paths[0].capacity_bps = 1'500'000;
  loop.run(seconds(30));
  loop.paths[0].forget_worst();
  double sum_bps = 0;
  for (int n = 0; n < 600; ++n) {
    loop.run(seconds(1));
    sum_bps += static_cast<double>(loop.controller.bitrate_bps()) / 600;
  }
  EXPECT_GT(sum_bps, 900'000) << "of 1,500,000";
  EXPECT_LT(sum_bps, 1'500'000);
  EXPECT_LT(loop.paths[0].longest_lag, milliseconds(1500));
}

TEST(BitrateController, FollowsTheSlowerOfTwoPaths) {
  Loop loop;
  loop.paths.resize(2);
  loop.paths[1].capacity_bps = 1'000'000;
  loop.run(seconds(60));
  EXPECT_LT(loop.controller.bitrate_bps(), 1'300'000);
  EXPECT_EQ(loop.paths[0].skips, 0);
}

TEST(BitrateController, APathThatCannotTakeTheLowestRateIsLeftBehind) {
  Loop loop;
  loop.paths.resize(2);
  loop.paths[1].capacity_bps = 150'000;
  loop.run(seconds(90));
  EXPECT_GE(loop.controller.bitrate_bps(), kLimits.max_bps * 9 / 10);
  EXPECT_EQ(loop.paths[0].skips, 0);
  EXPECT_GT(loop.paths[1].skips, 0) << "it drops alone";
}

TEST(BitrateController, TheOnlyPathIsNeverLeftBehind) {
  Loop loop;
  loop.paths.resize(1);
  loop.paths[0].capacity_bps = 150'000;
  loop.run(seconds(120));
  EXPECT_EQ(loop.controller.bitrate_bps(), kLimits.min_bps);
}

TEST(BitrateController, OutputsThatAreNotConnectedHaveNoSay) {
  BitrateController controller(kLimits);
  const std::vector<Link> links{{0, seconds(30), true, false}};
  for (auto now = kBegin; now < kBegin + seconds(60); now += milliseconds(200)) controller.update(now, links);
  EXPECT_EQ(controller.bitrate_bps(), kLimits.max_bps);
}

TEST(BitrateController, NewLimitsHoldAtOnce) {
  BitrateController controller(kLimits);
  controller.set_limits({400'000, 2'000'000, 0});
  EXPECT_EQ(controller.bitrate_bps(), 2'000'000);
  controller.set_limits({400'000, 4'000'000, 0});
  EXPECT_EQ(controller.bitrate_bps(), 4'000'000) << "it was at its highest, so it goes with it";
}

}  // namespace
}  // namespace nestbox
