#include "nestbox/rules/motion_detector.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "cell_model.h"
#include "moving_areas.h"
#include "zone_map.h"

namespace nestbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr int kEdgeMin = 32;                // pixels
constexpr float kLearningS = 0.8F;          // at the start, before anything can be an event
constexpr milliseconds kSettle{600};        // after much has changed at once
constexpr milliseconds kFindAgain{2000};    // an open event waits so long for what it was about
constexpr milliseconds kAbsorbAfter{1500};  // what has not moved for so long becomes background
constexpr milliseconds kRest{30000};        // the same for what stopped inside the picture: an animal at rest
constexpr float kStayedShare = 0.5F;        // of its last motion was where it still is
constexpr float kPresent = 0.5F;            // of the contrast along its edge is in the picture, not in the background
constexpr float kRestingShare = 0.6F;       // of what it covered at most, for what stays to be the animal
constexpr float kRestless = 6;              // comings and goings of late, by cell
constexpr float kLightPace = 20;            // times as quick as usual
constexpr milliseconds kSudden{150};
constexpr double kSuddenShare = 0.45, kCalmShare = 0.2;
// While exposure moves, small areas are not believed: what is nearly black or white does not follow it.
constexpr float kExposureMoves = 0.04F;
constexpr milliseconds kExposureSettles{300};
constexpr double kLargeArea = 0.02;
constexpr float kGainStep = 0.25F;
constexpr nanoseconds kStepMax{1'000'000'000};
constexpr double kHitsShare = 0.6, kJumpsShare = 0.2;

CellTuning tuning_for(const MotionOptions& options) {
  const float strictness = std::exp2(static_cast<float>(50 - std::clamp(options.sensitivity, 0, 100)) / 40);
  return {strictness, options.preset == MotionPreset::kNestBox ? 0.3F : 1.0F};
}

}  // namespace

std::string_view held_back_name(HeldBack reason) noexcept {
  switch (reason) {
    case HeldBack::kNothing:
      return "nothing";
    case HeldBack::kLearning:
      return "learning";
    case HeldBack::kSwitch:
      return "switch";
    case HeldBack::kLight:
      return "light";
    case HeldBack::kTooSmall:
      return "too small";
    case HeldBack::kTooShort:
      return "too short";
    case HeldBack::kErratic:
      return "erratic";
  }
  return "unknown";
}

class MotionDetector::Body {
 public:
  explicit Body(MotionOptions options) : options_(std::move(options)) {}

  void apply(MotionOptions options) {
    options_ = std::move(options);
    if (!sight_) return;
    sight_->model.set_tuning(tuning_for(options_));
    sight_->zones = map_zones(options_.zones, sight_->model.grid(), width_, height_);
  }

  MotionReport update(const MotionPlane& plane) {
    MotionReport report;
    if (plane.width < kEdgeMin || plane.height < kEdgeMin) return report;
    prepare(plane);
    const auto step = std::clamp(plane.captured_at - now_, nanoseconds{1'000'000}, kStepMax);
    const auto dt_s = now_ == BootTime{} ? 0.04F : static_cast<float>(to_seconds(step));
    now_ = plane.captured_at;
    CellModel& model = sight_->model;
    const double calm = model.changed_share();
    model.look(plane, dt_s);
    // The background follows exposure, so the gain tells how far it has just moved.
    if (std::abs(model.gain() - 1) > kExposureMoves) exposure_moved_ = now_;
    if (std::exchange(relearn_next_, false)) {
      begin_anew(HeldBack::kSwitch);
    } else if (changed_at_once(calm)) {
      begin_anew(HeldBack::kLight);
    }
    sight_->areas.find(model, sight_->zones.watched);
    sight_->tracker.follow(sight_->areas, now_, step);
    judge(report, step);
    if (cut_off_) {
      report.change = MotionReport::Change::kEnded;
      report.event = *std::exchange(cut_off_, std::nullopt);
    }
    set_pace();
    model.learn(pace_);
    absorb_still();
    return report;
  }

  void announce_switch(BootTime now) { switch_until_ = now + kSwitchMax; }
  void switch_done(BootTime now) {
    switch_until_ = now;
    relearn_next_ = true;
  }
  std::optional<MotionEvent> forget() {
    sight_.reset();
    if (!std::exchange(open_, false)) return std::nullopt;
    return event_;
  }
  const MotionOptions& options() const noexcept { return options_; }
  MotionGrid grid() const noexcept {
    if (!sight_) return {};
    const CellGrid& grid = sight_->model.grid();
    return {grid.columns, grid.rows, grid.pixels};
  }
  bool moves_at(int column, int row) const noexcept {
    const CellModel& model = sight_->model;
    return model.moving()[static_cast<std::size_t>(model.grid().at(column, row))] > 0;
  }

 private:
  struct Sight {
    explicit Sight(const CellGrid& grid, const CellTuning& tuning) : model(grid, tuning), areas(grid) {}
    CellModel model;
    AreaFinder areas;
    Tracker tracker;
    ZoneMap zones;
  };

  void prepare(const MotionPlane& plane) {
    if (sight_ && plane.width == width_ && plane.height == height_) return;
    cut_off_ = forget();
    width_ = plane.width, height_ = plane.height;
    const auto grid = grid_for(width_, height_);
    sight_ = std::make_unique<Sight>(grid, tuning_for(options_));
    sight_->zones = map_zones(options_.zones, grid, width_, height_);
    now_ = {};
    relearn_next_ = false;
    learns_after_ = HeldBack::kLearning;
  }

  /// Much of the picture differs, and did not a moment ago: light, not an animal.
  bool changed_at_once(double share_before) {
    const double share = sight_->model.changed_share();
    if (share_before < kCalmShare) calm_at_ = now_;
    const float gain = sight_->model.gain();
    if (share > 0.1 && std::abs(gain - 1) > kGainStep) return true;
    return share > kSuddenShare && now_ - calm_at_ < kSudden;
  }

  void begin_anew(HeldBack why) {
    learns_after_ = why;
    sight_->model.relearn();
    sight_->tracker.clear();
    settled_at_ = now_ + kSettle;
    if (open_) hold_until_ = now_ + kSettle + kFindAgain;
  }

  bool switching() const { return now_ < switch_until_; }
  bool learning() const { return now_ < settled_at_ || sight_->model.learnt_s() < kLearningS; }
  /// As a share of the picture.
  double area_of(float cells) const { return static_cast<double>(cells) / sight_->model.grid().cells(); }

  HeldBack why_not(const Track& track) const {
    if (switching()) return HeldBack::kSwitch;
    if (learning()) return learns_after_;
    if (area_of(track.weight) < options_.min_area) return HeldBack::kTooSmall;
    if (now_ - exposure_moved_ < kExposureSettles && area_of(track.weight) < kLargeArea) return HeldBack::kLight;
    if (track.jumps > kJumpsShare * track.hits) return HeldBack::kErratic;
    if (track.hits < kHitsShare * track.looks || track.hits < 3) return HeldBack::kTooShort;
    if (now_ - track.first < options_.min_duration) return HeldBack::kTooShort;
    return HeldBack::kNothing;
  }

  void judge(MotionReport& report, nanoseconds step) {
    report.threshold = 100 * options_.min_area;
    bool moved = false, rest = false;
    double heaviest = 0;
    for (Track& track : sight_->tracker.tracks()) {
      if (!track.alive || track.cells == 0) continue;
      rest |= rests(track);
      const double area = area_of(track.weight);
      if (area <= options_.min_area / 2 || track.last_moved != now_) continue;
      report.score = std::max(report.score, 100 * area);
      report.moving_area = std::max(report.moving_area, area_of(static_cast<float>(track.cells)));
      if (!track.confirmed && track.was_event) begin_again(track);
      if (!track.confirmed) judge_candidate(track, heaviest, report, step);
      moved |= track.confirmed;
    }
    if (open_ && moved) keep_open(report);
    const bool held = rest || switching() || now_ < hold_until_ || now_ - last_motion_ <= kEventGap;
    if (open_ && !held) close_event(report);
    if (report.change == MotionReport::Change::kNone) tell_near_miss(report);
    if (report.change != MotionReport::Change::kNearMiss) report.event = event_;
    report.state = open_                                    ? MotionState::kActive
                   : learning()                             ? MotionState::kLearning
                   : report.held_back != HeldBack::kNothing ? MotionState::kCandidate
                                                            : MotionState::kQuiet;
  }

  void judge_candidate(Track& track, double& heaviest, MotionReport& report, nanoseconds step) {
    const HeldBack reason = why_not(track);
    track.confirmed = reason == HeldBack::kNothing;
    if (reason != HeldBack::kNothing) {
      HeldBackTime& held = track.held[static_cast<std::size_t>(reason) - 1];
      held = {reason, held.total + step, now_};
    }
    if (track.confirmed && !open_) open_event(track, report);
    if (!track.confirmed && static_cast<double>(track.weight) > heaviest) {
      heaviest = static_cast<double>(track.weight);
      report.held_back = reason;
    }
  }

  static void tell_why(const Track& track, MotionEvent& event) {
    event.reasons = track.held;
    std::sort(event.reasons.begin(), event.reasons.end(),
              [](const HeldBackTime& a, const HeldBackTime& b) { return a.total > b.total; });
    event.held_back = event.reasons.front().reason;
  }

  void open_event(const Track& track, MotionReport& report) {
    open_ = true;
    event_ = MotionEvent{};
    event_.begin = std::max(track.first, last_motion_);  // two events never overlap
    event_.confirmed = event_.end = now_;
    event_.threshold = report.threshold;
    tell_why(track, event_);
    zone_cells_.fill(0);
    report.change = MotionReport::Change::kConfirmed;
  }

  void keep_open(const MotionReport& report) {
    last_motion_ = event_.end = now_;
    event_.peak_area = std::max(event_.peak_area, report.moving_area);
    event_.peak_score = std::max(event_.peak_score, report.score);
    for_each_tracked_area([&](const Area& area, const Track& track) {
      if (!track.confirmed || track.last_moved != now_) return;
      for (int c = 0; c < area.cell_count; ++c) {
        const int zone = sight_->zones.zone[cell_of(area, c)];
        if (zone >= 0) ++zone_cells_[static_cast<std::size_t>(zone)];
      }
    });
    const auto most = std::max_element(zone_cells_.begin(), zone_cells_.end());
    event_.zone = *most > 0 ? static_cast<int>(most - zone_cells_.begin()) : -1;
  }

  /// What was part of an event that is over is judged anew once it moves.
  void begin_again(Track& track) const {
    track.was_event = false;
    track.first = now_;
    track.hits = track.looks = 1;
    track.jumps = 0;
    track.held = {};
  }

  void close_event(MotionReport& report) {
    open_ = false;
    for (Track& track : sight_->tracker.tracks()) track.was_event |= std::exchange(track.confirmed, false);
    report.change = MotionReport::Change::kEnded;
  }

  void tell_near_miss(MotionReport& report) const {
    const Track* const track = sight_->tracker.lost();
    if (track == nullptr || track->confirmed || track->was_event || track->last_moved == BootTime{}) return;
    if (area_of(track->peak_weight) <= options_.min_area / 2) return;
    report.change = MotionReport::Change::kNearMiss;
    report.event.begin = track->first;
    report.event.end = track->last_moved;
    report.event.peak_area = area_of(static_cast<float>(track->peak_cells));
    report.event.peak_score = 100 * area_of(track->peak_weight);
    report.event.threshold = report.threshold;
    tell_why(*track, report.event);
  }

  /// An animal that sits still is where its own motion ended, has not become much smaller, and has an outline that the
  /// background has not. What was put down is not where the motion ended, and what was taken away has no outline.
  bool rests(const Track& track) const {
    if (area_of(track.weight) < options_.min_area || track.weight < kRestingShare * track.recent_peak) return false;
    const bool stayed = track.motion_here >= kStayedShare * track.motion, present = track.outline >= kPresent;
    return track.confirmed && stayed && present && track.restless < kRestless && now_ - track.last_moved < kRest;
  }

  /// An animal must not become part of what is normal while it is there.
  void set_pace() {
    pace_.assign(static_cast<std::size_t>(sight_->model.grid().size()), 1.0F);
    for_each_tracked_area([&](const Area& area, const Track& track) {
      if (!track.confirmed) return;
      for (int c = 0; c < area.cell_count; ++c) pace_[cell_of(area, c)] = 0;
    });
    for (int n = 0; n < sight_->areas.count(); ++n) {
      const Area& area = sight_->areas.area(n);
      if (!area.soft) continue;
      for (int c = 0; c < area.cell_count; ++c) pace_[cell_of(area, c)] = kLightPace;
    }
  }

  /// What has not moved for a while was put down, taken away, or sleeps: it is the background from now on.
  void absorb_still() {
    for_each_tracked_area([&](const Area& area, const Track& track) {
      if (now_ - std::max(track.first, track.last_moved) < kAbsorbAfter || rests(track)) return;
      for (int c = 0; c < area.cell_count; ++c) sight_->model.absorb(cell_of(area, c));
    });
  }

  template <class Visit>
  void for_each_tracked_area(const Visit& visit) const {
    const AreaFinder& areas = sight_->areas;
    for (int n = 0; n < areas.count(); ++n) {
      const int index = sight_->tracker.track_of(n);
      if (index >= 0) visit(areas.area(n), sight_->tracker.tracks()[static_cast<std::size_t>(index)]);
    }
  }
  std::size_t cell_of(const Area& area, int n) const {
    return static_cast<std::size_t>(sight_->areas.cells()[static_cast<std::size_t>(area.first_cell + n)]);
  }

  MotionOptions options_;
  int width_ = 0, height_ = 0;
  BootTime now_{};
  std::unique_ptr<Sight> sight_;
  bool relearn_next_ = false, open_ = false;
  HeldBack learns_after_ = HeldBack::kLearning;  ///< what made it learn
  std::optional<MotionEvent> cut_off_;           ///< was open when the planes took another size
  BootTime switch_until_{}, calm_at_{}, exposure_moved_{}, settled_at_{}, hold_until_{}, last_motion_{};
  std::vector<float> pace_;  ///< by cell: how quickly the background follows
  MotionEvent event_;
  std::array<int, kZonesMax> zone_cells_{};  ///< of the open event, over its pictures
};

MotionDetector::MotionDetector(MotionOptions options) : body_(std::make_unique<Body>(std::move(options))) {}
MotionDetector::~MotionDetector() = default;
MotionDetector::MotionDetector(MotionDetector&&) noexcept = default;
MotionDetector& MotionDetector::operator=(MotionDetector&&) noexcept = default;
void MotionDetector::apply(MotionOptions options) {
  body_->apply(std::move(options));
}
MotionReport MotionDetector::update(const MotionPlane& plane) {
  return body_->update(plane);
}
void MotionDetector::announce_switch(BootTime now) {
  body_->announce_switch(now);
}
void MotionDetector::switch_done(BootTime now) {
  body_->switch_done(now);
}
std::optional<MotionEvent> MotionDetector::forget() {
  return body_->forget();
}
const MotionOptions& MotionDetector::options() const noexcept {
  return body_->options();
}
MotionGrid MotionDetector::grid() const noexcept {
  return body_->grid();
}
bool MotionDetector::moves_at(int column, int row) const noexcept {
  return body_->moves_at(column, row);
}

}  // namespace nestbox
