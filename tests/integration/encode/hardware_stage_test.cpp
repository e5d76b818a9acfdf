/// The encode stage with a hardware encoder that fails on purpose.
#include <thread>

#include "fake_hardware.h"

namespace nestbox::test {
namespace {

EncodeStage::Setup hardware_setup(const char* codec = "auto") {
  auto setup = quick_setup();
  setup.encoder.codec = codec;
  setup.audio.source = "none";
  return setup;
}

/// A stage with a recorder attached, whose camera goes on while the encoder does not.
struct HardwareLine {
  explicit HardwareLine(const char* codec = "auto") : HardwareLine(std::make_shared<FakeHardware>(), codec) {}
  HardwareLine(std::shared_ptr<FakeHardware> fake, const char* codec)
      : hardware(std::move(fake)), stage("encode", hardware_setup(codec), hardware) {
    install_av_log_bridge();
    stage.hub().attach(sink);
    stage.start();
  }
  ~HardwareLine() {
    stage.request_stop();
    EXPECT_TRUE(stage.join_until(BootClock::now() + kPatience));
    EXPECT_EQ(hardware->alive(), 0);
    EXPECT_EQ(camera.ring().leased(), 0U);
  }

  void offer() { stage.offer(camera.gradient(at(33ms * ++offered))); }
  /// Offers and waits until it has come out.
  void pass() {
    const auto before = sink->of(Track::kVideo).size();
    offer();
    ASSERT_TRUE(sink->wait_for_video(before + 1));
  }
  /// Offers pictures until `reached`, as a camera does that knows nothing of encoders.
  template <class Condition>
  testing::AssertionResult offer_until(Condition reached) {
    const auto deadline = BootClock::now() + kPatience;
    while (!reached()) {
      if (BootClock::now() > deadline) {
        const auto status = stage.status();
        return testing::AssertionFailure() << status.codec << ", last error: " << status.last_error;
      }
      offer();
      std::this_thread::sleep_for(5ms);
    }
    return testing::AssertionSuccess();
  }

  std::shared_ptr<FakeHardware> hardware;
  DmabufCamera camera{320, 180, Backing::kShared};
  std::shared_ptr<Recorder> sink = std::make_shared<Recorder>();
  EncodeStage stage;
  int offered = 0;
};

TEST(HardwareStage, AutoTakesHardwareAndOpensSinksWithItsHeaders) {
  HardwareLine line;
  for (int i = 0; i < 100; ++i) line.pass();
  const auto status = line.stage.status();
  EXPECT_EQ(status.codec, "h264_v4l2m2m");
  EXPECT_EQ(status.frames, 100U);
  EXPECT_EQ(status.pictures_copied, 0U);
  EXPECT_TRUE(status.notes.empty());
  EXPECT_EQ(line.hardware->opened(), 1);
  ASSERT_EQ(line.sink->infos().size(), 1U);
  EXPECT_EQ(line.sink->infos()[0].video.extradata, kFakeHeaders);
  EXPECT_EQ(keyframe_times(line.sink->of(Track::kVideo)), (std::vector<nanoseconds>{33ms, 2046ms}))
      << "every 2 s, each forced once";
}

TEST(HardwareStage, Libx264IsTakenWhenItIsAskedFor) {
  HardwareLine line("libx264");
  line.pass();
  EXPECT_EQ(line.stage.status().codec, "libx264");
  EXPECT_EQ(line.hardware->opened(), 0);
}

TEST(HardwareStage, HardwareThatIsNotThereIsAnErrorWhenItIsAskedFor) {
  const auto hardware = std::make_shared<FakeHardware>();
  hardware->remove_nodes();
  HardwareLine line(hardware, "h264_v4l2m2m");
  ASSERT_TRUE(line.offer_until([&] { return line.stage.status().state == EncoderState::kFailed; }));
  EXPECT_THAT(line.stage.status().last_error,
              testing::HasSubstr("encoder.codec h264_v4l2m2m: none of this machine's video devices makes H.264"));
}

TEST(HardwareStage, ASilentStallIsNoticedAndTheDeviceOpenedAnew) {
  HardwareLine line;
  for (int i = 0; i < 10; ++i) line.pass();
  line.hardware->set_trouble(FakeHardware::Trouble::kSilence);
  ASSERT_TRUE(line.offer_until([&] { return line.stage.status().state == EncoderState::kFailed; }));
  EXPECT_THAT(line.stage.status().last_error, testing::HasSubstr("has stopped: no answer for 2 s"));
  EXPECT_LE(line.camera.ring().leased(), 2U) << "only what waits in the inbox";

  line.hardware->set_trouble(FakeHardware::Trouble::kNone);
  ASSERT_TRUE(line.offer_until([&] { return line.stage.status().state == EncoderState::kRunning; }));
  const auto status = line.stage.status();
  EXPECT_EQ(status.codec, "h264_v4l2m2m");
  EXPECT_EQ(status.last_error, "");
  EXPECT_EQ(status.hardware_reopened, 1U);
  EXPECT_EQ(line.hardware->opened(), 2);
  EXPECT_EQ(line.sink->infos().size(), 1U) << "a gap in the same stream";
  EXPECT_EQ(line.sink->closes(), 0);
}

TEST(HardwareStage, ABusyDeviceIsTriedAgain) {
  const auto hardware = std::make_shared<FakeHardware>();
  hardware->fail_opening(1, ErrorKind::kUnavailable);
  HardwareLine line(hardware, "auto");
  ASSERT_TRUE(line.offer_until([&] { return line.stage.status().frames > 0; }));
  EXPECT_EQ(line.stage.status().codec, "h264_v4l2m2m");
  EXPECT_EQ(line.stage.status().hardware_reopened, 1U);
}

TEST(HardwareStage, ADeviceThatIsGoneMakesRoomForLibx264) {
  HardwareLine line;
  for (int i = 0; i < 10; ++i) line.pass();
  line.hardware->fail_opening(100, ErrorKind::kNotFound);
  line.hardware->set_trouble(FakeHardware::Trouble::kGone);
  ASSERT_TRUE(line.offer_until([&] { return line.stage.status().codec == "libx264"; }));
  const auto before = line.sink->of(Track::kVideo).size();
  ASSERT_TRUE(line.offer_until([&] { return line.sink->of(Track::kVideo).size() > before; }));
  const auto status = line.stage.status();
  EXPECT_EQ(status.state, EncoderState::kRunning);
  EXPECT_EQ(status.hardware_reopened, 3U);
  EXPECT_THAT(status.notes, testing::ElementsAre(testing::HasSubstr("hardware failed 4 times in a row")));
  EXPECT_EQ(line.sink->infos().size(), 2U) << "other headers: another stream";
  EXPECT_TRUE(line.sink->of(Track::kVideo)[10].keyframe);
}

TEST(HardwareStage, AShapeThatTheDeviceRefusesGoesToLibx264AtOnce) {
  const auto hardware = std::make_shared<FakeHardware>();
  hardware->set_shapes(FakeHardware::Shapes::kRefused);
  HardwareLine line(hardware, "auto");
  line.pass();
  EXPECT_EQ(line.stage.status().codec, "libx264");
  EXPECT_EQ(line.hardware->opened(), 1);
  EXPECT_THAT(line.stage.status().notes, testing::ElementsAre(testing::HasSubstr("takes no pictures of this size")));
}

TEST(HardwareStage, AnotherShapeIsAnotherChance) {
  const auto hardware = std::make_shared<FakeHardware>();
  hardware->set_shapes(FakeHardware::Shapes::kRefused);
  HardwareLine line(hardware, "auto");
  line.pass();
  hardware->set_shapes(FakeHardware::Shapes::kTaken);
  line.pass();
  EXPECT_EQ(line.stage.status().codec, "libx264") << "nothing has changed for it";
  DmabufCamera other{640, 360, Backing::kShared};
  line.stage.offer(other.gradient(at(10s)));
  ASSERT_TRUE(line.sink->wait_for_video(3));
  EXPECT_EQ(line.stage.status().codec, "h264_v4l2m2m");
  EXPECT_TRUE(line.stage.status().notes.empty());
}

TEST(HardwareStage, PicturesThatAreCopiedAreCountedAndSaid) {
  const auto hardware = std::make_shared<FakeHardware>();
  hardware->want_stride(384);
  HardwareLine line(hardware, "auto");
  for (int i = 0; i < 5; ++i) line.pass();
  EXPECT_EQ(line.stage.status().pictures_copied, 5U);
  EXPECT_THAT(line.stage.status().notes, testing::ElementsAre(testing::HasSubstr("each picture is copied once")));
}

TEST(HardwareStage, ADriverThatCannotReadTheSourcesMemoryGetsCopies) {
  const auto hardware = std::make_shared<FakeHardware>();
  hardware->refuse_imports();
  HardwareLine line(hardware, "auto");
  ASSERT_TRUE(line.offer_until([&] { return line.stage.status().frames > 0; }));
  const auto status = line.stage.status();
  EXPECT_EQ(status.codec, "h264_v4l2m2m");
  EXPECT_EQ(status.pictures_copied, status.frames);
  EXPECT_THAT(status.notes, testing::ElementsAre(testing::HasSubstr("take a picture: invalid argument")));
}

TEST(HardwareStage, BitRatesReachTheDeviceWhileItRuns) {
  HardwareLine line;
  line.pass();
  line.stage.set_bitrate(812'345);
  line.pass();
  EXPECT_THAT(line.hardware->told(V4L2_CID_MPEG_VIDEO_BITRATE), testing::ElementsAre(3'000'000, 800'000));
  EXPECT_EQ(line.hardware->opened(), 1);
}

TEST(HardwareStage, ASlowDeviceCostsPicturesAndBoundsLeases) {
  const auto hardware = std::make_shared<FakeHardware>();
  hardware->set_pace(FakeHardware::Pace::kWhenTold);
  HardwareLine line(hardware, "auto");
  ASSERT_TRUE(line.offer_until([&] { return line.stage.status().frames_dropped > 20; }));
  EXPECT_LE(line.camera.ring().leased(), 4U) << "two in the encoder, two in the inbox";
  EXPECT_TRUE(line.offer_until([&] { return !line.stage.heartbeat().busy_for(BootClock::now()); }))
      << "it waits, it does not work";
}

}  // namespace
}  // namespace nestbox::test
