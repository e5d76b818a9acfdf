#include "encode/x264_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <thread>
#include <utility>

namespace nestbox {
namespace {

constexpr AVRational kTimeBase{1, 1'000'000};
// What a picture may take beyond the mean is bounded by half a second of the stream: so long, at most, does a keyframe
// occupy a link that carries just the bit rate.
constexpr double kBufferSeconds = 0.5;
// Slices are encoded side by side, which shortens the way of one picture (threads by picture would hold pictures
// back); each costs a little compression, so no more than the cores of a Pi.
constexpr unsigned kSlicesMax = 4;

constexpr std::array<std::string_view, 10> kPresets{"ultrafast", "superfast", "veryfast", "faster",   "fast",
                                                    "medium",    "slow",      "slower",   "veryslow", "placebo"};

Result<const AVCodec*> find_codec(const EncoderOptions& options) {
  if (std::find(kPresets.begin(), kPresets.end(), options.preset) == kPresets.end()) {
    return fail(ErrorKind::kInvalidArgument,
                fmt::format("encoder.preset \"{}\" is unknown; one of: {}", options.preset, fmt::join(kPresets, ", ")));
  }
  const AVCodec* const codec = avcodec_find_encoder_by_name("libx264");
  if (codec == nullptr) {
    return fail(ErrorKind::kInternal, "this FFmpeg has no libx264 encoder; Debian's libavcodec has one");
  }
  return codec;
}

int slices() {
  return static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, kSlicesMax));
}

}  // namespace

Result<std::unique_ptr<VideoEncoder>> X264Encoder::create(const EncoderOptions& options, int framerate,
                                                          const ImageView& shape) {
  if (framerate <= 0)
    return fail(ErrorKind::kInvalidArgument, fmt::format("frame rate {}: must be above 0", framerate));
  auto encoder = std::unique_ptr<X264Encoder>(new X264Encoder(framerate));
  if (auto opened = encoder->open(options, framerate, shape); !opened) {
    return tl::unexpected(std::move(opened).error());
  }
  return encoder;
}

Result<void> X264Encoder::open(const EncoderOptions& options, int framerate, const ImageView& shape) {
  const auto codec = find_codec(options);
  if (!codec) return tl::unexpected(codec.error());
  codec_.reset(avcodec_alloc_context3(*codec));
  codec_->width = shape.width;
  codec_->height = shape.height;
  codec_->pix_fmt = to_av(shape.format);
  codec_->time_base = kTimeBase;
  codec_->framerate = {framerate, 1};
  codec_->color_range = AVCOL_RANGE_MPEG;
  codec_->color_primaries = AVCOL_PRI_BT709;
  codec_->color_trc = AVCOL_TRC_BT709;
  codec_->colorspace = AVCOL_SPC_BT709;
  codec_->max_b_frames = 0;
  codec_->thread_count = slices();
  codec_->thread_type = FF_THREAD_SLICE;
  codec_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;  // SPS and PPS in extradata, for every muxer alike
  bitrate_bps_ = options.bitrate_bps;
  apply_bitrate();  // opened at the highest rate: the level in the SPS then covers all that follow

  av::Dictionary settings;
  settings.set("preset", options.preset);
  settings.set("tune", "zerolatency");
  settings.set("profile", "high");
  settings.set("forced-idr", "1");
  // Keyframes are forced by capture stamps. The frame rate for x264's rate control is said here, because FFmpeg 5.1
  // derives it from the time base: a million pictures a second.
  settings.set("x264-params", fmt::format("keyint=infinite:scenecut=0:fps={}", framerate));
  const int opened = avcodec_open2(codec_.get(), *codec, settings.address());
  const auto what =
      fmt::format("open libx264 for {}x{} at {} kbit/s", shape.width, shape.height, options.bitrate_bps / 1000);
  if (opened < 0) return av::av_fail(ErrorKind::kInternal, what, opened);
  if (const auto unused = settings.first_unused(); !unused.empty()) {
    return fail(ErrorKind::kInternal, fmt::format("{}: it does not know the setting \"{}\"", what, unused));
  }
  if (codec_->extradata_size <= 0) return fail(ErrorKind::kInternal, what + ": it gave no SPS and PPS");
  format_ = shape.format;
  info_ = {shape.width,
           shape.height,
           framerate,
           options.bitrate_bps,
           {codec_->extradata, codec_->extradata + codec_->extradata_size}};
  return {};
}

bool X264Encoder::fits(const Frame& frame) const {
  const ImageView& shape = frame.main;
  return shape.format == format_ && shape.width == info_.width && shape.height == info_.height;
}

Result<void> X264Encoder::set_bitrate(std::int64_t bitrate_bps) {
  bitrate_bps_ = bitrate_bps;
  return {};
}

// libx264's wrapper looks at these fields before each picture.
void X264Encoder::apply_bitrate() {
  const auto in_its_seconds = static_cast<std::int64_t>(static_cast<double>(bitrate_bps_) * pace_.scale());
  codec_->bit_rate = in_its_seconds;
  codec_->rc_max_rate = in_its_seconds;
  codec_->rc_buffer_size = static_cast<int>(static_cast<double>(bitrate_bps_) * kBufferSeconds);
}

Result<void> X264Encoder::encode(FrameLease lease, PictureKind kind) {
  const BootTime stamp = lease->captured_at;
  const Content content = lease->content;
  if (!first_stamp_) first_stamp_ = stamp;
  pace_.observe(stamp);
  apply_bitrate();

  const std::int64_t pts = av::to_ticks(stamp - *first_stamp_, kTimeBase);
  if (auto sent = send(std::move(lease), kind, pts); !sent) return tl::unexpected(std::move(sent).error());
  auto received = receive(pts);
  if (!received) return tl::unexpected(std::move(received).error());

  std::shared_ptr<const AVPacket> unit = std::move(*received);
  Packet packet;
  packet.bytes = {unit->data, static_cast<std::size_t>(unit->size)};
  packet.pts = stamp;
  packet.duration = pace_.interval();
  packet.track = Track::kVideo;
  packet.keyframe = (unit->flags & AV_PKT_FLAG_KEY) != 0;
  packet.content = content;
  packet.owner = std::move(unit);
  ready_ = std::move(packet);
  return {};
}

Result<std::optional<Packet>> X264Encoder::take(BootTime /*now*/) {
  return std::exchange(ready_, std::nullopt);
}

Result<void> X264Encoder::send(FrameLease lease, PictureKind kind, std::int64_t pts) {
  if (auto wrapped = leases_.wrap(lease, *picture_); !wrapped) return wrapped;
  lease.reset();  // from here on the codec's hold is the only one
  picture_->pts = pts;
  picture_->pict_type = kind == PictureKind::kKeyframe ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
  picture_->color_range = codec_->color_range;
  picture_->color_primaries = codec_->color_primaries;
  picture_->color_trc = codec_->color_trc;
  picture_->colorspace = codec_->colorspace;
  const int sent = avcodec_send_frame(codec_.get(), picture_.get());
  av_frame_unref(picture_.get());
  if (sent < 0) return av::av_fail(ErrorKind::kInternal, "libx264: encode a picture", sent);
  return {};
}

Result<av::PacketPtr> X264Encoder::receive(std::int64_t pts) {
  auto unit = av::make_packet();
  const int received = avcodec_receive_packet(codec_.get(), unit.get());
  if (received < 0) return av::av_fail(ErrorKind::kInternal, "libx264: no access unit for a picture", received);
  if (unit->pts != pts || unit->dts != pts) {
    return fail(ErrorKind::kInternal,
                fmt::format("libx264: gave the picture of {} us for the one of {} us", unit->pts, pts));
  }
  return unit;
}

}  // namespace nestbox
