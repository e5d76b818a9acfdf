/// The eye on its thread: frames in, events, photographs and traces out.
#include "nestbox/vision/vision_stage.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "nestbox/base/bounded_queue.h"
#include "nestbox/base/mutex.h"
#include "nestbox/media/picture_memory.h"
#include "support/patience.h"

namespace nestbox {
namespace {

using namespace std::chrono_literals;
using Change = MotionReport::Change;

/// What the stage told, for another thread to look at.
class Heard {
 public:
  VisionStage::Listener listener() {
    return {[this](const MotionReport& report) {
              Lock lock(mutex_);
              reports_.push_back(report);
            },
            [this](const BestMoment& best) {
              Lock lock(mutex_);
              best_.push_back(best);
            },
            [this](const MotionSegment& segment) {
              Lock lock(mutex_);
              segments_.push_back(segment);
            }};
  }
  std::vector<MotionReport> reports(Change change) EXCLUDES(mutex_) {
    Lock lock(mutex_);
    std::vector<MotionReport> found;
    std::copy_if(reports_.begin(), reports_.end(), std::back_inserter(found),
                 [&](const auto& report) { return report.change == change; });
    return found;
  }
  std::vector<BestMoment> best() EXCLUDES(mutex_) {
    Lock lock(mutex_);
    return best_;
  }
  std::vector<MotionSegment> segments() EXCLUDES(mutex_) {
    Lock lock(mutex_);
    return segments_;
  }

 private:
  Mutex mutex_;
  std::vector<MotionReport> reports_ GUARDED_BY(mutex_);
  std::vector<BestMoment> best_ GUARDED_BY(mutex_);
  std::vector<MotionSegment> segments_ GUARDED_BY(mutex_);
};

/// A camera of one slot: each picture has been looked at before the next one is taken, whatever the machine's speed.
class SlowCamera {
 public:
  explicit SlowCamera(VisionStage& stage) : stage_(stage) {}

  void show(std::optional<double> square_x, Content content = Content::kLive) {
    const auto& plane = memory_->analysis(0);
    for (int y = 0; y < plane.height; ++y) {
      for (int x = 0; x < plane.width; ++x) {
        const bool in_square = square_x && x >= *square_x && x < *square_x + 40 && y >= 60 && y < 100;
        const int grain = static_cast<int>((noise_ = noise_ * 1664525U + 1013904223U) >> 30U);
        plane.data[y * plane.stride + x] = static_cast<std::uint8_t>((in_square ? 200 : 90) + grain);
      }
    }
    Frame frame;
    frame.sequence = ++sequence_;
    frame.captured_at = now_ += 100ms;
    frame.main = memory_->main(0);
    frame.analysis = plane;
    frame.content = content;
    stage_.offer(ring_->publish(0, frame));
    ASSERT_TRUE(returned_.pop_until(BootClock::now() + kPatience)) << "the stage keeps the picture";
  }
  void quiet(int pictures) {
    for (int n = 0; n < pictures; ++n) show(std::nullopt);
  }
  void walk(int pictures) {
    for (int n = 0; n < pictures; ++n) show(n * 8.0);
  }

 private:
  VisionStage& stage_;
  std::shared_ptr<PictureMemory> memory_ = std::make_shared<PictureMemory>(1, PictureMemory::Shape{640, 360, 320, 180});
  BoundedQueue<SlotIndex> returned_{1};
  std::shared_ptr<FrameRing> ring_ =
      FrameRing::create(1, memory_, [this](SlotIndex slot) { EXPECT_TRUE(returned_.push(std::move(slot))); });
  std::uint32_t noise_ = 1;
  std::uint64_t sequence_ = 0;
  BootTime now_ = BootClock::now();
};

class VisionStageTest : public testing::Test {
 protected:
  void SetUp() override { stage_.start(); }
  void TearDown() override { stop(); }
  void stop() {
    stage_.request_stop();
    ASSERT_TRUE(stage_.join_until(BootClock::now() + kPatience));
  }
  Heard heard_;
  VisionStage stage_{MotionOptions{}, heard_.listener()};
  SlowCamera camera_{stage_};
};

TEST_F(VisionStageTest, TellsOfAnEventWithItsPhotographAndItsTrace) {
  camera_.quiet(60);
  camera_.walk(30);
  EXPECT_TRUE(stage_.status().active);
  EXPECT_GT(stage_.status().score, stage_.status().threshold);
  camera_.quiet(40);
  ASSERT_EQ(heard_.reports(Change::kConfirmed).size(), 1U);
  const auto ended = heard_.reports(Change::kEnded);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_NEAR(to_seconds(ended[0].event.end - ended[0].event.begin), 3, 0.7);
  EXPECT_EQ(stage_.status().events, 1U);
  EXPECT_FALSE(stage_.status().active);
  EXPECT_EQ(stage_.status().dropped, 0U);

  const auto best = heard_.best();
  ASSERT_FALSE(best.empty());
  EXPECT_TRUE(best[0].jpeg->starts_with("\xFF\xD8"));
  for (std::size_t n = 1; n < best.size(); ++n) EXPECT_GT(best[n].score, best[n - 1].score);

  const auto segments = heard_.segments();
  ASSERT_EQ(segments.size(), 1U);
  EXPECT_EQ(segments[0].events.size(), 1U);
  EXPECT_EQ(replay(segments[0], {})->size(), 1U);
  EXPECT_LT(std::chrono::abs(segments[0].begin_wall - wall_now()), 10min);
}

TEST_F(VisionStageTest, ASlateEndsTheEventAndIsNotLookedAt) {
  camera_.quiet(60);
  camera_.walk(20);
  camera_.show(std::nullopt, Content::kSlate);
  EXPECT_EQ(heard_.reports(Change::kEnded).size(), 1U);
  EXPECT_FALSE(stage_.status().active);
  for (int n = 0; n < 40; ++n) camera_.show(n * 8.0, Content::kSlate);
  EXPECT_EQ(heard_.reports(Change::kConfirmed).size(), 1U);
  camera_.quiet(30);
  EXPECT_EQ(heard_.reports(Change::kConfirmed).size(), 1U) << "the picture that comes back is not motion";
}

TEST_F(VisionStageTest, SwitchedOffItEndsTheEventAndCostsNothing) {
  camera_.quiet(60);
  camera_.walk(20);
  MotionOptions off;
  off.enabled = false;
  stage_.apply(off);
  camera_.show(200.0);
  EXPECT_EQ(heard_.reports(Change::kEnded).size(), 1U);
  camera_.walk(30);
  EXPECT_FALSE(stage_.status().enabled);
  EXPECT_EQ(stage_.status().events, 1U);
  stage_.apply({});
  camera_.quiet(60);
  camera_.walk(20);
  EXPECT_EQ(stage_.status().events, 2U);
}

TEST_F(VisionStageTest, StoppingEndsTheEventAndKeepsItsTrace) {
  camera_.quiet(60);
  camera_.walk(20);
  stop();
  EXPECT_EQ(heard_.reports(Change::kEnded).size(), 1U);
  ASSERT_EQ(heard_.segments().size(), 1U);
  EXPECT_EQ(heard_.segments()[0].events.size(), 1U) << "the one that was cut off";
}

TEST_F(VisionStageTest, AnnouncedSwitchesAreNoEvents) {
  camera_.quiet(60);
  stage_.announce_switch();
  camera_.walk(20);
  stage_.switch_done();
  camera_.quiet(40);
  EXPECT_EQ(stage_.status().events, 0U);
}

}  // namespace
}  // namespace nestbox
