#pragma once
/// What turns pictures into access units: libx264 in the same call, a hardware encoder a little later.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "nestbox/base/clock.h"
#include "nestbox/base/result.h"
#include "nestbox/media/frame_ring.h"
#include "nestbox/media/packet.h"

namespace nestbox {

enum class PictureKind : std::uint8_t { kAny, kKeyframe };

/// Thread-bound. After an error an encoder is only good for being destroyed; that lets go of every lease.
///
///   encode(), encode(), ...   pictures go in while there is room
///   take()                    access units come out in the same order; without an encode() of their own where busy()
class VideoEncoder {
 public:
  VideoEncoder() = default;
  VideoEncoder(const VideoEncoder&) = delete;
  VideoEncoder& operator=(const VideoEncoder&) = delete;
  virtual ~VideoEncoder() = default;

  /// Hands a picture over; the lease lives until nobody reads the picture any more. Stamps must grow. Precondition:
  /// has_room().
  virtual Result<void> encode(FrameLease lease, PictureKind kind) = 0;
  /// The next access unit that is ready, if any; never waits. pts is the capture stamp of its picture, exact. Errors:
  /// kTimeout when pictures went in and nothing came out for too long.
  virtual Result<std::optional<Packet>> take(BootTime now) = 0;

  virtual bool has_room() const = 0;
  /// Whether it has pictures or leases still: then descriptor() becomes readable or writable when there is something
  /// for take() to do, and take() wants to be called at patience_ends() at the latest.
  virtual bool busy() const = 0;
  virtual int descriptor() const = 0;
  virtual BootTime patience_ends() const = 0;

  /// Takes effect with the next picture, as near as the encoder can.
  virtual Result<void> set_bitrate(std::int64_t bitrate_bps) = 0;
  virtual bool fits(const Frame& frame) const = 0;
  /// Hardware tells its headers with the first access unit: complete once take() has given one.
  virtual const VideoInfo& info() const noexcept = 0;
  virtual const std::string& codec_name() const noexcept = 0;
  /// Pictures copied on their way into the encoder, because its device could not read the source's memory.
  virtual std::uint64_t pictures_copied() const noexcept { return 0; }
  /// The distance that pictures have at present.
  virtual std::chrono::nanoseconds frame_interval() const noexcept = 0;
};

}  // namespace nestbox
