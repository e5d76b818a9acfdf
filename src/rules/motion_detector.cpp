#include "nestbox/rules/motion_detector.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "cell_model.h"
#include "moving_areas.h"
#include "zone_map.h"

namespace nestbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr float kLearningS = 0.8F;          // at the start, before anything can be an event
constexpr milliseconds kSettle{600};        // after much has changed at once
constexpr milliseconds kFindAgain{2000};    // an open event waits so long for what it was about
constexpr milliseconds kAbsorbAfter{1500};  // what has not moved for so long becomes background
constexpr milliseconds kRest{4000};         // the same for what stopped inside the picture: an animal at rest
constexpr milliseconds kLeaving{1000};      // between the last motion at the edge and the last motion of what left
constexpr float kRestingShare = 0.6F;       // of what it covered at most, for what stays to be the animal
constexpr float kRestless = 4;              // comings and goings of late, by cell
constexpr float kLightPace = 20;            // times as quick as usual
constexpr milliseconds kSudden{150};
constexpr double kSuddenShare = 0.45, kCalmShare = 0.2;
constexpr float kGainStep = 0.25F;
constexpr nanoseconds kStepMax{500'000'000};
constexpr double kHitsShare = 0.6, kJumpsShare = 0.2;

CellTuning tuning_for(const MotionRules& rules) {
  const float strictness = std::exp2(static_cast<float>(50 - std::clamp(rules.sensitivity, 0, 100)) / 25);
  return {strictness, rules.preset == MotionPreset::kNestBox ? 0.3F : 1.0F};
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
    case HeldBack::kRestless:
      return "restless";
  }
  return "unknown";
}

class MotionDetector::Body {
 public:
  explicit Body(MotionRules rules) : rules_(std::move(rules)) {}

  void apply(MotionRules rules) {
    rules_ = std::move(rules);
    if (!sight_) return;
    sight_->model.set_tuning(tuning_for(rules_));
    sight_->zones = map_zones(rules_.zones, sight_->model.grid(), width_, height_);
  }

  MotionReport update(const MotionPlane& plane) {
    MotionReport report;
    if (plane.width < 32 || plane.height < 32) return report;
    prepare(plane);
    const auto step = std::clamp(plane.captured_at - now_, nanoseconds{1'000'000}, kStepMax);
    const auto dt_s = now_ == BootTime{} ? 0.04F : static_cast<float>(to_seconds(step));
    now_ = plane.captured_at;
    CellModel& model = sight_->model;
    const double calm = model.changed_share();
    model.look(plane, dt_s);
    if (changed_at_once(calm)) begin_anew();
    sight_->areas.find(model, sight_->zones.watched);
    sight_->tracker.follow(sight_->areas, now_);
    judge(report);
    set_pace();
    model.learn(pace_);
    absorb_still();
    return report;
  }

  void announce_switch(BootTime) { switching_ = true; }
  void switch_done(BootTime) {
    switching_ = false;
    if (sight_) relearn_next_ = true;
  }
  void forget() {
    sight_.reset();
    width_ = height_ = 0;
  }
  const MotionRules& rules() const noexcept { return rules_; }

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
    width_ = plane.width, height_ = plane.height;
    const auto grid = grid_for(width_, height_);
    sight_ = std::make_unique<Sight>(grid, tuning_for(rules_));
    sight_->zones = map_zones(rules_.zones, grid, width_, height_);
    now_ = {};
  }

  /// Much of the picture differs, and did not a moment ago: light, not an animal.
  bool changed_at_once(double share_before) {
    if (relearn_next_) {
      relearn_next_ = false;
      return true;
    }
    const double share = sight_->model.changed_share();
    if (share_before < kCalmShare) calm_at_ = now_;
    const float gain = sight_->model.gain();
    if (share > 0.1 && std::abs(gain - 1) > kGainStep) return true;
    return share > kSuddenShare && now_ - calm_at_ < kSudden;
  }

  void begin_anew() {
    sight_->model.relearn();
    sight_->tracker.clear();
    settled_at_ = now_ + kSettle;
    if (open_) hold_until_ = now_ + kSettle + kFindAgain;
  }

  HeldBack why_not(const Track& track) const {
    const double area = static_cast<double>(track.weight) / sight_->model.grid().cells();
    if (switching_) return HeldBack::kSwitch;
    if (now_ < settled_at_) return HeldBack::kLight;
    if (sight_->model.learnt_s() < kLearningS) return HeldBack::kLearning;
    if (area < rules_.min_area) return HeldBack::kTooSmall;
    if (track.jumps > kJumpsShare * track.hits) return HeldBack::kErratic;
    if (track.hits < kHitsShare * track.looks || track.hits < 3) return HeldBack::kTooShort;
    if (now_ - track.first < rules_.min_duration) return HeldBack::kTooShort;
    return HeldBack::kNothing;
  }

  void judge(MotionReport& report) {
    const int cells = sight_->model.grid().cells();
    report.threshold = 100 * rules_.min_area;
    bool moved = false, rest = false;
    for (Track& track : sight_->tracker.tracks()) {
      if (!track.alive || track.cells == 0) continue;
      const double area = static_cast<double>(track.weight) / cells;
      const bool moves =
          area > rules_.min_area / 2 && now_ - track.last_moved < milliseconds(100) && track.last_moved != BootTime{};
      if (moves) {
        report.score = std::max(report.score, 100 * area);
        report.moving_area = std::max(report.moving_area, static_cast<double>(track.cells) / cells);
      }
      if (!track.confirmed && moves) {
        const HeldBack reason = why_not(track);
        track.confirmed = reason == HeldBack::kNothing;
        report.held_back = reason;
        if (track.confirmed && !open_) open_event(track, report);
      }
      if (track.confirmed && moves) moved = true;
      if (track.confirmed && rests(track)) rest = true;
    }
    if (open_ && moved) {
      last_motion_ = now_;
      event_.end = now_;
      event_.peak_area = std::max(event_.peak_area, report.moving_area);
      event_.peak_score = std::max(event_.peak_score, report.score);
    }
    if (open_ && !rest && now_ > hold_until_ && now_ - last_motion_ > rules_.event_gap) {
      open_ = false;
      report.change = MotionReport::Change::kEnded;
    }
    report.event = event_;
    report.state = open_ ? MotionState::kActive : MotionState::kQuiet;
  }

  /// What stays where its own motion died, inside the picture, is taken for an animal that sits still. What is left
  /// after the motion went out over the edge was put down or taken away.
  bool rests(const Track& track) const {
    const double area = static_cast<double>(track.weight) / sight_->model.grid().cells();
    if (area < rules_.min_area || track.weight < kRestingShare * track.peak_weight) return false;
    const bool left = track.last_moved - track.at_edge < kLeaving;
    return track.confirmed && !left && track.restless < kRestless && now_ - track.last_moved < kRest;
  }

  void open_event(const Track& track, MotionReport& report) {
    open_ = true;
    event_ = MotionEvent{};
    event_.begin = track.first;
    event_.confirmed = event_.end = now_;
    event_.threshold = report.threshold;
    report.change = MotionReport::Change::kConfirmed;
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

  MotionRules rules_;
  int width_ = 0, height_ = 0;
  BootTime now_{};
  std::unique_ptr<Sight> sight_;
  bool switching_ = false, relearn_next_ = false, open_ = false;
  BootTime calm_at_{}, settled_at_{}, hold_until_{}, last_motion_{};
  std::vector<float> pace_;  ///< by cell: how quickly the background follows
  MotionEvent event_;
};

MotionDetector::MotionDetector(MotionRules rules) : body_(std::make_unique<Body>(std::move(rules))) {}
MotionDetector::~MotionDetector() = default;
MotionDetector::MotionDetector(MotionDetector&&) noexcept = default;
MotionDetector& MotionDetector::operator=(MotionDetector&&) noexcept = default;
void MotionDetector::apply(MotionRules rules) {
  body_->apply(std::move(rules));
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
void MotionDetector::forget() {
  body_->forget();
}
const MotionRules& MotionDetector::rules() const noexcept {
  return body_->rules();
}

}  // namespace nestbox
