#pragma once
/// One picture in, one access unit out: libx264 through libavcodec.
#include <memory>

#include "av/ffmpeg.h"
#include "encode/lease_buffers.h"
#include "encode/pace.h"
#include "encode/video_encoder.h"
#include "nestbox/options/options.h"

namespace nestbox {

/// Holds no picture between two calls: a lease is free again when encode() returns.
class X264Encoder : public VideoEncoder {
 public:
  /// Errors: kInvalidArgument for a preset that does not exist, kInternal for what libx264 refuses.
  static Result<std::unique_ptr<VideoEncoder>> create(const EncoderOptions& options, int framerate,
                                                      const ImageView& shape);

  Result<void> encode(FrameLease lease, PictureKind kind) override;
  Result<std::optional<Packet>> take(BootTime now) override;
  bool has_room() const override { return !ready_; }
  bool busy() const override { return ready_.has_value(); }
  int descriptor() const override { return -1; }
  BootTime patience_ends() const override { return BootTime{}; }
  Result<void> set_bitrate(std::int64_t bitrate_bps) override;
  bool fits(const Frame& frame) const override;
  const VideoInfo& info() const noexcept override { return info_; }
  const std::string& codec_name() const noexcept override { return name_; }
  std::chrono::nanoseconds frame_interval() const noexcept override { return pace_.interval(); }

 private:
  explicit X264Encoder(int framerate) : pace_(framerate) {}
  Result<void> open(const EncoderOptions& options, int framerate, const ImageView& shape);
  void apply_bitrate();
  Result<void> send(FrameLease lease, PictureKind kind, std::int64_t pts);
  Result<av::PacketPtr> receive(std::int64_t pts);

  const std::string name_ = "libx264";
  VideoInfo info_;
  Pace pace_;
  std::int64_t bitrate_bps_ = 0;
  PixelFormat format_ = PixelFormat::kI420;
  std::optional<BootTime> first_stamp_;
  std::optional<Packet> ready_;
  LeaseBuffers leases_;
  av::FramePtr picture_ = av::make_frame();  // these two after leases_: they may hold its buffers
  av::Codec codec_;
};

}  // namespace nestbox
