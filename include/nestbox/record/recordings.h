#pragma once
/// The files of visits on the disk: their names, what a crash left of them, and what has to go.
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "nestbox/base/clock.h"
#include "nestbox/base/result.h"
#include "nestbox/base/time_zone.h"

namespace nestbox {

/// "visits/2026/11/21/kestrel_2026-11-21_21-13-05.mp4": local time; relative to the state folder.
std::filesystem::path clip_path(const std::string& box, WallTime begin, const TimeZone& zone);

/// What is found of clips that were being written when the daemon or the machine went down.
struct FoundClip {
  std::filesystem::path file;  ///< relative to the state folder; ends in .mp4: it is whole now
  WallTime begin{};            ///< of the file, with the pre-roll: its creation time
  std::chrono::nanoseconds duration{};
};
/// Makes every NAME.mp4.part under `state`/visits whole (cut after its last complete fragment, synced, renamed) and
/// tells of it, and of every NAME.mp4 that is not in `known`. A .part without a single complete fragment is deleted,
/// and so are temporary files. Blocking; on a thread that may. Errors: kUnavailable when the folder cannot be read; a
/// file that cannot be mended is left, logged, and passed over.
Result<std::vector<FoundClip>> adopt_clips(const std::filesystem::path& state,
                                           const std::vector<std::filesystem::path>& known);

/// Deletes a recording's file and the day's folders it leaves empty. A file that is not there is no error.
Result<void> delete_recording(const std::filesystem::path& state, const std::filesystem::path& file);

}  // namespace nestbox
