#pragma once
/// AAC-LC through libavcodec, as every platform takes it: 44.1 kHz, stereo, 128 kbit/s.
#include <memory>
#include <optional>
#include <span>

#include "av/ffmpeg.h"
#include "nestbox/base/result.h"
#include "nestbox/media/packet.h"

namespace nestbox {

inline constexpr int kAudioRateHz = 44100;
inline constexpr int kAudioChannels = 2;
inline constexpr int kAudioFrameSamples = 1024;  ///< of each channel, in one AAC frame

/// One coded AAC frame, shared.
struct AudioPayload {
  std::shared_ptr<const void> owner;
  std::span<const std::uint8_t> bytes;
};

/// A frame of kAudioFrameSamples silent samples, stereo, planar float; ready to be filled.
av::FramePtr make_audio_frame();

/// Thread-bound.
class AacEncoder {
 public:
  static Result<std::unique_ptr<AacEncoder>> create();

  /// Takes kAudioFrameSamples samples, stereo, planar float. Nothing comes back while the encoder fills itself: the
  /// first one or two times. Errors: kInternal.
  Result<std::optional<AudioPayload>> encode(AVFrame& samples);
  const AudioInfo& info() const noexcept { return info_; }

 private:
  AacEncoder() = default;
  av::Codec codec_;
  std::int64_t next_pts_ = 0;
  AudioInfo info_;
};

/// Silence, as this encoder writes it once it is settled: the same bytes again and again.
Result<AudioPayload> encode_silence();

}  // namespace nestbox
