#pragma once
#include <optional>
#include <string>
#include <vector>

#include "line_keeper.h"
#include "nestbox/base/clock.h"
#include "nestbox/base/time_zone.h"
#include "nestbox/capture/capture_stage.h"
#include "nestbox/encode/encode_stage.h"
#include "nestbox/publish/output.h"
#include "nestbox/record/clip_recorder.h"
#include "nestbox/vision/vision_stage.h"
#include "night_keeper.h"

namespace nestbox {

/// Something that its owner should know of, in words.
struct Problem {
  std::string code;  ///< for programs: "camera_absent", "output_failed:youtube"
  std::string text;
  WallTime since{};
};

/// What the camera's picture is at this moment: the slate while there is none; a simulation never has another name
/// than scene (capture_stage.h).
Content content_of(const CaptureStatus& camera);

/// Remembers since when each problem has stood. Main thread only.
class ProblemBook {
 public:
  /// `now_standing` is all there is at this moment, its `since` to be filled in.
  std::vector<Problem> update(std::vector<Problem> now_standing, WallTime now);

 private:
  std::vector<Problem> standing_;
};

struct DiskStatus {
  std::uint64_t free_bytes = 0, used_bytes = 0;
  enum class State : std::uint8_t { kOk, kFull, kReadOnly, kSlow } state = State::kOk;
};
/// Of the file system that `path` is on; nothing where it cannot be told.
std::optional<DiskStatus> disk_status(const std::string& path);
std::uint64_t resident_bytes();
/// Whether the kernel says that the clock is set by somebody (NTP).
bool clock_is_synchronised();

/// Everything `nestbox status` tells.
struct StatusReport {
  std::string version, name;
  enum class State : std::uint8_t { kStarting, kOk, kDegraded, kStopping } state = State::kStarting;
  double uptime_s = 0;
  bool clock_synchronised = false;
  NightReport night;
  std::vector<LineReport> lines;
  std::string page;           ///< address of the page; empty while it is not served
  bool password_set = false;  ///< the page's
  CaptureStatus camera;
  EncodeStatus encoder;
  VisionStatus motion;
  RecordStatus recording;
  std::optional<std::int64_t> visit_id;  ///< of the visit in progress
  std::string visits_trouble;            ///< why visits are not kept; empty: they are
  std::vector<OutputStatus> outputs;
  std::optional<DiskStatus> disk;
  std::uint64_t resident_bytes = 0;
  std::vector<Problem> problems;
};

/// The body of `status`, docs/api.md.
std::string to_json(const StatusReport& report, const TimeZone& time_zone);

}  // namespace nestbox
