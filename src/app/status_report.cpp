#include "status_report.h"

#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "json_values.h"

namespace nestbox {
namespace {

using Json = nlohmann::ordered_json;

const char* word(StatusReport::State state) {
  switch (state) {
    case StatusReport::State::kStarting:
      return "starting";
    case StatusReport::State::kOk:
      return "ok";
    case StatusReport::State::kDegraded:
      return "degraded";
    case StatusReport::State::kStopping:
      return "stopping";
  }
  return "starting";
}

const char* word(CameraState state) {
  switch (state) {
    case CameraState::kRunning:
      return "running";
    case CameraState::kStalled:
      return "stalled";
    case CameraState::kAbsent:
      return "absent";
    case CameraState::kBusy:
      return "busy";
  }
  return "absent";
}

const char* word(Content content) {
  switch (content) {
    case Content::kLive:
      return "live";
    case Content::kSimulated:
      return "simulated";
    case Content::kSlate:
      return "slate";
  }
  return "slate";
}

const char* word(EncoderState state) {
  switch (state) {
    case EncoderState::kRunning:
      return "running";
    case EncoderState::kSleeping:
      return "sleeping";
    case EncoderState::kFailed:
      return "failed";
  }
  return "failed";
}

const char* word(OutputState state) {
  switch (state) {
    case OutputState::kOff:
      return "off";
    case OutputState::kConnecting:
      return "connecting";
    case OutputState::kLive:
      return "live";
    case OutputState::kSlate:
      return "slate";
    case OutputState::kBackoff:
      return "backoff";
    case OutputState::kFailed:
      return "failed";
  }
  return "failed";
}

const char* word(DiskStatus::State state) {
  switch (state) {
    case DiskStatus::State::kOk:
      return "ok";
    case DiskStatus::State::kFull:
      return "full";
    case DiskStatus::State::kReadOnly:
      return "read_only";
    case DiskStatus::State::kSlow:
      return "slow";
  }
  return "ok";
}

const char* word(DayNight mode) {
  return mode == DayNight::kNight ? "night" : "day";
}

const char* word(DayNightMode by) {
  switch (by) {
    case DayNightMode::kAuto:
      return "auto";
    case DayNightMode::kDay:
      return "day";
    case DayNightMode::kNight:
      return "night";
    case DayNightMode::kSun:
      return "sun";
    case DayNightMode::kLine:
      return "line";
  }
  return "auto";
}

const char* word(FilterPosition filter) {
  switch (filter) {
    case FilterPosition::kUnknown:
      return "unknown";
    case FilterPosition::kInPath:
      return "in_path";
    case FilterPosition::kOutOfPath:
      return "out_of_path";
  }
  return "unknown";
}

const char* word(LineReport::State state) {
  switch (state) {
    case LineReport::State::kOk:
      return "ok";
    case LineReport::State::kBusy:
      return "busy";
    case LineReport::State::kAbsent:
      return "absent";
    case LineReport::State::kStuck:
      return "stuck";
  }
  return "absent";
}

Json to_json(const CaptureStatus& camera) {
  return {{"source", camera.source},
          {"state", word(camera.state)},
          {"content", word(content_of(camera))},
          {"width", camera.width},
          {"height", camera.height},
          {"fps", camera.fps},
          {"frames", camera.frames},
          {"frames_lost", camera.frames_lost},
          {"rebuilds", camera.rebuilds},
          {"notes", camera.notes},
          {"last_error", text_or_null(camera.last_error)}};
}

Json to_json(const EncodeStatus& encoder) {
  return {{"codec", encoder.codec},
          {"state", word(encoder.state)},
          {"bitrate_bps", encoder.bitrate_bps},
          {"frames", encoder.frames},
          {"pictures_copied", encoder.pictures_copied},
          {"hardware_reopened", encoder.hardware_reopened},
          {"notes", encoder.notes},
          {"last_error", text_or_null(encoder.last_error)}};
}

Json to_json(const OutputStatus& output) {
  return {{"name", output.name},
          {"state", word(output.state)},
          {"bytes", output.bytes},
          {"lag_s", output.lag_s},
          {"throughput_bps", output.throughput_bps},
          {"reconnects", output.reconnects},
          {"packets_dropped", output.packets_dropped},
          {"retry_in_s", value_or_null(output.retry_in_s)},
          {"last_error", text_or_null(output.last_error)}};
}

Json to_json(const VisionStatus& motion) {
  return {{"enabled", motion.enabled},
          {"active", motion.active},
          {"score", motion.score},
          {"threshold", motion.threshold},
          {"events", motion.events}};
}

Json to_json(const NightReport& night) {
  return {{"by", word(night.by)},
          {"mode_why", night.why},
          {"lux", value_or_null(night.lux)},
          {"filter", night.filter ? Json(word(*night.filter)) : Json(nullptr)},
          {"lamp", value_or_null(night.lamp)},
          {"switches_today", night.switches_today}};
}

Json to_json(const LineReport& report) {
  const auto& line = report.line;
  return {{"name", line.name},
          {"value", value_or_null(line.active)},
          {"state", word(report.state)},
          {"holder", text_or_null(line.holder)},
          {"where", text_or_null(line.where)},
          {"last_error", text_or_null(line.last_error)}};
}

Json to_json(const std::optional<DiskStatus>& disk) {
  if (!disk) return {{"free_bytes", nullptr}, {"used_bytes", nullptr}, {"state", nullptr}};
  return {{"free_bytes", disk->free_bytes}, {"used_bytes", disk->used_bytes}, {"state", word(disk->state)}};
}

template <class T, class Convert>
Json to_array(const std::vector<T>& items, const Convert& convert) {
  auto array = Json::array();
  for (const auto& item : items) array.push_back(convert(item));
  return array;
}

}  // namespace

Content content_of(const CaptureStatus& camera) {
  if (camera.state != CameraState::kRunning) return Content::kSlate;
  return camera.source.rfind("scene", 0) == 0 ? Content::kSimulated : Content::kLive;
}

std::vector<Problem> ProblemBook::update(std::vector<Problem> now_standing, WallTime now) {
  for (auto& problem : now_standing) {
    const auto known = std::find_if(standing_.begin(), standing_.end(),
                                    [&](const Problem& stood) { return stood.code == problem.code; });
    problem.since = known == standing_.end() ? now : known->since;
  }
  standing_ = std::move(now_standing);
  return standing_;
}

std::optional<DiskStatus> disk_status(const std::string& path) {
  struct statvfs about {};
  if (::statvfs(path.c_str(), &about) != 0) return std::nullopt;
  const auto block = static_cast<std::uint64_t>(about.f_frsize);
  DiskStatus disk{about.f_bavail * block, (about.f_blocks - about.f_bfree) * block, DiskStatus::State::kOk};
  constexpr std::uint64_t kFullBelowBytes = 16 << 20;  // less than a clip and the database's log need
  if (disk.free_bytes < kFullBelowBytes || (about.f_files > 0 && about.f_favail == 0))
    disk.state = DiskStatus::State::kFull;
  if ((about.f_flag & ST_RDONLY) != 0) disk.state = DiskStatus::State::kReadOnly;
  return disk;
}

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");  // proc(5): size, resident, ... in pages
  std::uint64_t size_pages = 0, resident_pages = 0;
  statm >> size_pages >> resident_pages;
  return resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

bool clock_is_synchronised() {
  timex state{};
  const int clock = ::adjtimex(&state);
  if (clock != -1) return clock != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
  // The service may not even ask (ProtectClock); systemd-timesyncd leaves a mark where everybody can see it.
  return ::access("/run/systemd/timesync/synchronized", F_OK) == 0;
}

std::string to_json(const StatusReport& report, const TimeZone& time_zone) {
  const auto problem_to_json = [&](const Problem& problem) -> Json {
    return {{"code", problem.code}, {"text", problem.text}, {"since", to_rfc3339(time_zone.to_local(problem.since))}};
  };
  const Json body{
      {"version", report.version},
      {"name", report.name},
      {"state", word(report.state)},
      {"uptime_s", report.uptime_s},
      {"clock_synchronised", report.clock_synchronised},
      {"mode", word(report.night.mode)},
      {"light", to_json(report.night)},
      {"page", text_or_null(report.page)},
      {"password_set", report.password_set},
      {"camera", to_json(report.camera)},
      {"drops",
       {{"vision", report.motion.dropped},
        {"encode", report.encoder.frames_dropped},
        {"record", report.recording.packets_dropped}}},
      {"motion", to_json(report.motion)},
      {"visit_id", value_or_null(report.visit_id)},
      {"encoder", to_json(report.encoder)},
      {"outputs", to_array(report.outputs, [](const OutputStatus& output) { return to_json(output); })},
      {"lines", to_array(report.lines, [](const LineReport& line) { return to_json(line); })},
      {"disk", to_json(report.disk)},
      {"memory", {{"resident_bytes", report.resident_bytes}}},
      {"problems", to_array(report.problems, problem_to_json)},
  };
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace nestbox
