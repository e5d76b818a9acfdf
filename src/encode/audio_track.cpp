#include "encode/audio_track.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "encode/alsa_pcm.h"
#include "encode/audio_file.h"
#include "encode/microphone.h"
#include "nestbox/base/log.h"

namespace nestbox {
namespace {

using std::chrono::nanoseconds;

constexpr std::chrono::milliseconds kPauseMin{500};
constexpr std::string_view kFilePrefix = "file:", kAlsaPrefix = "alsa:";

nanoseconds duration_of(std::int64_t frames) {
  return av::from_ticks(frames * kAudioFrameSamples, {1, kAudioRateHz});
}

/// What follows `prefix` in `text`; empty where it does not begin so.
std::string after(std::string_view prefix, const std::string& text) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : std::string();
}

}  // namespace

Result<std::unique_ptr<AudioTrack>> AudioTrack::create(const AudioOptions& options) {
  if (options.source == "none") return std::unique_ptr<AudioTrack>();
  auto track = std::unique_ptr<AudioTrack>(new AudioTrack);
  if (const auto path = after(kFilePrefix, options.source); !path.empty()) {
    track->source_ = std::make_unique<FileSound>(path);
  } else if (const auto device = after(kAlsaPrefix, options.source); !device.empty()) {
    track->source_ = std::make_unique<Microphone>(device, open_alsa);
  } else if (options.source != "silence") {
    return fail(
        ErrorKind::kInvalidArgument,
        fmt::format("audio.source \"{}\" is unknown; one of: silence, none, alsa:DEVICE, file:PATH", options.source));
  }
  auto encoder = AacEncoder::create();
  if (!encoder) return tl::unexpected(std::move(encoder).error());
  auto silence = encode_silence();
  if (!silence) return tl::unexpected(std::move(silence).error());
  track->info_ = (*encoder)->info();
  track->silence_ = std::move(*silence);
  if (track->source_) {
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
    AudioPayload payload = next_payload(stamp_of(next_frame_), stamp);
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

AudioPayload AudioTrack::next_payload(BootTime stamp, BootTime now) {
  if (!source_ || now < retry_at_) return silence_;
  auto payload = next_of_source(stamp);
  if (!payload) {
    to_silence(payload.error(), now);
    return silence_;
  }
  return std::move(*payload);
}

Result<AudioPayload> AudioTrack::next_of_source(BootTime stamp) {
  const auto heard = source_->read(*samples_, stamp);
  if (!heard) return tl::unexpected(heard.error());
  if (*heard == Heard::kNothing) return silence_;
  if (!trouble_.empty()) {
    trouble_.clear();
    NESTBOX_LOG_INFO("encode", "{}: sound is back", source_->name());
  }
  auto payload = encoder_->encode(*samples_);
  if (!payload) return tl::unexpected(std::move(payload).error());
  return *payload ? std::move(**payload) : silence_;  // the encoder gives nothing for its first frames
}

void AudioTrack::to_silence(const Error& error, BootTime now) {
  retry_at_ = now + source_->retry_after();
  if (std::exchange(trouble_, error.message).empty()) {
    NESTBOX_LOG_WARNING("encode", "no sound, silence instead: {}", error.message);
  }
}

}  // namespace nestbox
