#include "encode/v4l2_encoder.h"

#include "fake_hardware.h"

namespace nestbox::test {
namespace {

constexpr int kWidth = 64, kHeight = 48;

/// An encoder whose device waits for the test.
class HardwareEncoder : public testing::Test {
 protected:
  HardwareEncoder() { hardware_->set_pace(FakeHardware::Pace::kWhenTold); }

  void open(const Frame& first, int framerate = 30) {
    auto device = std::make_unique<FakeDevice>(hardware_);
    device_ = device.get();
    auto encoder = V4l2Encoder::create(std::move(device),
                                       {"h264_v4l2m2m", V4L2_PIX_FMT_H264, 2'000'000, 2000ms, framerate}, first);
    ASSERT_TRUE(good(encoder));
    encoder_ = std::move(*encoder);
  }
  void put_in(nanoseconds stamp, PictureKind kind = PictureKind::kAny, Content content = Content::kLive) {
    auto lease = camera_.gradient(at(stamp), content);
    if (!encoder_) open(*lease);
    ASSERT_TRUE(encoder_->fits(*lease));
    ASSERT_TRUE(good(encoder_->encode(std::move(lease), kind)));
  }
  std::optional<Packet> take() {
    auto packet = encoder_->take(BootClock::now());
    EXPECT_TRUE(good(packet));
    return packet ? std::move(*packet) : std::nullopt;
  }
  void code(std::size_t which, std::vector<std::uint8_t> bytes, bool broken = false) {
    const auto& queued = device_->queued().at(which);
    device_->code(queued.stamp_us, queued.keyframe, std::move(bytes), broken);
  }

  const std::shared_ptr<FakeHardware> hardware_ = std::make_shared<FakeHardware>();
  DmabufCamera camera_{kWidth, kHeight, Backing::kShared};
  FakeDevice* device_ = nullptr;
  std::unique_ptr<V4l2Encoder> encoder_;
};

TEST_F(HardwareEncoder, GivesPacketsWhenTheDriverDoesInOrderWithExactStamps) {
  put_in(7ns, PictureKind::kKeyframe);
  put_in(33'333'333ns, PictureKind::kAny, Content::kSlate);
  EXPECT_FALSE(encoder_->has_room());
  EXPECT_FALSE(take().has_value());
  EXPECT_TRUE(encoder_->busy());
  EXPECT_TRUE(encoder_->info().extradata.empty()) << "not known before the first packet";

  code(0, FakeDevice::keyframe());
  code(1, FakeDevice::picture());
  const auto first = take(), second = take();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->pts, at(7ns));
  EXPECT_TRUE(first->keyframe);
  EXPECT_EQ(encoder_->info().extradata, kFakeHeaders);
  EXPECT_THAT(std::vector(first->bytes.begin(), first->bytes.end()), testing::ElementsAre(0, 0, 0, 1, 0x25, 0x88))
      << "headers stand in extradata alone, and the driver's memory may change by now";
  EXPECT_EQ(second->pts, at(33'333'333ns));
  EXPECT_EQ(second->content, Content::kSlate);
  EXPECT_TRUE(device_->coded_held().empty()) << "the driver has its buffers back at once";
  EXPECT_TRUE(encoder_->busy()) << "the pictures' buffers are still with the driver";
}

TEST_F(HardwareEncoder, HoldsEachLeaseUntilTheDriverReturnsThatBuffer) {
  put_in(0ms, PictureKind::kKeyframe);
  put_in(33ms);
  code(0, FakeDevice::keyframe());
  code(1, FakeDevice::picture());
  take();
  take();
  EXPECT_EQ(camera_.ring().leased(), 2U) << "a packet is no sign that its picture is no longer read";

  device_->return_picture(1);
  take();
  EXPECT_EQ(camera_.ring().leased(), 1U);
  EXPECT_TRUE(encoder_->has_room());
  put_in(66ms);
  EXPECT_EQ(device_->queued().at(2).index, 1U) << "the buffer that came back first";
  device_->return_picture(0);
  device_->return_picture(1);
  code(2, FakeDevice::picture());
  EXPECT_EQ(take()->pts, at(66ms));
  EXPECT_EQ(camera_.ring().leased(), 0U);
  EXPECT_FALSE(encoder_->busy());
}

TEST_F(HardwareEncoder, LetsGoOfItsLeasesAfterTheDeviceIsClosed) {
  put_in(0ms);
  put_in(33ms);
  EXPECT_EQ(camera_.ring().leased(), 2U);
  encoder_.reset();
  EXPECT_EQ(hardware_->alive(), 0);
  EXPECT_EQ(camera_.ring().leased(), 0U);
}

TEST_F(HardwareEncoder, TakesABufferThatWasNotQueuedForAFault) {
  put_in(0ms);
  device_->return_picture(1);
  const auto packet = encoder_->take(BootClock::now());
  ASSERT_FALSE(packet);
  EXPECT_EQ(packet.error().kind, ErrorKind::kInternal);
}

TEST_F(HardwareEncoder, HandsOverTheSourcesOwnDescriptors) {
  auto lease = camera_.gradient(at(0ms));
  const int fd = lease->main_dmabuf_fd;
  open(*lease);
  ASSERT_TRUE(good(encoder_->encode(std::move(lease), PictureKind::kAny)));
  EXPECT_THAT(hardware_->fds(), testing::ElementsAre(fd));
  EXPECT_EQ(encoder_->pictures_copied(), 0U);
}

TEST_F(HardwareEncoder, CopiesIntoRowsOfTheDevicesOwnLength) {
  hardware_->want_stride(96);
  auto lease = camera_.gradient(at(0ms));
  const auto pixels = camera_.samples(lease);
  open(*lease);
  EXPECT_EQ(encoder_->copies_because(), "the source's rows are 64 bytes apart, the encoder wants 96");
  const auto expect = [&](std::size_t row, std::size_t column) {
    return pixels[row * static_cast<std::size_t>(kWidth) + column];
  };
  ASSERT_TRUE(good(encoder_->encode(std::move(lease), PictureKind::kAny)));
  EXPECT_EQ(camera_.ring().leased(), 0U);
  EXPECT_EQ(encoder_->pictures_copied(), 1U);
  EXPECT_THAT(hardware_->fds(), testing::ElementsAre(-1));
  const auto& memory = device_->memory(0);
  for (std::size_t row : {0U, 1U, 47U}) {
    for (std::size_t column : {0U, 1U, 63U}) EXPECT_EQ(memory[row * 96 + column], expect(row, column));
  }
  EXPECT_EQ(memory[48 * 96], 128) << "U begins after the device's rows";
  EXPECT_EQ(memory[48 * 96 + 24 * 48 + 23 * 48 + 31], 128) << "V's last sample";
}

TEST_F(HardwareEncoder, DoesNotFitAFrameWithoutDmabufWhenItImports) {
  put_in(0ms);
  TestCamera other({kWidth, kHeight});
  EXPECT_FALSE(encoder_->fits(*other.gradient(at(0ms))));
}

TEST_F(HardwareEncoder, TellsTheDeviceABitRateOnlyWhenItIsAnotherStep) {
  put_in(0ms);
  for (const auto bps : {2'000'000, 2'010'000, 1'500'000, 1'505'000, 20'000}) {
    ASSERT_TRUE(good(encoder_->set_bitrate(bps)));
  }
  EXPECT_THAT(hardware_->told(V4L2_CID_MPEG_VIDEO_BITRATE), testing::ElementsAre(2'000'000, 1'500'000, 100'000));
}

TEST_F(HardwareEncoder, ForcesKeyframesBeforeThePictureGoesIn) {
  put_in(0ms, PictureKind::kKeyframe);
  put_in(33ms);
  device_->return_picture(0);
  take();
  put_in(66ms, PictureKind::kKeyframe);
  EXPECT_FALSE(device_->queued().at(1).keyframe);
  EXPECT_TRUE(device_->queued().at(2).keyframe);
}

TEST_F(HardwareEncoder, TakesHeadersByThemselvesForNoPacket) {
  put_in(0ms, PictureKind::kKeyframe);
  code(0, kFakeHeaders);
  EXPECT_FALSE(take().has_value());
  EXPECT_EQ(encoder_->info().extradata, kFakeHeaders);
  code(0, {0, 0, 0, 1, 0x25, 0x88});
  EXPECT_EQ(take()->pts, at(0ms));
}

TEST_F(HardwareEncoder, SkipsPicturesThatTheDeviceLeftOut) {
  put_in(0ms, PictureKind::kKeyframe);
  put_in(33ms);
  code(1, FakeDevice::keyframe());
  EXPECT_EQ(take()->pts, at(33ms));
  device_->return_picture(0);
  device_->return_picture(1);
  EXPECT_FALSE(take().has_value());
  EXPECT_FALSE(encoder_->busy()) << "the first one is not waited for";
}

TEST_F(HardwareEncoder, LeavesOutADamagedPictureAndBeginsANewWithAKeyframe) {
  put_in(0ms, PictureKind::kKeyframe);
  code(0, FakeDevice::keyframe(), true);
  EXPECT_FALSE(take().has_value());
  device_->return_picture(0);
  take();
  put_in(33ms);
  EXPECT_TRUE(device_->queued().at(1).keyframe);
}

TEST_F(HardwareEncoder, SaysSoWhenNothingComesOutForTwoSeconds) {
  put_in(0ms);
  const auto soon = encoder_->take(BootClock::now());
  EXPECT_TRUE(good(soon));
  const auto packet = encoder_->take(BootClock::now() + 2s);
  ASSERT_FALSE(packet);
  EXPECT_EQ(packet.error().kind, ErrorKind::kTimeout);
  EXPECT_EQ(packet.error().message, "h264_v4l2m2m has stopped: no answer for 2 s");
}

TEST_F(HardwareEncoder, IsNotStalledByAPictureThatWasLeftOut) {
  put_in(0ms);
  device_->return_picture(0);
  take();
  EXPECT_EQ(encoder_->patience_ends(), BootTime::max());
  EXPECT_TRUE(good(encoder_->take(BootClock::now() + 1h)));
  const BootTime before = BootClock::now();
  put_in(33ms);
  EXPECT_GE(encoder_->patience_ends(), before + 2s) << "the pause does not count";
}

TEST_F(HardwareEncoder, IsStalledWhenItSwallowsPictureAfterPicture) {
  for (int i = 0; i < 5; ++i) {
    put_in(i * 33ms);
    device_->return_picture(0);
    take();
  }
  const auto packet = encoder_->take(BootClock::now() + 2s);
  ASSERT_FALSE(packet);
  EXPECT_EQ(packet.error().kind, ErrorKind::kTimeout);
}

TEST_F(HardwareEncoder, PassesOnWhatTheDriverSays) {
  put_in(0ms);
  for (const auto trouble : {FakeHardware::Trouble::kIoError, FakeHardware::Trouble::kGone}) {
    hardware_->set_trouble(trouble);
    const auto packet = encoder_->take(BootClock::now());
    ASSERT_FALSE(packet);
    EXPECT_THAT(packet.error().message, testing::HasSubstr("/dev/video11"));
  }
  encoder_.reset();
  EXPECT_EQ(camera_.ring().leased(), 0U);
}

}  // namespace
}  // namespace nestbox::test
