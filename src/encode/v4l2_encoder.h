#pragma once
/// A hardware encoder behind a memory-to-memory device: pictures by dmabuf, without a copy.
#include <array>
#include <deque>
#include <memory>
#include <vector>

#include "encode/hardware_rules.h"
#include "encode/m2m_device.h"
#include "encode/pace.h"
#include "encode/video_encoder.h"

namespace nestbox {

class V4l2Encoder : public VideoEncoder {
 public:
  /// Pictures that the device has at once, so that it always has one to work on: as many leases are held.
  static constexpr unsigned kPicturesInside = 2;

  struct Setup {
    std::string name;  ///< as in encoder.codec
    FourCc coded_format = 0;
    std::int64_t bitrate_bps = 0;
    std::chrono::milliseconds keyframe_interval{};
    int framerate = 0;
  };
  /// For pictures like `first`. Where its memory cannot be handed to the device, each picture is copied once, and
  /// copies_because() says why. Errors: as of M2mDevice.
  static Result<std::unique_ptr<V4l2Encoder>> create(std::unique_ptr<M2mDevice> device, Setup setup,
                                                     const Frame& first);
  ~V4l2Encoder() override;

  Result<void> encode(FrameLease lease, PictureKind kind) override;
  Result<std::optional<Packet>> take(BootTime now) override;
  bool has_room() const override;
  bool busy() const override;
  int descriptor() const override { return device_->descriptor(); }
  BootTime patience_ends() const override { return stall_.patience_ends(); }
  Result<void> set_bitrate(std::int64_t bitrate_bps) override;
  bool fits(const Frame& frame) const override;
  const VideoInfo& info() const noexcept override { return info_; }
  const std::string& codec_name() const noexcept override { return setup_.name; }
  std::chrono::nanoseconds frame_interval() const noexcept override { return pace_.interval(); }
  std::uint64_t pictures_copied() const noexcept override { return pictures_copied_; }

  /// Empty where pictures are not copied.
  const std::string& copies_because() const noexcept { return copies_because_; }

 private:
  V4l2Encoder(std::unique_ptr<M2mDevice> device, Setup setup);
  Result<void> open(const Frame& first);
  /// Why the device cannot read the frame's own memory; empty when it can.
  std::string obstacle(const Frame& frame) const;
  Result<void> hand_over(FrameLease lease, std::size_t index, std::int64_t stamp_us);
  void copy(const ImageView& image, std::span<std::uint8_t> to) const;
  Result<void> take_back_pictures(BootTime now);
  Result<std::optional<Packet>> take_packet(BootTime now);
  std::optional<Packet> make_packet(const CodedBuffer& coded);
  void note_progress(BootTime now);

  /// What the device's own words leave out of a picture.
  struct Inside {
    std::int64_t stamp_us = 0;
    BootTime captured_at{};
    Content content = Content::kLive;
  };
  /// A picture buffer of the device; taken from queue() to take_back().
  struct Buffer {
    bool taken = false;
    FrameLease lease;  ///< empty with copies
  };

  const Setup setup_;
  VideoInfo info_;
  Pace pace_;
  PixelFormat format_ = PixelFormat::kI420;
  M2mLayout layout_;
  bool first_had_dmabuf_ = false;
  std::string copies_because_;
  std::uint64_t pictures_copied_ = 0;
  std::int64_t told_bps_ = 0;
  std::int64_t last_stamp_us_ = 0;
  bool wants_keyframe_ = false;
  StallWatch stall_;
  std::deque<Inside> inside_;
  std::array<Buffer, kPicturesInside> buffers_;
  std::unique_ptr<M2mDevice> device_;  // after buffers_: it gives their memory back before the leases die
};

}  // namespace nestbox
