#include "encode/v4l2_encoder.h"

#include <fmt/format.h>
#include <linux/videodev2.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "encode/annex_b.h"
#include "nestbox/base/assert.h"
#include "nestbox/base/log.h"

namespace nestbox {
namespace {

constexpr unsigned kCodedBuffers = 4;
constexpr std::size_t kPicturesLeftOutMax = 5;

std::int64_t in_us(BootTime stamp) {
  return std::chrono::floor<std::chrono::microseconds>(stamp.time_since_epoch()).count();
}

void copy_plane(const PlaneView& from, std::uint8_t* to, int stride) {
  for (int row = 0; row < from.height; ++row) {
    std::memcpy(to + static_cast<std::ptrdiff_t>(row) * stride,
                from.data + static_cast<std::ptrdiff_t>(row) * from.stride, static_cast<std::size_t>(from.width));
  }
}

}  // namespace

V4l2Encoder::V4l2Encoder(std::unique_ptr<M2mDevice> device, Setup setup)
    : setup_(std::move(setup)), pace_(setup_.framerate), device_(std::move(device)) {}

V4l2Encoder::~V4l2Encoder() = default;

Result<std::unique_ptr<V4l2Encoder>> V4l2Encoder::create(std::unique_ptr<M2mDevice> device, Setup setup,
                                                         const Frame& first) {
  if (setup.framerate <= 0)
    return fail(ErrorKind::kInvalidArgument, fmt::format("frame rate {}: must be above 0", setup.framerate));
  auto encoder = std::unique_ptr<V4l2Encoder>(new V4l2Encoder(std::move(device), std::move(setup)));
  if (auto opened = encoder->open(first); !opened) return tl::unexpected(std::move(opened).error());
  return encoder;
}

Result<void> V4l2Encoder::open(const Frame& first) {
  const ImageView& shape = first.main;
  format_ = shape.format;
  info_ = {shape.width, shape.height, setup_.framerate, setup_.bitrate_bps, {}};
  told_bps_ = hardware_bitrate_bps(setup_.bitrate_bps);
  const HardwareWish wish{setup_.bitrate_bps, setup_.keyframe_interval, shape.width, shape.height, setup_.framerate};
  const auto layout = device_->configure({setup_.coded_format, shape.format, shape.width, shape.height, shape.y.stride,
                                          setup_.framerate, hardware_controls(wish)});
  if (!layout) return tl::unexpected(layout.error());
  layout_ = *layout;
  first_had_dmabuf_ = first.main_dmabuf_fd >= 0;
  copies_because_ = obstacle(first);
  if (copies_because_.empty()) {
    auto started = device_->start(PictureBuffers::kImported, kPicturesInside, kCodedBuffers);
    if (started || started.error().kind != ErrorKind::kInvalidArgument) return started;
    copies_because_ = started.error().message;
  }
  return device_->start(PictureBuffers::kMapped, kPicturesInside, kCodedBuffers);
}

std::string V4l2Encoder::obstacle(const Frame& frame) const {
  if (!setup_.copy_because.empty()) return setup_.copy_because;
  if (frame.main_dmabuf_fd < 0) return "the source's pictures are in memory that no driver can import (no dmabuf)";
  const ImageView& image = frame.main;
  if (image.y.stride != layout_.stride) {
    return fmt::format("the source's rows are {} bytes apart, the encoder wants {}", image.y.stride, layout_.stride);
  }
  const std::ptrdiff_t luma = static_cast<std::ptrdiff_t>(layout_.stride) * layout_.rows;
  const bool planes_follow =
      image.u.data - image.y.data == luma && (format_ == PixelFormat::kNv12 || image.v.data - image.u.data == luma / 4);
  if (!planes_follow) {
    return fmt::format("the source's colour planes do not follow luma after {} rows, as the encoder wants them",
                       layout_.rows);
  }
  const auto bytes = ::lseek(frame.main_dmabuf_fd, 0, SEEK_END);
  if (bytes >= 0 && static_cast<std::size_t>(bytes) < layout_.bytes) {
    return fmt::format("the source's buffers have {} bytes, the encoder wants {}", bytes, layout_.bytes);
  }
  return {};
}

bool V4l2Encoder::fits(const Frame& frame) const {
  const ImageView& image = frame.main;
  return image.format == format_ && image.width == info_.width && image.height == info_.height &&
         (frame.main_dmabuf_fd >= 0) == first_had_dmabuf_ &&
         (!copies_because_.empty() || image.y.stride == layout_.stride);
}

bool V4l2Encoder::has_room() const {
  return std::any_of(buffers_.begin(), buffers_.end(), [](const Buffer& buffer) { return !buffer.taken; });
}

bool V4l2Encoder::has_buffers() const {
  return std::any_of(buffers_.begin(), buffers_.end(), [](const Buffer& buffer) { return buffer.taken; });
}

bool V4l2Encoder::busy() const {
  return !inside_.empty() || has_buffers();
}

bool V4l2Encoder::owes_answer() const {
  return has_buffers() || inside_.size() >= kPicturesLeftOutMax;
}

Result<void> V4l2Encoder::encode(FrameLease lease, PictureKind kind) {
  const auto free = std::find_if(buffers_.begin(), buffers_.end(), [](const Buffer& buffer) { return !buffer.taken; });
  NESTBOX_ASSERT(free != buffers_.end());
  if (kind == PictureKind::kKeyframe || std::exchange(wants_keyframe_, false)) {
    if (auto forced = device_->set_control({V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME, 1}); !forced) return forced;
  }
  const BootTime stamp = lease->captured_at;
  pace_.observe(stamp);
  // The device gives back what it was told, in microseconds: enough to find the picture again, whose stamp is exact.
  last_stamp_us_ = std::max(in_us(stamp), last_stamp_us_ + 1);
  const Inside picture{last_stamp_us_, stamp, lease->content};
  const auto index = static_cast<std::size_t>(free - buffers_.begin());
  const BootTime now = BootClock::now();
  const bool owed_answer = owes_answer();
  if (auto queued = hand_over(std::move(lease), index, picture.stamp_us); !queued) return queued;
  inside_.push_back(picture);
  if (!owed_answer) stall_.came_out(now, StallWatch::Inside::kNothing);
  stall_.went_in(now);
  return {};
}

Result<void> V4l2Encoder::hand_over(FrameLease lease, std::size_t index, std::int64_t stamp_us) {
  const auto device_index = static_cast<unsigned>(index);
  int dmabuf_fd = -1;
  if (copies_because_.empty()) {
    dmabuf_fd = lease->main_dmabuf_fd;
  } else {
    copy(lease->main, device_->mapped(device_index));
    ++pictures_copied_;
    lease.reset();
  }
  if (auto queued = device_->queue(device_index, dmabuf_fd, stamp_us); !queued) return queued;
  buffers_[index] = {true, std::move(lease)};
  return {};
}

void V4l2Encoder::copy(const ImageView& image, std::span<std::uint8_t> to) const {
  NESTBOX_ASSERT(to.size() >= layout_.bytes);
  const std::ptrdiff_t luma = static_cast<std::ptrdiff_t>(layout_.stride) * layout_.rows;
  copy_plane(image.y, to.data(), layout_.stride);
  if (format_ == PixelFormat::kNv12) {
    copy_plane(image.u, to.data() + luma, layout_.stride);
  } else {
    copy_plane(image.u, to.data() + luma, layout_.stride / 2);
    copy_plane(image.v, to.data() + luma + luma / 4, layout_.stride / 2);
  }
}

Result<std::optional<Packet>> V4l2Encoder::take(BootTime now) {
  if (auto taken = take_back_pictures(now); !taken) return tl::unexpected(std::move(taken).error());
  auto packet = take_packet(now);
  if (packet && !*packet && now >= patience_ends()) {
    return fail(ErrorKind::kTimeout,
                fmt::format("{} has stopped: no answer for {} s", setup_.name, StallWatch::kPatience.count()));
  }
  return packet;
}

void V4l2Encoder::note_progress(BootTime now) {
  stall_.came_out(now, busy() ? StallWatch::Inside::kMore : StallWatch::Inside::kNothing);
}

Result<void> V4l2Encoder::take_back_pictures(BootTime now) {
  for (;;) {
    const auto index = device_->take_back();
    if (!index) return tl::unexpected(index.error());
    if (!*index) return {};
    if (**index >= buffers_.size() || !buffers_[**index].taken) {
      return fail(ErrorKind::kInternal,
                  fmt::format("{} returned buffer {}, which it did not have", setup_.name, **index));
    }
    buffers_[**index] = {};
    note_progress(now);
  }
}

Result<std::optional<Packet>> V4l2Encoder::take_packet(BootTime now) {
  for (;;) {
    const auto coded = device_->take_coded();
    if (!coded) return tl::unexpected(coded.error());
    if (!*coded) return std::nullopt;
    auto packet = make_packet(**coded);
    if (auto given = device_->give_back((*coded)->index); !given) return tl::unexpected(std::move(given).error());
    note_progress(now);
    if (packet) return packet;
  }
}

std::optional<Packet> V4l2Encoder::make_packet(const CodedBuffer& coded) {
  std::vector<std::uint8_t> bytes;
  if (setup_.coded_format == V4L2_PIX_FMT_H264) {
    auto split = split_headers(coded.bytes);
    if (!split.headers.empty()) info_.extradata = std::move(split.headers);
    bytes = std::move(split.picture);
  } else {
    bytes.assign(coded.bytes.begin(), coded.bytes.end());
  }
  if (bytes.empty()) return std::nullopt;  // headers alone

  // Pictures before this one were left out by the device's rate control.
  while (!inside_.empty() && inside_.front().stamp_us < coded.stamp_us) inside_.pop_front();
  if (inside_.empty() || inside_.front().stamp_us != coded.stamp_us || coded.broken) {
    NESTBOX_LOG_WARNING("encode", "{} gave {}: left out", setup_.name,
                        coded.broken ? "a damaged picture" : "a picture that it was not given");
    if (!inside_.empty() && inside_.front().stamp_us == coded.stamp_us) inside_.pop_front();
    wants_keyframe_ = true;  // those after it would refer to it
    return std::nullopt;
  }
  const Inside picture = inside_.front();
  inside_.pop_front();

  const auto owner = std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes));
  Packet packet;
  packet.owner = owner;
  packet.bytes = *owner;
  packet.pts = picture.captured_at;
  packet.duration = pace_.interval();
  packet.track = Track::kVideo;
  packet.keyframe = coded.keyframe;
  packet.content = picture.content;
  return packet;
}

Result<void> V4l2Encoder::set_bitrate(std::int64_t bitrate_bps) {
  const auto told = hardware_bitrate_bps(bitrate_bps);
  if (told == told_bps_) return {};
  told_bps_ = told;
  return device_->set_control({V4L2_CID_MPEG_VIDEO_BITRATE, told});
}

}  // namespace nestbox
