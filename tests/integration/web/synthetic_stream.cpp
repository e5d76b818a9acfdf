#include "synthetic_stream.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>
#include <thread>
#include <utility>

#include "av/ffmpeg.h"
#include "nestbox/base/assert.h"
#include "nestbox/base/clock.h"
#include "nestbox/image/jpeg.h"
#include "nestbox/image/sharpness.h"

namespace nestbox::test {
namespace {

using std::chrono::nanoseconds;

Packet make_packet(const AVPacket& from, Track track, BootTime pts, nanoseconds duration) {
  auto bytes = std::make_shared<const std::vector<std::uint8_t>>(from.data, from.data + from.size);
  Packet packet;
  packet.bytes = {bytes->data(), bytes->size()};
  packet.owner = std::move(bytes);
  packet.pts = pts;
  packet.duration = duration;
  packet.track = track;
  packet.keyframe = (from.flags & AV_PKT_FLAG_KEY) != 0 || track == Track::kAudio;
  return packet;
}

// A meadow at dusk with something that flits about: every row and column moves from picture to picture.
void paint(AVFrame& frame, std::int64_t number) {
  const double phase = static_cast<double>(number) / 40.0;
  const int centre_x = static_cast<int>(frame.width * (0.5 + 0.35 * std::sin(phase)));
  const int centre_y = static_cast<int>(frame.height * (0.5 + 0.25 * std::sin(phase * 1.7)));
  const int radius = frame.height / 9;
  for (int y = 0; y < frame.height; ++y) {
    auto* row = frame.data[0] + static_cast<std::ptrdiff_t>(y) * frame.linesize[0];
    for (int x = 0; x < frame.width; ++x) {
      const int dx = x - centre_x, dy = y - centre_y;
      const bool inside = dx * dx + dy * dy < radius * radius;
      row[x] = static_cast<std::uint8_t>(inside ? 205 : 60 + 80 * y / frame.height + ((x / 24 + y / 24) % 2) * 6);
    }
  }
  for (int plane : {1, 2})
    for (int y = 0; y < frame.height / 2; ++y)
      std::fill_n(frame.data[plane] + static_cast<std::ptrdiff_t>(y) * frame.linesize[plane], frame.width / 2,
                  static_cast<std::uint8_t>(plane == 1 ? 112 : 118));
}

void stamp(AVFrame& frame, std::uint64_t milliseconds) {
  for (int bit = 0; bit < kStampBits; ++bit) {
    const bool one = ((milliseconds >> (kStampBits - 1 - bit)) & 1U) != 0;
    for (int y = 0; y < kStampSquare; ++y)
      std::fill_n(frame.data[0] + static_cast<std::ptrdiff_t>(y) * frame.linesize[0] + bit * kStampSquare, kStampSquare,
                  static_cast<std::uint8_t>(one ? 235 : 16));
  }
}

std::vector<std::uint8_t> extradata_of(const AVCodecContext& codec) {
  return {codec.extradata, codec.extradata + codec.extradata_size};
}

}  // namespace

class SyntheticStream::Encoders {
 public:
  explicit Encoders(const Shape& shape) : shape_(shape) {
    open_video();
    open_audio();
    frame_ = av::make_frame();
    frame_->format = AV_PIX_FMT_YUV420P;
    frame_->width = shape.width;
    frame_->height = shape.height;
    NESTBOX_ASSERT(av_frame_get_buffer(frame_.get(), 0) >= 0);
    silence_ = av::make_frame();
    silence_->format = AV_SAMPLE_FMT_FLTP;
    silence_->nb_samples = audio_->frame_size;
    silence_->sample_rate = audio_->sample_rate;
    av_channel_layout_copy(&silence_->ch_layout, &audio_->ch_layout);
    NESTBOX_ASSERT(av_frame_get_buffer(silence_.get(), 0) >= 0);
    av_samples_set_silence(silence_->data, 0, silence_->nb_samples, 2, AV_SAMPLE_FMT_FLTP);
  }

  StreamInfo info() const {
    StreamInfo info;
    info.video = {shape_.width, shape_.height, shape_.framerate, video_->bit_rate, extradata_of(*video_)};
    info.audio = AudioInfo{audio_->sample_rate, 2, audio_->bit_rate, extradata_of(*audio_)};
    return info;
  }

  void paint_next() {
    NESTBOX_ASSERT(av_frame_make_writable(frame_.get()) >= 0);
    paint(*frame_, ++number_);
    stamp(*frame_, static_cast<std::uint64_t>(wall_now().time_since_epoch().count() / 1'000'000));
  }

  void encode_video(BootTime pts, bool keyframe, PacketHub& hub) {
    frame_->pts = number_;
    frame_->pict_type = keyframe ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    NESTBOX_ASSERT(avcodec_send_frame(video_.get(), frame_.get()) >= 0);
    while (avcodec_receive_packet(video_.get(), packet_.get()) >= 0) {
      hub.push(make_packet(*packet_, Track::kVideo, pts, nanoseconds(std::chrono::seconds(1)) / shape_.framerate));
      av_packet_unref(packet_.get());
    }
  }

  // Silence up to the picture's time, without gap or overlap.
  void encode_audio(BootTime until, PacketHub& hub) {
    if (!audio_start_) audio_start_ = until;
    for (;;) {
      const auto at = *audio_start_ + nanoseconds(samples_ * 1'000'000'000 / audio_->sample_rate);
      if (at >= until) return;
      silence_->pts = samples_;
      samples_ += silence_->nb_samples;
      NESTBOX_ASSERT(avcodec_send_frame(audio_.get(), silence_.get()) >= 0);
      while (avcodec_receive_packet(audio_.get(), packet_.get()) >= 0) {
        const auto duration = nanoseconds(std::int64_t{silence_->nb_samples} * 1'000'000'000 / audio_->sample_rate);
        hub.push(make_packet(*packet_, Track::kAudio, at, duration));
        av_packet_unref(packet_.get());
      }
    }
  }

  ImageView view() const {
    ImageView image;
    image.width = shape_.width;
    image.height = shape_.height;
    image.y = {frame_->data[0], shape_.width, shape_.height, frame_->linesize[0]};
    image.u = {frame_->data[1], shape_.width / 2, shape_.height / 2, frame_->linesize[1]};
    image.v = {frame_->data[2], shape_.width / 2, shape_.height / 2, frame_->linesize[2]};
    return image;
  }

 private:
  void open_video() {
    av_log_set_level(AV_LOG_ERROR);  // x264 says at length how it is configured
    const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
    NESTBOX_ASSERT(codec != nullptr);
    video_.reset(avcodec_alloc_context3(codec));
    video_->width = shape_.width;
    video_->height = shape_.height;
    video_->pix_fmt = AV_PIX_FMT_YUV420P;
    video_->time_base = {1, shape_.framerate};
    video_->framerate = {shape_.framerate, 1};
    video_->bit_rate = 2'000'000;
    video_->gop_size = shape_.framerate * 2;
    video_->max_b_frames = 0;
    video_->thread_count = 1;
    video_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    av_opt_set(video_->priv_data, "preset", "ultrafast", 0);
    av_opt_set(video_->priv_data, "tune", "zerolatency", 0);
    av_opt_set(video_->priv_data, "forced-idr", "1", 0);
    NESTBOX_ASSERT(avcodec_open2(video_.get(), codec, nullptr) >= 0);
  }

  void open_audio() {
    const AVCodec* codec = avcodec_find_encoder(AV_CODEC_ID_AAC);
    NESTBOX_ASSERT(codec != nullptr);
    audio_.reset(avcodec_alloc_context3(codec));
    audio_->sample_fmt = AV_SAMPLE_FMT_FLTP;
    audio_->sample_rate = 44'100;
    audio_->bit_rate = 64'000;
    av_channel_layout_default(&audio_->ch_layout, 2);
    audio_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    NESTBOX_ASSERT(avcodec_open2(audio_.get(), codec, nullptr) >= 0);
  }

  const Shape shape_;
  av::Codec video_, audio_;
  av::FramePtr frame_, silence_;
  av::PacketPtr packet_ = av::make_packet();
  std::int64_t number_ = 0, samples_ = 0;
  std::optional<BootTime> audio_start_;
};

SyntheticStream::SyntheticStream(PacketHub& hub, const Shape& shape)
    : hub_(hub), shape_(shape), encoders_(std::make_unique<Encoders>(shape)), thread_("synthetic", [this] { run(); }) {}

SyntheticStream::~SyntheticStream() {
  stop_ = true;
  thread_.join();
}

void SyntheticStream::take_picture(std::function<void(Result<Picture>)> done) {
  Lock lock(mutex_);
  asked_.push_back({Asked::Part::kWhole, std::move(done)});
}

void SyntheticStream::take_centre(std::function<void(Result<Picture>)> done) {
  Lock lock(mutex_);
  asked_.push_back({Asked::Part::kCentre, std::move(done)});
}

void SyntheticStream::answer_pictures() {
  std::vector<Asked> asked;
  {
    Lock lock(mutex_);
    asked.swap(asked_);
  }
  for (auto& [part, done] : asked) {
    const auto view = part == Asked::Part::kCentre ? centre_crop(encoders_->view()) : encoders_->view();
    auto jpeg = encode_jpeg(view, 80);
    NESTBOX_ASSERT(jpeg.has_value());
    done(Picture{std::make_shared<const std::string>(std::move(*jpeg)), view.width, view.height, ++pictures_taken_});
  }
}

void SyntheticStream::run() {
  const auto interval = nanoseconds(std::chrono::seconds(1)) / shape_.framerate;
  auto next = std::chrono::steady_clock::now();
  bool was_wanted = false;
  hub_.start(encoders_->info());
  while (!stop_) {
    next += interval;
    std::this_thread::sleep_until(next);  // the pace of a camera, not a wait for somebody
    if (frozen_) continue;
    if (restart_.exchange(false)) {
      hub_.stop();
      encoders_ = std::make_unique<Encoders>(shape_);
      hub_.start(encoders_->info());
      was_wanted = false;
    }
    encoders_->paint_next();
    answer_pictures();
    const bool wanted = hub_.wanted();
    if (wanted) {
      const auto now = BootClock::now();
      // Once a second is often enough for a viewer that comes second.
      encoders_->encode_video(now, !was_wanted || frames_encoded_ % static_cast<std::uint64_t>(shape_.framerate) == 0,
                              hub_);
      encoders_->encode_audio(now, hub_);
      ++frames_encoded_;
    }
    was_wanted = wanted;
  }
  hub_.stop();
}

}  // namespace nestbox::test
