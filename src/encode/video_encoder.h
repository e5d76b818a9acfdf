#pragma once
/// One picture in, one access unit out: libx264 through libavcodec.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "av/ffmpeg.h"
#include "encode/lease_buffers.h"
#include "encode/pace.h"
#include "nestbox/media/packet.h"
#include "nestbox/options/options.h"

namespace nestbox {

enum class PictureKind : std::uint8_t { kAny, kKeyframe };

/// Thread-bound. Holds no picture between two calls.
class VideoEncoder {
 public:
  /// Errors: kInvalidArgument for a codec or preset that does not exist, kInternal for what libx264 refuses.
  static Result<std::unique_ptr<VideoEncoder>> create(const EncoderOptions& options, int framerate,
                                                      const ImageView& shape);

  /// The access unit of this very picture; pts is its capture stamp, exact. Stamps must grow. A lease is free again
  /// when this returns.
  Result<Packet> encode(FrameLease lease, PictureKind kind);

  /// Takes effect with the next picture.
  void set_bitrate(std::int64_t bitrate_bps) { bitrate_bps_ = bitrate_bps; }
  bool fits(const ImageView& shape) const;
  const VideoInfo& info() const noexcept { return info_; }
  const char* codec_name() const noexcept { return codec_->codec->name; }
  std::chrono::nanoseconds frame_interval() const noexcept { return pace_.interval(); }

 private:
  explicit VideoEncoder(int framerate) : pace_(framerate) {}
  Result<void> open(const EncoderOptions& options, int framerate, const ImageView& shape);
  void apply_bitrate();
  Result<void> send(FrameLease lease, PictureKind kind, std::int64_t pts);
  Result<av::PacketPtr> receive(std::int64_t pts);

  VideoInfo info_;
  Pace pace_;
  std::int64_t bitrate_bps_ = 0;
  PixelFormat format_ = PixelFormat::kI420;
  std::optional<BootTime> first_stamp_;
  LeaseBuffers leases_;
  av::FramePtr picture_ = av::make_frame();  // these two after leases_: they may hold its buffers
  av::Codec codec_;
};

}  // namespace nestbox
