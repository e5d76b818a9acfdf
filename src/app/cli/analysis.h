#pragma once
/// What the motion detector makes of a video file.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "nestbox/base/result.h"
#include "nestbox/options/options.h"
#include "nestbox/rules/motion_detector.h"

namespace nestbox::cli {

struct FoundEvent {
  double start_s = 0, end_s = 0;                   ///< since the first picture; end exclusive
  std::int64_t first_frame = 0, frames_until = 0;  ///< of the file's pictures, from 0; frames_until exclusive
  double peak_score = 0, area = 0;                 ///< area as a share of the picture, [0, 1]
  std::string zone;                                ///< empty: no zone is watched
};

/// How one picture looked to the detector.
struct Sample {
  double time_s = 0;
  std::int64_t frame = 0;
  float score = 0, threshold = 0;
};

struct Analysis {
  int width = 0, height = 0;  ///< of the video as it is displayed
  std::int64_t frames = 0;
  std::uint64_t damaged_packets = 0;
  double duration_s = 0;
  std::vector<FoundEvent> events;
  std::vector<Sample> samples;  ///< one for each picture that was looked at

  int plane_width = 0, plane_height = 0;
  std::vector<std::uint8_t> plane;  ///< the first picture's luma, plane_width * plane_height
  MotionGrid grid;
  std::vector<double> moved_s;  ///< by cell of the grid, in reading order: for how long it moved
};

/// `done_s` of `all_s`; the latter is empty where the file does not tell.
using AnalysisProgress = std::function<void(double done_s, std::optional<double> all_s)>;

/// Errors: as AnalysisReader's; kInvalidArgument for a file with a single picture.
Result<Analysis> analyze(const std::string& file, const Options& options, const AnalysisProgress& progress);

}  // namespace nestbox::cli
