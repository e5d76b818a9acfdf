#include "encode/audio_track.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "nestbox/base/log.h"

namespace nestbox {
namespace {

using std::chrono::nanoseconds;

constexpr std::chrono::milliseconds kPauseMin{500};
constexpr std::chrono::seconds kRetry{30};
constexpr std::string_view kFilePrefix = "file:";
constexpr int kFramesToFill = 4;  // the encoder gives nothing for its first frames

nanoseconds duration_of(std::int64_t frames) {
  return av::from_ticks(frames * kAudioFrameSamples, {1, kAudioRateHz});
}

}  // namespace

Result<std::unique_ptr<AudioTrack>> AudioTrack::create(const AudioOptions& options) {
  if (options.source == "none") return std::unique_ptr<AudioTrack>();
  auto track = std::unique_ptr<AudioTrack>(new AudioTrack);
  if (options.source.starts_with(kFilePrefix) && options.source.size() > kFilePrefix.size()) {
    track->path_ = options.source.substr(kFilePrefix.size());
  } else if (options.source != "silence") {
    return fail(ErrorKind::kInvalidArgument,
                fmt::format("audio.source \"{}\" is unknown; one of: silence, none, file:PATH", options.source));
  }
  auto encoder = AacEncoder::create();
  if (!encoder) return tl::unexpected(std::move(encoder).error());
  auto silence = encode_silence();
  if (!silence) return tl::unexpected(std::move(silence).error());
  track->info_ = (*encoder)->info();
  track->silence_ = std::move(*silence);
  if (!track->path_.empty()) {
    track->encoder_ = std::move(*encoder);
    track->samples_ = make_audio_frame();
  }
  return track;
}

BootTime AudioTrack::stamp_of(std::int64_t frame) const {
  return origin_ + duration_of(frame);
}

void AudioTrack::follow(BootTime stamp, nanoseconds picture_interval, Content content, PacketHub& hub) {
  const auto last = std::exchange(last_picture_, stamp);
  const auto pause = std::max<nanoseconds>(kPauseMin, picture_interval * 3 / 2);
  if (!last || stamp - *last > pause) {
    origin_ = stamp;
    next_frame_ = 0;
  }
  for (; stamp_of(next_frame_) < stamp; ++next_frame_) {
    AudioPayload payload = next_payload(stamp);
    Packet packet;
    packet.owner = std::move(payload.owner);
    packet.bytes = payload.bytes;
    packet.pts = stamp_of(next_frame_);
    packet.duration = stamp_of(next_frame_ + 1) - packet.pts;
    packet.track = Track::kAudio;
    packet.keyframe = true;
    packet.content = content;
    hub.push(packet);
  }
}

AudioPayload AudioTrack::next_payload(BootTime now) {
  if (path_.empty() || now < retry_at_) return silence_;
  auto payload = next_of_file();
  if (payload) {
    if (std::exchange(said_, false)) NESTBOX_LOG_INFO("encode", "{}: sound is back", path_);
    return std::move(*payload);
  }
  to_silence(payload.error(), now);
  return silence_;
}

Result<AudioPayload> AudioTrack::next_of_file() {
  if (!file_) {
    auto opened = AudioFile::open(path_);
    if (!opened) return tl::unexpected(std::move(opened).error());
    file_ = std::move(*opened);
  }
  for (int i = 0; i < kFramesToFill; ++i) {
    if (auto read = file_->read(*samples_); !read) return tl::unexpected(std::move(read).error());
    auto payload = encoder_->encode(*samples_);
    if (!payload) return tl::unexpected(std::move(payload).error());
    if (*payload) return std::move(**payload);
  }
  return fail(ErrorKind::kInternal, "the AAC encoder gives nothing");
}

void AudioTrack::to_silence(const Error& error, BootTime now) {
  file_.reset();
  retry_at_ = now + kRetry;
  if (!std::exchange(said_, true)) {
    NESTBOX_LOG_WARNING("encode", "no sound from the file, silence instead: {}", error.message);
  }
}

}  // namespace nestbox
