#pragma once
/// A clip that is to become a part of a film.
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "av/ffmpeg.h"
#include "nestbox/media/packet.h"

namespace nestbox::record {

/// What of a clip is shown: from a keyframe to the end of a picture. Times since the clip's first picture.
struct Excerpt {
  std::chrono::nanoseconds from{}, to{};
  int pictures = 0;
};

/// Thread-bound; read once, from its beginning.
class FilmClip {
 public:
  /// Errors: kUnavailable, also for what is no clip of H.264.
  static Result<std::unique_ptr<FilmClip>> open(const std::filesystem::path& file);

  /// Frame rate and bit rates are 0: they do not matter for joining.
  const StreamInfo& info() const noexcept { return info_; }

  AVRational video_time_base() const noexcept { return input_->streams[video_]->time_base; }

  /// About 6 s with `best` in the middle. Nothing when the clip has no keyframe before its end.
  std::optional<Excerpt> find_excerpt(std::chrono::nanoseconds best);

  /// Packets in the order of the file, video in Annex B with its headers before each keyframe. `packet.pts` is
  /// time since the clip's first picture. An error of `take` ends it.
  using Take = std::function<Result<void>(Track track, std::chrono::nanoseconds at, const AVPacket& packet)>;
  Result<void> read(const Excerpt& excerpt, const Take& take);

 private:
  FilmClip() = default;
  Result<void> open_file(const std::filesystem::path& file);
  Result<void> set_up_filter();
  bool next(AVPacket& packet);
  const AVStream& stream_of(const AVPacket& packet) const { return *input_->streams[packet.stream_index]; }
  std::chrono::nanoseconds time_of(const AVPacket& packet) const;

  av::Input input_;
  av::Filter to_annex_b_;
  int video_ = -1, audio_ = -1;
  StreamInfo info_;
};

}  // namespace nestbox::record
