#include "encode/lease_buffers.h"

#include <algorithm>

#include "nestbox/base/assert.h"

namespace nestbox {

AVPixelFormat to_av(PixelFormat format) {
  return format == PixelFormat::kNv12 ? AV_PIX_FMT_NV12 : AV_PIX_FMT_YUV420P;
}

LeaseBuffers::~LeaseBuffers() {
  NESTBOX_ASSERT(held() == 0);
}

Result<void> LeaseBuffers::wrap(const FrameLease& lease, AVFrame& frame) {
  const ImageView& image = lease->main;
  frame.format = to_av(image.format);
  frame.width = image.width;
  frame.height = image.height;
  const std::array<const PlaneView*, kPlanesMax> planes{&image.y, &image.u, &image.v};
  const std::size_t count = image.format == PixelFormat::kNv12 ? 2 : 3;
  for (std::size_t i = 0; i < count; ++i) {
    if (auto added = add_plane(lease, *planes[i], i, frame); !added) {
      av_frame_unref(&frame);
      return added;
    }
  }
  return {};
}

Result<void> LeaseBuffers::add_plane(const FrameLease& lease, const PlaneView& plane, std::size_t index,
                                     AVFrame& frame) {
  const auto hold = std::find_if(holds_.begin(), holds_.end(),
                                 [](const Hold& h) { return !h.taken.load(std::memory_order_acquire); });
  if (hold == holds_.end()) return fail(ErrorKind::kExhausted, "the codec keeps more pictures than it may");
  // libavcodec takes bytes that it may change with a const_cast of its own; encoders only read them (READONLY says so).
  auto* const data = const_cast<std::uint8_t*>(plane.data);
  const auto bytes = static_cast<std::size_t>(plane.stride) * static_cast<std::size_t>(plane.height - 1) +
                     static_cast<std::size_t>(plane.width);
  AVBufferRef* const buffer = av_buffer_create(data, bytes, &let_go, &*hold, AV_BUFFER_FLAG_READONLY);
  if (buffer == nullptr) return fail(ErrorKind::kExhausted, "no memory for a buffer reference");
  hold->lease = lease.share();
  hold->taken.store(true, std::memory_order_relaxed);  // published by whatever hands the frame on
  frame.data[index] = data;
  frame.linesize[index] = plane.stride;
  frame.buf[index] = buffer;
  return {};
}

void LeaseBuffers::let_go(void* opaque, std::uint8_t* /*data*/) noexcept {
  auto& hold = *static_cast<Hold*>(opaque);
  hold.lease.reset();
  hold.taken.store(false, std::memory_order_release);
}

std::size_t LeaseBuffers::held() const noexcept {
  return static_cast<std::size_t>(std::count_if(holds_.begin(), holds_.end(),
                                                [](const Hold& h) { return h.taken.load(std::memory_order_acquire); }));
}

}  // namespace nestbox
