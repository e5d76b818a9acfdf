#pragma once
/// A camera's picture under an AVFrame, without a copy: the lease travels inside the AVBufferRef.
#include <array>
#include <atomic>
#include <cstddef>

#include "av/ffmpeg.h"
#include "nestbox/base/result.h"
#include "nestbox/media/frame_ring.h"

namespace nestbox {

/// A fixed pool of holds, one for each plane that a codec may still read. Must outlive every AVFrame it filled, so a
/// codec is freed before its pool. wrap() is thread-bound; buffers may be let go by any thread.
class LeaseBuffers {
 public:
  LeaseBuffers() = default;
  LeaseBuffers(const LeaseBuffers&) = delete;
  LeaseBuffers& operator=(const LeaseBuffers&) = delete;
  ~LeaseBuffers();

  /// Points data, linesize and buf of an empty `frame` to the picture's own planes, and sets its format and size. The
  /// slot is free again when the caller's lease and all buffers are gone. Errors: kExhausted when a codec keeps more
  /// pictures than the pool has room for.
  Result<void> wrap(const FrameLease& lease, AVFrame& frame);

  /// Planes that somebody still holds.
  std::size_t held() const noexcept;

 private:
  static constexpr std::size_t kPlanesMax = 3, kPicturesMax = 3;
  struct Hold {
    std::atomic<bool> taken{false};
    FrameLease lease;
  };
  static void let_go(void* opaque, std::uint8_t* data) noexcept;
  Result<void> add_plane(const FrameLease& lease, const PlaneView& plane, std::size_t index, AVFrame& frame);

  std::array<Hold, kPlanesMax * kPicturesMax> holds_;
};

AVPixelFormat to_av(PixelFormat format);

}  // namespace nestbox
