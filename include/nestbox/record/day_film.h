#pragma once
/// The day's film: the best moments of a day's clips in one file, joined without encoding them again.
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "nestbox/base/result.h"

namespace nestbox {

struct FilmMoment {
  std::filesystem::path clip;       ///< one of ClipRecorder's
  std::chrono::nanoseconds best{};  ///< since the clip's first picture
  double worth = 0;                 ///< when not all have room, those that are worth most are taken
  std::string local_time;           ///< "07:42"
  int count = 0;                    ///< of the visit, that day, from 1
};

struct FilmOrder {
  /// Ends in .mp4; its folder exists, and is not in "visits", where adopt_clips() looks. A film of this name is
  /// replaced when the new one is whole.
  std::filesystem::path file;
  std::string title;                ///< of the first card, lines parted by '\n'; empty: no such card
  std::vector<FilmMoment> moments;  ///< in the order in which they are shown
  std::chrono::nanoseconds length_max = std::chrono::seconds(60);
};

struct FilmResult {
  struct LeftOut {
    std::filesystem::path clip;
    std::string why;  ///< "its picture is 640x480, the film's 1280x720"
  };
  std::filesystem::path file;
  std::chrono::nanoseconds duration{};
  int moments = 0;
  std::vector<LeftOut> left_out;  ///< for a fault of theirs, not for lack of room
};

/// About 6 s around each best moment, from the keyframe before it, each after a card that says its time and count; the
/// same as chapter marks. The picture is that of most clips; others cannot be joined to it and are left out. Where a
/// clip has no sound, or sound of another format, the film is silent. Plain MP4 with its index in front.
///
/// Blocking, for seconds; for a thread of low priority. Errors: kNotFound when no clip can be used (it says why of the
/// first), kUnavailable and kExhausted from the disk, kInternal from a library. No file is left behind then.
Result<FilmResult> make_day_film(const FilmOrder& order);

}  // namespace nestbox
