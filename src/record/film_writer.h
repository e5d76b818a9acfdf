#pragma once
/// The film's file: pictures, sound without holes, and chapter marks.
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "av/ffmpeg.h"
#include "film_card.h"
#include "nestbox/media/packet.h"

namespace nestbox::record {

struct Chapter {
  std::chrono::nanoseconds from{}, to{};
  std::string title;
};

/// Plain MP4. Thread-bound. Times are those of the film. Errors: kInternal, and kExhausted or kUnavailable from the
/// disk.
class FilmWriter {
 public:
  /// `info.video.extradata` has the headers of clips and cards. `silence`: one frame of it; empty: holes stay.
  static Result<std::unique_ptr<FilmWriter>> create(const std::filesystem::path& file, const StreamInfo& info,
                                                    Bytes silence, const std::vector<Chapter>& chapters);

  Result<void> add_picture(std::span<const std::uint8_t> bytes, std::chrono::nanoseconds at,
                           std::chrono::nanoseconds duration, bool keyframe);
  /// Moved by up to half a frame, so that one follows the other; left out where there is no place for it.
  Result<void> add_sound(std::span<const std::uint8_t> bytes, std::chrono::nanoseconds at);
  Result<void> fill_sound_until(std::chrono::nanoseconds to);
  /// Writes the index, and moves it to the front.
  Result<void> finish();

 private:
  FilmWriter() = default;
  Result<void> open(const std::filesystem::path& file, const StreamInfo& info, const std::vector<Chapter>& chapters);
  Result<AVStream*> add_stream(AVMediaType type, AVCodecID codec, AVRational time_base, const Bytes& extradata);
  Result<void> add_chapters(const std::vector<Chapter>& chapters);
  Result<void> write(const AVStream& stream, std::span<const std::uint8_t> bytes, std::int64_t at,
                     std::int64_t duration, bool keyframe);
  Result<void> write_sound(std::span<const std::uint8_t> bytes);

  av::Output muxer_;
  AVStream* video_ = nullptr;
  AVStream* audio_ = nullptr;
  AVRational audio_time_base_{1, 44'100};
  Bytes silence_;
  std::int64_t next_sound_ = 0;  ///< in samples
};

}  // namespace nestbox::record
