#include <thread>

#include "support.h"

namespace nestbox::test {
namespace {

TEST(EncodeStage, SleepsWhileNobodyTakesPackets) {
  install_av_log_bridge();
  TestCamera camera({64, 64});
  EncodeStage stage("encode", quick_setup());
  stage.start();
  for (int i = 0; i < 100; ++i) {
    stage.offer(camera.gradient(at(i * 33ms)));
    ASSERT_EQ(camera.ring().leased(), 0U) << "the lease dies inside offer()";
  }
  EXPECT_EQ(stage.status().state, EncoderState::kSleeping);
  EXPECT_EQ(stage.status().frames, 0U);
  EXPECT_EQ(stage.status().frames_dropped, 0U);
  EXPECT_EQ(stage.heartbeat().busy_for(BootClock::now()), std::nullopt);
}

TEST(EncodeStage, WakesWithAKeyframe) {
  Line line;
  for (int i = 0; i < 3; ++i) line.pass(line.camera.gradient(at(i * 33ms)));
  line.stage.hub().detach(*line.sink);
  EXPECT_EQ(line.stage.status().state, EncoderState::kSleeping);
  for (int i = 3; i < 6; ++i) line.stage.offer(line.camera.gradient(at(i * 33ms)));

  const auto late = std::make_shared<Recorder>();
  line.stage.hub().attach(late);
  EXPECT_EQ(line.stage.status().state, EncoderState::kRunning);
  for (int i = 6; i < 9; ++i) {
    line.stage.offer(line.camera.gradient(at(i * 33ms)));
    ASSERT_TRUE(late->wait_for_video(static_cast<std::size_t>(i) - 5));
  }
  const auto packets = late->packets();
  EXPECT_EQ(packets.front().track, Track::kVideo);
  EXPECT_TRUE(packets.front().keyframe);
  EXPECT_EQ(packets.front().pts, at(6 * 33ms)) << "the first picture after waking, though the last keyframe is recent";
  EXPECT_EQ(line.stage.status().frames, 6U) << "what was offered in its sleep was not encoded";
}

TEST(EncodeStage, ALateSinkStartsAtAKeyframeThatItsComingBrings) {
  Line line;
  for (int i = 0; i < 20; ++i) line.pass(line.camera.gradient(at(i * 33ms)));
  const auto late = std::make_shared<Recorder>();
  line.stage.hub().attach(late);
  for (int i = 20; i < 25; ++i) line.pass(line.camera.gradient(at(i * 33ms)));
  const auto packets = late->packets();
  ASSERT_FALSE(packets.empty());
  EXPECT_TRUE(packets.front().keyframe);
  EXPECT_EQ(packets.front().pts, at(20 * 33ms));
  EXPECT_EQ(line.sink->infos().size(), 1U) << "the first sink sees one stream";
}

TEST(EncodeStage, AChangeOfSizeIsANewStream) {
  Line line;
  for (int i = 0; i < 5; ++i) line.pass(line.camera.gradient(at(i * 33ms)));
  TestCamera other({640, 360});
  for (int i = 5; i < 10; ++i) line.pass(other.gradient(at(i * 33ms)));

  const auto infos = line.sink->infos();
  ASSERT_EQ(infos.size(), 2U);
  EXPECT_EQ(line.sink->closes(), 1);
  EXPECT_EQ(infos[0].video.width, 320);
  EXPECT_EQ(infos[1].video.width, 640);
  EXPECT_EQ(infos[1].video.height, 360);
  const auto video = line.sink->of(Track::kVideo);
  EXPECT_TRUE(video[5].keyframe);
  Decoder decoder(infos[1].video.extradata);
  const auto picture = decoder.decode(video[5]);
  ASSERT_NE(picture, nullptr);
  EXPECT_GT(luma_psnr_db(*picture, 0), 38);
}

TEST(EncodeStage, AChangeOfLayoutAloneIsTheSameStream) {
  Line line;
  for (int i = 0; i < 3; ++i) line.pass(line.camera.gradient(at(i * 33ms)));
  TestCamera other({320, 180, PixelFormat::kNv12});
  for (int i = 3; i < 6; ++i) line.pass(other.gradient(at(i * 33ms)));
  EXPECT_EQ(line.sink->infos().size(), 1U);
  EXPECT_TRUE(line.sink->of(Track::kVideo)[3].keyframe);
}

TEST(EncodeStage, BitRatesAndKeyframeIntervalChangeWithoutANewStream) {
  Line line;
  for (int i = 0; i < 3; ++i) line.pass(line.camera.gradient(at(i * 33ms)));
  auto setup = quick_setup();
  setup.encoder.bitrate_bps = 700'000;
  setup.encoder.keyframe_interval = 1000ms;
  line.stage.apply(setup);
  for (int i = 3; i < 70; ++i) line.pass(line.camera.gradient(at(i * 33ms)));
  EXPECT_EQ(line.stage.status().bitrate_bps, 700'000);
  EXPECT_EQ(line.sink->infos().size(), 1U);
  EXPECT_EQ(keyframe_times(line.sink->of(Track::kVideo)), (std::vector<nanoseconds>{0ms, 990ms, 2013ms}));
}

TEST(EncodeStage, AnotherFrameRateOrSoundIsANewStream) {
  Line line;
  line.pass(line.camera.gradient(at(0ms)));
  auto setup = quick_setup();
  setup.framerate = 15;
  line.stage.apply(setup);
  line.pass(line.camera.gradient(at(66ms)));
  setup.audio.source = "none";
  line.stage.apply(setup);
  line.pass(line.camera.gradient(at(132ms)));
  const auto infos = line.sink->infos();
  ASSERT_EQ(infos.size(), 3U);
  EXPECT_EQ(line.sink->closes(), 2);
  EXPECT_EQ(infos[1].video.framerate, 15);
  EXPECT_TRUE(infos[1].audio.has_value());
  EXPECT_FALSE(infos[2].audio.has_value());
  for (const auto& packet : line.sink->of(Track::kVideo)) EXPECT_TRUE(packet.keyframe);
}

/// Offers pictures until the stage is in `state`; false when patience ends first.
bool offer_until(Line& line, EncoderState state, int first) {
  const auto deadline = BootClock::now() + kPatience;
  for (int i = first; line.stage.status().state != state; ++i) {
    if (BootClock::now() > deadline) return false;
    line.stage.offer(line.camera.gradient(at(i * 33ms)));
  }
  return true;
}

TEST(EncodeStage, AFailureIsSaidAndMended) {
  auto setup = quick_setup();
  setup.encoder.preset = "hyperfast";
  Line line(setup, {64, 64});
  ASSERT_TRUE(offer_until(line, EncoderState::kFailed, 0));
  EXPECT_THAT(line.stage.status().last_error, testing::HasSubstr("preset \"hyperfast\" is unknown; one of: ultrafast"));
  EXPECT_TRUE(line.sink->infos().empty());

  line.stage.apply(quick_setup());
  ASSERT_TRUE(offer_until(line, EncoderState::kRunning, 100'000));
  EXPECT_TRUE(line.sink->wait_for_video(1));
  EXPECT_EQ(line.stage.status().last_error, "");
}

TEST(EncodeStage, AFailureInBetweenIsAGapInTheSameStream) {
  Line line(quick_setup(), {64, 64});
  line.pass(line.camera.gradient(at(0ms)));
  auto setup = quick_setup();
  setup.encoder.codec = "h265";
  line.stage.apply(setup);
  ASSERT_TRUE(offer_until(line, EncoderState::kFailed, 1));
  EXPECT_THAT(line.stage.status().last_error,
              testing::HasSubstr("codec \"h265\" is unknown; one of: auto, libx264, h264_v4l2m2m"));
  EXPECT_EQ(line.sink->closes(), 0) << "sinks see a gap, no end: the same stream may come back";
  line.stage.apply(quick_setup());
  ASSERT_TRUE(offer_until(line, EncoderState::kRunning, 100'000));
  EXPECT_EQ(line.sink->infos().size(), 1U);
}

TEST(EncodeStage, PicturesOutOfOrderAreLeftOut) {
  Line line(quick_setup(), {64, 64});
  line.pass(line.camera.gradient(at(100ms)));
  line.stage.offer(line.camera.gradient(at(67ms)));
  line.stage.offer(line.camera.gradient(at(100ms)));
  while (line.camera.ring().leased() > 0) std::this_thread::yield();
  line.pass(line.camera.gradient(at(133ms)));
  EXPECT_EQ(line.stage.status().frames, 2U);
}

TEST(EncodeStage, PicturesOfAnotherTimeAreANewStream) {
  Line line(quick_setup(), {64, 64});
  for (int i = 0; i < 5; ++i) line.pass(line.camera.gradient(at(100s + i * 33ms)));
  for (int i = 0; i < 5; ++i) line.pass(line.camera.gradient(at(i * 33ms)));
  EXPECT_EQ(line.sink->infos().size(), 2U);
  EXPECT_EQ(line.sink->closes(), 1);
  EXPECT_TRUE(line.sink->of(Track::kVideo)[5].keyframe);
}

/// Attaches and detaches as fast as it can until told to stop.
class RestlessViewer {
 public:
  explicit RestlessViewer(PacketHub& hub) : thread_([this, &hub] { run(hub); }) {}
  ~RestlessViewer() {
    stop_.store(true);
    thread_.join();
  }
  int visits() const { return visits_.load(); }
  int wrong_starts() const { return wrong_starts_.load(); }

 private:
  void run(PacketHub& hub) {
    while (!stop_.load()) {
      const auto viewer = std::make_shared<Recorder>();
      hub.attach(viewer);
      std::this_thread::yield();
      hub.detach(*viewer);
      const auto packets = viewer->packets();
      if (!packets.empty() && !(packets[0].track == Track::kVideo && packets[0].keyframe)) wrong_starts_.fetch_add(1);
      visits_.fetch_add(1);
    }
  }
  std::atomic<bool> stop_{false};
  std::atomic<int> visits_{0}, wrong_starts_{0};
  std::thread thread_;
};

TEST(EncodeStage, SinksComeAndGoWhileItRuns) {
  Line line(quick_setup(), {64, 64});
  RestlessViewer viewer(line.stage.hub());
  for (int i = 0; i < 300 || viewer.visits() < 50; ++i) line.pass(line.camera.gradient(at(i * 33ms)));
  EXPECT_EQ(viewer.wrong_starts(), 0);
  EXPECT_EQ(line.sink->infos().size(), 1U);
  EXPECT_EQ(line.sink->closes(), 0);
}

TEST(EncodeStage, StartsAndStopsTwoHundredTimes) {
  install_av_log_bridge();
  TestCamera camera({64, 64});
  nanoseconds slowest{0};
  for (int cycle = 0; cycle < 200; ++cycle) {
    const auto sink = std::make_shared<Recorder>();
    EncodeStage stage("encode", quick_setup());
    stage.hub().attach(sink);
    stage.start();
    stage.offer(camera.gradient(at(cycle * 33ms)));
    ASSERT_TRUE(cycle % 2 == 1 || sink->wait_for_video(1));  // every other time: stop while the encoder opens
    const auto asked = BootClock::now();
    stage.request_stop();
    ASSERT_TRUE(stage.join_until(asked + kPatience));
    slowest = std::max(slowest, BootClock::now() - asked);
    ASSERT_EQ(camera.ring().leased(), 0U);
    ASSERT_EQ(static_cast<std::size_t>(sink->closes()), sink->infos().size());
    stage.offer(camera.gradient(at(cycle * 33ms)));  // late pictures are let go
    ASSERT_EQ(camera.ring().leased(), 0U);
  }
  std::printf("slowest stop: %.2f ms\n", to_seconds(slowest) * 1000);
}

TEST(EncodeStage, MayBeDestroyedWithoutEverStarting) {
  TestCamera camera({64, 64});
  {
    EncodeStage stage("encode", quick_setup());
    stage.hub().attach(std::make_shared<Recorder>());
    stage.offer(camera.gradient(at(0ms)));
  }
  EXPECT_EQ(camera.ring().leased(), 0U);
}

}  // namespace
}  // namespace nestbox::test
