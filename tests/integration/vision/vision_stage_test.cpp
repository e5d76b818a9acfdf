/// The eye on its thread: frames in, events, photographs and traces out.
#include "nestbox/vision/vision_stage.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>

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
            },
            [this](const LightSample& sample) {
              Lock lock(mutex_);
              light_.push_back(sample);
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
  std::vector<LightSample> light() EXCLUDES(mutex_) {
    Lock lock(mutex_);
    return light_;
  }

 private:
  Mutex mutex_;
  std::vector<MotionReport> reports_ GUARDED_BY(mutex_);
  std::vector<BestMoment> best_ GUARDED_BY(mutex_);
  std::vector<MotionSegment> segments_ GUARDED_BY(mutex_);
  std::vector<LightSample> light_ GUARDED_BY(mutex_);
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
        plane.data[y * plane.stride + x] = static_cast<std::uint8_t>((in_square ? 200 : background) + grain);
      }
    }
    Frame frame;
    frame.sequence = ++sequence_;
    frame.captured_at = now_ += 100ms;
    frame.main = memory_->main(0);
    frame.analysis = plane;
    frame.content = content;
    frame.exposure = 20ms;
    frame.gain = 2.5F;
    frame.lux = 40.0F;
    show(frame);
  }
  /// One plane of the caller's making.
  void paint(const std::function<std::uint8_t(double, double)>& luma_at) {
    const auto& plane = memory_->analysis(0);
    for (int y = 0; y < plane.height; ++y) {
      for (int x = 0; x < plane.width; ++x)
        plane.data[y * plane.stride + x] = luma_at((x + 0.5) / plane.width, (y + 0.5) / plane.height);
    }
    Frame frame;
    frame.sequence = ++sequence_;
    frame.captured_at = now_ += 250ms;
    frame.main = memory_->main(0);
    frame.analysis = plane;
    show(frame);
  }
  void quiet(int pictures) {
    for (int n = 0; n < pictures; ++n) show(std::nullopt);
  }
  void walk(int pictures) {
    for (int n = 0; n < pictures; ++n) show(n * 8.0);
  }
  int background = 90;  ///< luma of what stands still

 private:
  void show(const Frame& frame) {
    stage_.offer(ring_->publish(0, frame));
    ASSERT_TRUE(returned_.pop_until(BootClock::now() + kPatience)) << "the stage keeps the picture";
  }

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

TEST_F(VisionStageTest, ASwitchAnnouncedTwiceHoldsFromTheSecondOneAndEndsOnce) {
  camera_.quiet(60);
  stage_.announce_switch();
  camera_.quiet(90);
  stage_.announce_switch();
  camera_.quiet(20);
  camera_.walk(20);
  EXPECT_EQ(stage_.status().events, 0U) << "11 to 13 s after the first one, and less than 10 s after the second";
  stage_.switch_done();
  camera_.quiet(20);
  stage_.switch_done();
  camera_.walk(10);
  EXPECT_EQ(stage_.status().events, 1U) << "a second end does not make it learn anew";
}

TEST_F(VisionStageTest, ASwitchThatNobodyAnnouncedHasNoEnd) {
  camera_.quiet(60);
  stage_.switch_done();
  camera_.walk(8);
  EXPECT_EQ(stage_.status().events, 1U);
}

TEST_F(VisionStageTest, ASwitchWithoutAnEndHoldsForALimitedTime) {
  camera_.quiet(60);
  stage_.announce_switch();
  camera_.quiet(5);
  camera_.background = 40;
  camera_.quiet(100);
  EXPECT_EQ(stage_.status().events, 0U);
  camera_.walk(20);
  EXPECT_EQ(stage_.status().events, 1U);
}

TEST_F(VisionStageTest, AnnouncedAndDoneBetweenTwoPicturesIsLearntAnew) {
  camera_.quiet(60);
  stage_.announce_switch();
  stage_.switch_done();
  camera_.walk(8);
  EXPECT_EQ(stage_.status().events, 0U) << "what moves while it learns may be the background";
}

TEST_F(VisionStageTest, TellsOfTheLightFourTimesASecondAtMost) {
  camera_.quiet(60);
  camera_.walk(30);
  const auto light = heard_.light();
  EXPECT_EQ(light.size(), 30U) << "every third picture of ten a second, during an event too";
  for (std::size_t n = 1; n < light.size(); ++n) EXPECT_GE(light[n].at - light[n - 1].at, VisionStage::kLightInterval);
  EXPECT_NEAR(light[0].luma, (91.5 - 16) / 219, 0.01);
  EXPECT_EQ(light[0].burnt_share, 0);
  EXPECT_EQ(light[0].exposure, 20ms);
  EXPECT_EQ(light[0].gain, 2.5);
  EXPECT_EQ(light[0].lux, 40.0);
}

TEST_F(VisionStageTest, TellsOfTheLightWithMotionSwitchedOff) {
  MotionOptions off;
  off.enabled = false;
  stage_.apply(off);
  camera_.quiet(30);
  EXPECT_EQ(heard_.light().size(), 10U);
  EXPECT_EQ(heard_.reports(Change::kNone).size(), 0U);
  EXPECT_EQ(stage_.status().events, 0U);
}

TEST_F(VisionStageTest, ASlateTellsNothingOfTheLight) {
  for (int n = 0; n < 20; ++n) camera_.show(std::nullopt, Content::kSlate);
  EXPECT_TRUE(heard_.light().empty());
  camera_.show(std::nullopt, Content::kSimulated);
  EXPECT_EQ(heard_.light().size(), 1U);
}

TEST_F(VisionStageTest, TheLightOfBlackWhiteAndHalfBurntPictures) {
  camera_.paint([](double, double) { return 16; });
  camera_.paint([](double, double) { return 0; });
  camera_.paint([](double, double) { return 255; });
  camera_.paint([](double x, double) { return x < 0.25 ? 235 : 16; });
  const auto light = heard_.light();
  ASSERT_EQ(light.size(), 4U);
  EXPECT_EQ(light[0].luma, 0);
  EXPECT_EQ(light[1].luma, 0);
  EXPECT_EQ(light[2].luma, 1);
  EXPECT_EQ(light[2].burnt_share, 1);
  EXPECT_NEAR(light[3].luma, 0.25, 0.01);
  EXPECT_NEAR(light[3].burnt_share, 0.25, 0.01);
  EXPECT_FALSE(light[0].exposure || light[0].gain || light[0].lux) << "what the source does not know";
}

TEST_F(VisionStageTest, PrivacyAreasAreNoDarkness) {
  const auto left_half_is_black = [](double x, double) { return static_cast<std::uint8_t>(x < 0.5 ? 16 : 125); };
  camera_.paint(left_half_is_black);
  stage_.hide({{{0, 0}, {0.5, 0}, {0.5, 1}, {0, 1}}});
  camera_.paint(left_half_is_black);
  stage_.hide({{{0, 0}, {1, 0}, {1, 1}, {0, 1}}});
  camera_.paint([](double, double) { return 16; });
  stage_.hide({});
  camera_.paint(left_half_is_black);
  const auto light = heard_.light();
  ASSERT_EQ(light.size(), 3U) << "a picture that is hidden altogether tells nothing";
  EXPECT_NEAR(light[0].luma, 0.25, 0.02);
  EXPECT_NEAR(light[1].luma, 0.5, 0.02);
  EXPECT_NEAR(light[2].luma, 0.25, 0.02);
}

/// Before start(), orders wait for the first picture.
TEST(VisionStageBeforeStart, OrdersWaitForTheFirstPicture) {
  Heard heard;
  VisionStage stage({}, heard.listener());
  stage.switch_done();
  stage.announce_switch();
  stage.announce_switch();
  stage.start();
  SlowCamera camera(stage);
  camera.quiet(60);
  camera.walk(20);
  EXPECT_EQ(stage.status().events, 0U);
  stage.switch_done();
  camera.quiet(20);
  camera.walk(20);
  EXPECT_EQ(stage.status().events, 1U);
  stage.request_stop();
  ASSERT_TRUE(stage.join_until(BootClock::now() + kPatience));
}

}  // namespace
}  // namespace nestbox
