#pragma once
/// The sound of the stream. It has no clock of its own: the stamps of the pictures drive it.
#include <memory>
#include <optional>
#include <string>

#include "encode/aac_encoder.h"
#include "encode/sound_source.h"
#include "nestbox/media/packet_hub.h"
#include "nestbox/options/options.h"

namespace nestbox {

/// Silence, a file, or a microphone. What cannot be heard is said once, replaced by silence, and tried again.
/// Thread-bound.
class AudioTrack {
 public:
  /// Nothing for the source "none". Errors: kInvalidArgument for a source that does not exist, kInternal.
  static Result<std::unique_ptr<AudioTrack>> create(const AudioOptions& options);

  const AudioInfo& info() const noexcept { return info_; }
  /// Why there is silence in the place of sound; empty: there is none.
  const std::string& trouble() const noexcept { return trouble_; }

  /// Pushes every AAC frame that begins before the picture of `stamp`, which is pushed next. Sound begins with the
  /// first picture, and leaps with the pictures where they pause (more than 0.5 s and 1.5 picture intervals).
  void follow(BootTime stamp, std::chrono::nanoseconds picture_interval, Content content, PacketHub& hub);
  /// The next picture begins a stream.
  void restart() { last_picture_.reset(); }

 private:
  AudioTrack() = default;
  BootTime stamp_of(std::int64_t frame) const;
  AudioPayload next_payload(BootTime stamp, BootTime now);
  Result<AudioPayload> next_of_source(BootTime stamp);
  void to_silence(const Error& error, BootTime now);

  AudioInfo info_;
  AudioPayload silence_;
  std::optional<BootTime> last_picture_;
  BootTime origin_{};            ///< stamp of the frame that is counted as 0
  std::int64_t next_frame_ = 0;  ///< since origin_

  std::unique_ptr<SoundSource> source_;  ///< none: silence
  std::unique_ptr<AacEncoder> encoder_;
  av::FramePtr samples_;
  BootTime retry_at_{};
  std::string trouble_;
};

}  // namespace nestbox
