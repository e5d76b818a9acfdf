#include "analysis.h"

#include <fmt/format.h>

#include <algorithm>

#include "nestbox/capture/analysis_reader.h"

namespace nestbox::cli {
namespace {

/// Collects what the detector says of each picture.
class Analyst {
 public:
  explicit Analyst(const Options& options) : options_(options), detector_(options.motion) {}

  void look(const AnalysisReader::Picture& picture) {
    const auto& plane = picture.plane;
    const double time_s = to_seconds(picture.media_time);
    step_s_ = found_.samples.empty() ? step_s_ : time_s - found_.samples.back().time_s;
    const auto report =
        detector_.update({plane.data, plane.width, plane.height, plane.stride, kZero + picture.media_time});
    if (found_.samples.empty()) keep_first(plane);
    found_.samples.push_back(
        {time_s, picture.number, static_cast<float>(report.score), static_cast<float>(report.threshold)});
    add_heat();
    using Change = MotionReport::Change;
    if (report.change == Change::kConfirmed) events_.push_back(report.event);
    if (report.state == MotionState::kActive || report.change == Change::kEnded) events_.back() = report.event;
  }

  Analysis finish(const AnalysisReader& reader) {
    found_.width = reader.width();
    found_.height = reader.height();
    found_.frames = reader.pictures();
    found_.damaged_packets = reader.damaged_packets();
    const double last_step_s = found_.samples.size() > 1 ? step_s_ : to_seconds(reader.nominal_frame_time());
    found_.duration_s = found_.samples.back().time_s + last_step_s;
    for (const auto& event : events_) {
      auto next = describe(event);
      if (!found_.events.empty()) end_before(next, found_.events.back());
      found_.events.push_back(std::move(next));
    }
    return std::move(found_);
  }

 private:
  static constexpr BootTime kZero{std::chrono::seconds(1)};

  void keep_first(const PlaneView& plane) {
    found_.plane_width = plane.width;
    found_.plane_height = plane.height;
    for (int row = 0; row < plane.height; ++row) {
      const auto* const samples = plane.data + static_cast<std::ptrdiff_t>(row) * plane.stride;
      found_.plane.insert(found_.plane.end(), samples, samples + plane.width);
    }
    found_.grid = detector_.grid();
    found_.moved_s.assign(static_cast<std::size_t>(found_.grid.columns * found_.grid.rows), 0);
  }

  void add_heat() {
    const auto& grid = found_.grid;
    auto* cell = found_.moved_s.data();
    for (int row = 0; row < grid.rows; ++row) {
      for (int column = 0; column < grid.columns; ++column, ++cell) {
        if (detector_.moves_at(column, row)) *cell += step_s_;
      }
    }
  }

  /// The picture that was looked at then; one past the last one's number where there is none later.
  const Sample* first_not_before(BootTime time) const {
    const double time_s = to_seconds(time - kZero) - 1e-6;
    const auto found = std::lower_bound(found_.samples.begin(), found_.samples.end(), time_s,
                                        [](const Sample& sample, double t) { return sample.time_s < t; });
    return found == found_.samples.end() ? nullptr : &*found;
  }

  /// The last picture of one event may be the first of the next.
  static void end_before(const FoundEvent& next, FoundEvent& event) {
    event.end_s = std::min(event.end_s, next.start_s);
    event.frames_until = std::min(event.frames_until, next.first_frame);
  }

  FoundEvent describe(const MotionEvent& event) const {
    FoundEvent told;
    const Sample* const first = first_not_before(event.begin);
    const Sample* const last = first_not_before(event.end);
    const bool more = last != &found_.samples.back();
    told.start_s = first->time_s;
    told.first_frame = first->frame;
    // As long as the last picture on which it moved was shown; a gap in the stamps is no motion.
    const double usual_s = found_.duration_s / static_cast<double>(found_.samples.size());
    told.end_s = last->time_s + (more ? std::min((last + 1)->time_s - last->time_s, 2 * usual_s) : step_s_);
    told.frames_until = more ? (last + 1)->frame : found_.frames;
    told.peak_score = event.peak_score;
    told.area = event.peak_area;
    if (event.zone >= 0) told.zone = options_.motion.zones[static_cast<std::size_t>(event.zone)].name;
    return told;
  }

  const Options& options_;
  MotionDetector detector_;
  Analysis found_;
  std::vector<MotionEvent> events_;
  double step_s_ = 0;
};

}  // namespace

Result<Analysis> analyze(const std::string& file, const Options& options, const AnalysisProgress& progress) {
  const auto mode = options.day_night.mode == DayNightMode::kNight ? DayNight::kNight : DayNight::kDay;
  auto reader = AnalysisReader::open(file, camera_now(options, mode), options.privacy);
  if (!reader) return tl::unexpected(reader.error());
  const auto length = (*reader)->length();
  const auto all_s = length ? std::optional(to_seconds(*length)) : std::nullopt;
  Analyst analyst(options);
  for (;;) {
    const auto picture = (*reader)->next();
    if (!picture) return tl::unexpected(picture.error());
    if (!*picture) break;
    analyst.look(**picture);
    progress(to_seconds((*picture)->media_time), all_s);
  }
  if ((*reader)->pictures() < 2) {
    return fail(ErrorKind::kInvalidArgument,
                fmt::format("analyze {}: there is a single picture in it; motion takes a video", file));
  }
  return analyst.finish(**reader);
}

}  // namespace nestbox::cli
