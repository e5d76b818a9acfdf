#include "encode/hardware_rules.h"

#include <linux/videodev2.h>

#include <algorithm>
#include <array>

namespace nestbox {
namespace {

constexpr std::int64_t kBitrateStepBps = 25'000, kBitrateMinBps = 100'000;

bool has(const std::vector<FourCc>& formats, FourCc format) {
  return std::find(formats.begin(), formats.end(), format) != formats.end();
}

}  // namespace

FourCc fourcc_of(PixelFormat format) {
  return format == PixelFormat::kNv12 ? V4L2_PIX_FMT_NV12 : V4L2_PIX_FMT_YUV420;
}

bool takes(const CodecNode& node, PixelFormat format) {
  return has(node.picture_formats, fourcc_of(format));
}

const CodecNode* choose_node(std::span<const CodecNode> nodes, FourCc coded) {
  const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const CodecNode& node) {
    return has(node.coded_formats, coded) && (takes(node, PixelFormat::kI420) || takes(node, PixelFormat::kNv12));
  });
  return found == nodes.end() ? nullptr : &*found;
}

std::int64_t hardware_bitrate_bps(std::int64_t wanted_bps) {
  const auto steps = (wanted_bps + kBitrateStepBps / 2) / kBitrateStepBps;
  return std::max(steps * kBitrateStepBps, kBitrateMinBps);
}

int h264_level(int width, int height, int framerate) {
  struct Level {
    int level;
    std::int64_t blocks_per_second, blocks;
  };
  constexpr std::array<Level, 3> kLevels{{{V4L2_MPEG_VIDEO_H264_LEVEL_4_0, 245'760, 8'192},
                                          {V4L2_MPEG_VIDEO_H264_LEVEL_4_2, 522'240, 8'704},
                                          {V4L2_MPEG_VIDEO_H264_LEVEL_5_1, 983'040, 36'864}}};
  const std::int64_t blocks = static_cast<std::int64_t>((width + 15) / 16) * ((height + 15) / 16);
  for (const auto& level : kLevels) {
    if (blocks <= level.blocks && blocks * framerate <= level.blocks_per_second) return level.level;
  }
  return kLevels.back().level;
}

std::vector<M2mControl> hardware_controls(const HardwareWish& wish) {
  // Keyframes are forced by capture stamps. The device's own period, in pictures, is twice as long: it counts only if
  // forcing has no effect.
  const auto period = std::max<std::int64_t>(1, wish.keyframe_interval.count() * wish.framerate * 2 / 1000);
  return {{V4L2_CID_MPEG_VIDEO_BITRATE_MODE, V4L2_MPEG_VIDEO_BITRATE_MODE_CBR},
          {V4L2_CID_MPEG_VIDEO_BITRATE, hardware_bitrate_bps(wish.bitrate_bps)},
          {V4L2_CID_MPEG_VIDEO_H264_PROFILE, V4L2_MPEG_VIDEO_H264_PROFILE_HIGH},
          {V4L2_CID_MPEG_VIDEO_H264_LEVEL, h264_level(wish.width, wish.height, wish.framerate)},
          {V4L2_CID_MPEG_VIDEO_H264_I_PERIOD, period},
          {V4L2_CID_MPEG_VIDEO_GOP_SIZE, period},
          {V4L2_CID_MPEG_VIDEO_B_FRAMES, 0},
          {V4L2_CID_MPEG_VIDEO_REPEAT_SEQ_HEADER, 1}};
}

HardwareTrust::Verdict HardwareTrust::failed(BootTime now) {
  if (last_ && now - *last_ > kForgetsAfter) failures_ = 0;
  last_ = now;
  return ++failures_ > kReopeningsMax ? Verdict::kGiveUp : Verdict::kReopen;
}

}  // namespace nestbox
