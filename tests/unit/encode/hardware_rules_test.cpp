#include "encode/hardware_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/videodev2.h>

#include <map>

namespace nestbox {
namespace {

using namespace std::chrono_literals;

constexpr BootTime kStart{1h};

/// What a Raspberry Pi 4 shows, in the order of its numbers.
std::vector<CodecNode> nodes_of_a_pi() {
  return {{"/dev/video10", "bcm2835-codec-decode", {V4L2_PIX_FMT_H264}, {V4L2_PIX_FMT_YUV420, V4L2_PIX_FMT_NV12}},
          {"/dev/video11", "bcm2835-codec-encode", {V4L2_PIX_FMT_YUV420, V4L2_PIX_FMT_NV12}, {V4L2_PIX_FMT_H264}},
          {"/dev/video12", "bcm2835-codec-isp", {V4L2_PIX_FMT_YUV420}, {V4L2_PIX_FMT_RGB24}},
          {"/dev/video31", "bcm2835-codec-encode_image", {V4L2_PIX_FMT_YUV420}, {V4L2_PIX_FMT_JPEG}}};
}

TEST(ChooseNode, TakesTheEncoderAndNoDecoderScalerOrJpegNode) {
  auto nodes = nodes_of_a_pi();
  ASSERT_NE(choose_node(nodes, V4L2_PIX_FMT_H264), nullptr);
  EXPECT_EQ(choose_node(nodes, V4L2_PIX_FMT_H264)->path, "/dev/video11");
  std::erase_if(nodes, [](const CodecNode& node) { return node.path == "/dev/video11"; });
  EXPECT_EQ(choose_node(nodes, V4L2_PIX_FMT_H264), nullptr);
  EXPECT_EQ(choose_node({}, V4L2_PIX_FMT_H264), nullptr);
}

TEST(ChooseNode, LeavesOutAnEncoderOfFormatsThatNoSourceHas) {
  const std::vector<CodecNode> nodes{{"/dev/video0", "other", {V4L2_PIX_FMT_RGB24}, {V4L2_PIX_FMT_H264}}};
  EXPECT_EQ(choose_node(nodes, V4L2_PIX_FMT_H264), nullptr);
}

TEST(ChooseNode, FormatsAreCounted) {
  const CodecNode node{"/dev/video0", "nv12 alone", {V4L2_PIX_FMT_NV12}, {V4L2_PIX_FMT_H264}};
  EXPECT_TRUE(takes(node, PixelFormat::kNv12));
  EXPECT_FALSE(takes(node, PixelFormat::kI420));
}

TEST(HardwareBitrate, GoesInStepsAndNeverBelowWhatHangsTheFirmware) {
  EXPECT_EQ(hardware_bitrate_bps(0), 100'000);
  EXPECT_EQ(hardware_bitrate_bps(50'000), 100'000);
  EXPECT_EQ(hardware_bitrate_bps(112'000), 100'000);
  EXPECT_EQ(hardware_bitrate_bps(113'000), 125'000);
  EXPECT_EQ(hardware_bitrate_bps(1'000'000), 1'000'000);
  EXPECT_EQ(hardware_bitrate_bps(2'999'999), 3'000'000);
  for (std::int64_t wanted = 0; wanted < 10'000'000; wanted += 7'777) {
    const auto told = hardware_bitrate_bps(wanted);
    EXPECT_EQ(told % 25'000, 0);
    EXPECT_GE(told, 100'000);
    if (wanted >= 100'000) {
      EXPECT_LE(std::abs(told - wanted), 12'500);
    }
  }
}

TEST(H264Level, CoversPictureAndRate) {
  EXPECT_EQ(h264_level(1280, 720, 30), V4L2_MPEG_VIDEO_H264_LEVEL_4_0);
  EXPECT_EQ(h264_level(1920, 1080, 30), V4L2_MPEG_VIDEO_H264_LEVEL_4_0);
  EXPECT_EQ(h264_level(1920, 1080, 31), V4L2_MPEG_VIDEO_H264_LEVEL_4_2);
  EXPECT_EQ(h264_level(1280, 720, 90), V4L2_MPEG_VIDEO_H264_LEVEL_4_2);
  EXPECT_EQ(h264_level(3840, 2160, 15), V4L2_MPEG_VIDEO_H264_LEVEL_5_1);
}

TEST(HardwareControls, AskForAStreamThatServersTake) {
  std::map<std::uint32_t, std::int64_t> controls;
  for (const auto& control : hardware_controls({2'510'000, 2000ms, 1280, 720, 30})) {
    controls[control.id] = control.value;
  }
  EXPECT_EQ(controls.at(V4L2_CID_MPEG_VIDEO_BITRATE), 2'500'000);
  EXPECT_EQ(controls.at(V4L2_CID_MPEG_VIDEO_BITRATE_MODE), V4L2_MPEG_VIDEO_BITRATE_MODE_CBR);
  EXPECT_EQ(controls.at(V4L2_CID_MPEG_VIDEO_H264_LEVEL), V4L2_MPEG_VIDEO_H264_LEVEL_4_0);
  EXPECT_EQ(controls.at(V4L2_CID_MPEG_VIDEO_H264_I_PERIOD), 120) << "4 s: below it keyframes are forced by time";
  EXPECT_EQ(controls.at(V4L2_CID_MPEG_VIDEO_REPEAT_SEQ_HEADER), 1);
  EXPECT_EQ(controls.at(V4L2_CID_MPEG_VIDEO_B_FRAMES), 0);
}

TEST(StallWatch, WaitsOnlyWhileSomethingIsInside) {
  StallWatch watch;
  EXPECT_FALSE(watch.stalled(kStart + 24h)) << "asleep";
  watch.went_in(kStart);
  watch.went_in(kStart + 1s);
  EXPECT_EQ(watch.patience_ends(), kStart + 2s) << "the oldest picture counts";
  EXPECT_FALSE(watch.stalled(kStart + 1999ms));
  EXPECT_TRUE(watch.stalled(kStart + 2s));

  watch.came_out(kStart + 2s, StallWatch::Inside::kMore);
  EXPECT_FALSE(watch.stalled(kStart + 3s)) << "slow is not stalled";
  EXPECT_TRUE(watch.stalled(kStart + 4s));
  watch.came_out(kStart + 4s, StallWatch::Inside::kNothing);
  EXPECT_EQ(watch.patience_ends(), BootTime::max());
}

TEST(HardwareTrust, EndsAfterThreeReopeningsInARow) {
  using Verdict = HardwareTrust::Verdict;
  HardwareTrust trust;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(trust.failed(kStart + i * 5s), Verdict::kReopen);
  EXPECT_EQ(trust.failed(kStart + 20s), Verdict::kGiveUp);
}

TEST(HardwareTrust, ForgivesAStallEveryFewHoursForMonths) {
  HardwareTrust trust;
  for (int i = 0; i < 200; ++i) EXPECT_EQ(trust.failed(kStart + i * 12h), HardwareTrust::Verdict::kReopen);
}

}  // namespace
}  // namespace nestbox
