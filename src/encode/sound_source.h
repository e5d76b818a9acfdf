#pragma once
/// Where sound comes from: a file, a microphone.
#include <chrono>
#include <string>

#include "av/ffmpeg.h"
#include "nestbox/base/clock.h"
#include "nestbox/base/result.h"

namespace nestbox {

enum class Heard : std::uint8_t {
  kSound,    ///< the frame is filled
  kNothing,  ///< nothing of that moment, and that is no fault: a microphone that is being opened
};

/// Thread-bound.
class SoundSource {
 public:
  virtual ~SoundSource() = default;
  /// Fills the frame's kAudioFrameSamples samples (shape as of make_audio_frame()) with the sound for a frame that the
  /// stream stamps `stamp`. Never waits for sound. Errors: what keeps it from being heard; ask again after
  /// retry_after().
  virtual Result<Heard> read(AVFrame& samples, BootTime stamp) = 0;
  virtual std::chrono::seconds retry_after() const = 0;
  virtual std::string name() const = 0;  ///< as in audio.source
};

}  // namespace nestbox
