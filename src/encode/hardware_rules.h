#pragma once
/// What there is to decide about a hardware encoder. Pure; times are arguments.
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "encode/m2m_device.h"
#include "nestbox/base/clock.h"

namespace nestbox {

FourCc fourcc_of(PixelFormat format);

/// The first node that makes `coded` of I420 or NV12. Decoders, scalers and encoders of stills do not.
const CodecNode* choose_node(std::span<const CodecNode> nodes, FourCc coded);
bool takes(const CodecNode& node, PixelFormat format);

/// The nearest rate that the Raspberry Pi's firmware can be told: in steps of 25 kbit/s, at least 100 kbit/s, below
/// which it has been seen to hang.
std::int64_t hardware_bitrate_bps(std::int64_t wanted_bps);

/// V4L2_MPEG_VIDEO_H264_LEVEL_...: at least 4.0, more where the picture or its rate needs it (ITU-T H.264, table A-1).
int h264_level(int width, int height, int framerate);

struct HardwareWish {
  std::int64_t bitrate_bps = 0;
  std::chrono::milliseconds keyframe_interval{};
  int width = 0, height = 0, framerate = 0;
};
/// Constant bit rate, a level, headers with every keyframe, and a keyframe period as a net below the forced ones.
std::vector<M2mControl> hardware_controls(const HardwareWish& wish);

/// An encoder can stop without a word, after hours. It has while something is inside and nothing comes out.
class StallWatch {
 public:
  static constexpr std::chrono::seconds kPatience{2};

  void went_in(BootTime now) {
    if (!waiting_since_) waiting_since_ = now;
  }
  enum class Inside : std::uint8_t { kNothing, kMore };
  void came_out(BootTime now, Inside inside) {
    waiting_since_ = inside == Inside::kMore ? std::optional(now) : std::nullopt;
  }
  bool stalled(BootTime now) const { return now >= patience_ends(); }
  /// BootTime::max() while nothing is inside.
  BootTime patience_ends() const { return waiting_since_ ? *waiting_since_ + kPatience : BootTime::max(); }

 private:
  std::optional<BootTime> waiting_since_;
};

/// How often a device that fails is opened again before libx264 takes its place.
class HardwareTrust {
 public:
  static constexpr int kReopeningsMax = 3;
  static constexpr std::chrono::minutes kForgetsAfter{10};  ///< a device that has worked so long begins anew

  enum class Verdict : std::uint8_t { kReopen, kGiveUp };
  Verdict failed(BootTime now);

 private:
  int failures_ = 0;
  std::optional<BootTime> last_;
};

}  // namespace nestbox
