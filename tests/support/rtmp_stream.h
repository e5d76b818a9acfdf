#pragma once
/// A live stream made by libx264 and FFmpeg's AAC encoder, and a subscriber that notes when each picture of it arrived.
/// Every picture carries the moment of its capture in an SEI message, so that its age is known at the far end.
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "av/ffmpeg.h"
#include "nestbox/base/assert.h"
#include "nestbox/base/clock.h"
#include "nestbox/base/file.h"
#include "nestbox/base/mutex.h"
#include "nestbox/media/packet_hub.h"

namespace nestbox {

/// A stream key that is looked for wherever it must not be.
inline constexpr const char* kKey = "canary-8f3a2c71d9";

inline constexpr char kStampMark[] = "nestbox-stamp-01";  // 16 characters: the UUID of an unregistered SEI message

/// An SEI NAL unit (H.264 7.3.2.3.1, user data unregistered); hexadecimal digits need no emulation prevention.
inline std::vector<std::uint8_t> stamp_nal(BootTime captured_at) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx",
                static_cast<unsigned long long>(captured_at.time_since_epoch().count()));
  const std::string nal = std::string("\0\0\0\1\6\5\40", 7) + kStampMark + digits + '\x80';
  return {nal.begin(), nal.end()};
}

inline std::optional<BootTime> stamp_in(const std::uint8_t* data, std::size_t bytes) {
  const auto* const found = static_cast<const std::uint8_t*>(memmem(data, bytes, kStampMark, 16));
  if (found == nullptr || static_cast<std::size_t>(data + bytes - found) < 32) return std::nullopt;
  const std::string digits(reinterpret_cast<const char*>(found) + 16, 16);
  return BootTime(std::chrono::nanoseconds(std::stoll(digits, nullptr, 16)));
}

/// Moves the calling thread, and threads it starts, into a network namespace.
inline bool enter_network_namespace(const std::string& name) {
  const FileDescriptor place(::open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC));
  return place && setns(place.get(), CLONE_NEWNET) == 0;
}

/// Encodes in real time on a thread of its own, into its hub.
class LiveStream {
 public:
  struct Shape {
    int width = 320, height = 180;
    std::int64_t bitrate_bps = 1'000'000;
    Content content = Content::kLive;
    int framerate = 30;
    const char* level = "3.1";  ///< another level: other headers of the same size
  };
  explicit LiveStream(const Shape& shape)
      : hub([this] { keyframe_wanted_ = true; }), shape_(shape), bitrate_bps_(shape.bitrate_bps) {
    open_video();
    open_audio();
    thread_ = std::thread([this] { run(); });
  }
  ~LiveStream() {
    stopping_ = true;
    thread_.join();
  }
  void set_bitrate(std::int64_t bitrate_bps) { bitrate_bps_ = bitrate_bps; }
  std::int64_t bitrate_bps() const { return bitrate_bps_; }
  /// The longest that one push to all sinks took.
  double longest_push_s() const { return to_seconds(std::chrono::nanoseconds(longest_push_ns_.load())); }
  std::uint64_t frames() const { return frames_; }

 private:
  // Declared first: the members below use them, and the hub's callback is called by other threads.
  std::atomic<bool> keyframe_wanted_{true};

 public:
  PacketHub hub;

 private:
  void open_video() {
    const AVCodec* const codec = avcodec_find_encoder_by_name("libx264");
    video_.reset(avcodec_alloc_context3(codec));
    video_->width = shape_.width;
    video_->height = shape_.height;
    video_->pix_fmt = AV_PIX_FMT_YUV420P;
    video_->time_base = {1, shape_.framerate};
    video_->framerate = {shape_.framerate, 1};
    video_->gop_size = 2 * shape_.framerate;
    video_->max_b_frames = 0;
    video_->thread_count = 1;
    video_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    apply_bitrate();
    av::Dictionary options;
    options.set("preset", "ultrafast");
    options.set("tune", "zerolatency");
    options.set("forced-idr", "1");
    options.set("level", shape_.level);
    options.set("x264-params", "scenecut=0");
    NESTBOX_ASSERT(avcodec_open2(video_.get(), codec, options.address()) == 0);
    picture_ = av::make_frame();
    picture_->format = AV_PIX_FMT_YUV420P;
    picture_->width = shape_.width;
    picture_->height = shape_.height;
    NESTBOX_ASSERT(av_frame_get_buffer(picture_.get(), 0) == 0);
  }
  void apply_bitrate() {
    video_->bit_rate = bitrate_bps_;
    video_->rc_max_rate = bitrate_bps_;
    video_->rc_buffer_size = static_cast<int>(bitrate_bps_ / 2);
  }
  void open_audio() {
    const AVCodec* const codec = avcodec_find_encoder(AV_CODEC_ID_AAC);
    audio_.reset(avcodec_alloc_context3(codec));
    audio_->sample_fmt = AV_SAMPLE_FMT_FLTP;
    audio_->sample_rate = 44100;
    av_channel_layout_default(&audio_->ch_layout, 2);
    audio_->bit_rate = 128'000;
    audio_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    NESTBOX_ASSERT(avcodec_open2(audio_.get(), codec, nullptr) == 0);
    samples_ = av::make_frame();
    samples_->format = AV_SAMPLE_FMT_FLTP;
    samples_->nb_samples = audio_->frame_size;
    samples_->sample_rate = 44100;
    av_channel_layout_default(&samples_->ch_layout, 2);
    NESTBOX_ASSERT(av_frame_get_buffer(samples_.get(), 0) == 0);
    for (int plane = 0; plane < 2; ++plane) std::memset(samples_->data[plane], 0, 4U * 1024);
  }

  StreamInfo info() const {
    StreamInfo info;
    info.video = {shape_.width,
                  shape_.height,
                  shape_.framerate,
                  shape_.bitrate_bps,
                  {video_->extradata, video_->extradata + video_->extradata_size}};
    info.audio = AudioInfo{44100, 2, 128'000, {audio_->extradata, audio_->extradata + audio_->extradata_size}};
    return info;
  }

  void run() {
    hub.start(info());
    const auto began_at = BootClock::now();
    std::chrono::nanoseconds sound_until{};
    for (std::int64_t n = 0; !stopping_; ++n) {
      const auto at = std::chrono::nanoseconds(std::chrono::seconds(n)) / shape_.framerate;
      const auto left = began_at + at - BootClock::now();
      if (left > left.zero()) std::this_thread::sleep_for(left);
      encode_picture(n, began_at + at);
      for (; sound_until < at; sound_until += kSound) encode_sound(began_at + sound_until);
      ++frames_;
    }
    hub.stop();
  }
  void encode_picture(std::int64_t n, BootTime captured_at) {
    NESTBOX_ASSERT(av_frame_make_writable(picture_.get()) == 0);
    std::uint32_t noise = static_cast<std::uint32_t>(n) * 2654435761U + 1;
    for (int y = 0; y < shape_.height; ++y) {
      auto* const row = picture_->data[0] + static_cast<std::ptrdiff_t>(y) * picture_->linesize[0];
      for (int x = 0; x < shape_.width; ++x) {
        noise = noise * 1664525U + 1013904223U;
        row[x] = static_cast<std::uint8_t>(128 + static_cast<int>(noise >> 26U) - 32 + (x + n) % 32);
      }
    }
    for (int plane = 1; plane < 3; ++plane) {
      std::memset(picture_->data[plane], 128,
                  static_cast<std::size_t>(picture_->linesize[plane] * (shape_.height / 2)));
    }
    picture_->pts = n;
    picture_->pict_type = keyframe_wanted_.exchange(false) ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    if (video_->bit_rate != bitrate_bps_) apply_bitrate();
    NESTBOX_ASSERT(avcodec_send_frame(video_.get(), picture_.get()) == 0);
    pass_on(*video_, Track::kVideo, captured_at, std::chrono::nanoseconds(std::chrono::seconds(1)) / shape_.framerate);
  }
  void encode_sound(BootTime at) {
    NESTBOX_ASSERT(avcodec_send_frame(audio_.get(), samples_.get()) == 0);
    pass_on(*audio_, Track::kAudio, at, kSound);
  }
  void pass_on(AVCodecContext& codec, Track track, BootTime at, std::chrono::nanoseconds duration) {
    const auto encoded = av::make_packet();
    while (avcodec_receive_packet(&codec, encoded.get()) == 0) {
      auto bytes = std::make_shared<std::vector<std::uint8_t>>();
      if (track == Track::kVideo) *bytes = stamp_nal(at);
      bytes->insert(bytes->end(), encoded->data, encoded->data + encoded->size);
      Packet packet;
      packet.bytes = *bytes;
      packet.owner = std::move(bytes);
      packet.pts = at;
      packet.duration = duration;
      packet.track = track;
      packet.keyframe = track == Track::kAudio || (encoded->flags & AV_PKT_FLAG_KEY) != 0;
      packet.content = shape_.content;
      const auto before = BootClock::now();
      hub.push(packet);
      const auto took_ns = (BootClock::now() - before).count();
      if (took_ns > longest_push_ns_) longest_push_ns_ = took_ns;
      av_packet_unref(encoded.get());
    }
  }

  static constexpr std::chrono::nanoseconds kSound{1024LL * 1'000'000'000 / 44100};
  const Shape shape_;
  std::atomic<std::int64_t> bitrate_bps_;
  av::Codec video_, audio_;
  av::FramePtr picture_, samples_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::int64_t> longest_push_ns_{0};
  std::atomic<std::uint64_t> frames_{0};
  std::thread thread_;
};

/// Watches a stream at the server, coming back whenever it breaks off.
class Subscriber {
 public:
  struct Seen {
    BootTime arrived_at{}, captured_at{};
    std::int64_t dts = 0;
    bool keyframe = false;
    bool broken = false;  ///< no picture came of it, although there had been a keyframe before
    int width = 0;
  };
  explicit Subscriber(std::string url, std::string network_namespace = {})
      : url_(std::move(url)), thread_([this, network_namespace] {
          if (!network_namespace.empty()) NESTBOX_ASSERT(enter_network_namespace(network_namespace));
          while (!stopping_) watch();
        }) {}
  ~Subscriber() {
    stopping_ = true;
    thread_.join();
  }
  std::vector<Seen> seen() const {
    Lock lock(mutex_);
    return seen_;
  }
  std::size_t count() const {
    Lock lock(mutex_);
    return seen_.size();
  }
  std::size_t sound_packets() const { return sound_packets_; }
  /// When the first picture captured after `moment` arrived.
  std::optional<BootTime> first_after(BootTime moment) const {
    Lock lock(mutex_);
    for (const auto& picture : seen_) {
      if (picture.captured_at > moment) return picture.arrived_at;
    }
    return std::nullopt;
  }

 private:
  static int interrupted(void* self) {
    auto& subscriber = *static_cast<Subscriber*>(self);
    return subscriber.stopping_ || BootClock::now() > subscriber.patience_ends_at_;
  }
  void be_patient() { patience_ends_at_ = BootClock::now() + std::chrono::milliseconds(1500); }

  void watch() {
    be_patient();
    AVFormatContext* context = avformat_alloc_context();
    context->interrupt_callback = {&Subscriber::interrupted, this};
    context->flags |= AVFMT_FLAG_NOBUFFER;
    av::Dictionary options;
    options.set("rtmp_live", "live");
    options.set("rtmp_buffer", "0");
    options.set("analyzeduration", "0");
    options.set("probesize", "32");
    options.set("fpsprobesize", "0");
    if (avformat_open_input(&context, url_.c_str(), nullptr, options.address()) < 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      return;
    }
    const av::Input input(context);
    av::Codec decoder(avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_H264)));
    decoder->thread_count = 1;
    decoder->err_recognition = AV_EF_EXPLODE;
    if (avcodec_open2(decoder.get(), nullptr, nullptr) < 0) return;
    const auto packet = av::make_packet();
    bool has_headers = false, has_keyframe = false;
    for (;;) {
      be_patient();
      if (av_read_frame(input.get(), packet.get()) < 0) return;
      take(*packet, *input->streams[packet->stream_index], *decoder, has_headers, has_keyframe);
      av_packet_unref(packet.get());
    }
  }

  void take(AVPacket& packet, const AVStream& stream, AVCodecContext& decoder, bool& has_headers, bool& has_keyframe) {
    if (stream.codecpar->codec_type == AVMEDIA_TYPE_AUDIO) ++sound_packets_;
    if (stream.codecpar->codec_type != AVMEDIA_TYPE_VIDEO) return;
    std::size_t bytes = 0;
    if (!has_headers && av_packet_get_side_data(&packet, AV_PKT_DATA_NEW_EXTRADATA, &bytes) == nullptr &&
        stream.codecpar->extradata_size > 0) {
      auto* const copy = av_packet_new_side_data(&packet, AV_PKT_DATA_NEW_EXTRADATA,
                                                 static_cast<std::size_t>(stream.codecpar->extradata_size));
      std::memcpy(copy, stream.codecpar->extradata, static_cast<std::size_t>(stream.codecpar->extradata_size));
    }
    has_headers = true;
    const auto captured_at = stamp_in(packet.data, static_cast<std::size_t>(packet.size));
    if (!captured_at) return;
    Seen seen{BootClock::now(), *captured_at, packet.dts, (packet.flags & AV_PKT_FLAG_KEY) != 0, false, 0};
    has_keyframe = has_keyframe || seen.keyframe;
    const auto frame = av::make_frame();
    const bool decoded =
        avcodec_send_packet(&decoder, &packet) == 0 && avcodec_receive_frame(&decoder, frame.get()) == 0;
    seen.broken = has_keyframe && !decoded;
    seen.width = frame->width;
    Lock lock(mutex_);
    seen_.push_back(seen);
  }

  const std::string url_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> sound_packets_{0};
  BootTime patience_ends_at_{};
  mutable Mutex mutex_;
  std::vector<Seen> seen_ GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace nestbox
