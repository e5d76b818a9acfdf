/// How a DayNightController changes filter and lamp, one after the other, and learns from each change.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "day_night_body.h"
#include "light_text.h"

namespace nestbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;

constexpr milliseconds kAnnouncement(200);  // two pictures of a slow camera: who looks for motion has heard of it
constexpr milliseconds kPause(300);         // so that two changes are two announcements

// Day has to be seen without the lamp; a tenth and more below the threshold is noise, not daylight that is to come.
constexpr double kSeenShare = 0.85;

// Dawn doubles the light in 2.7 minutes at the equator where it is fastest, more slowly elsewhere.
constexpr std::chrono::seconds kDoubling(150);
constexpr minutes kShortestWait(1), kLongestWait(32);
constexpr double kNear = 0.5;  // of the threshold: light that may stay there for hours
constexpr double kRise = 1.1;  // from one look to another: dawn, which is worth the next look

nanoseconds doubled(nanoseconds wait, int times) {
  return wait * (1 << std::clamp(times, 0, 5));
}

}  // namespace

/// The first change on the way to the goal. To night: camera and filter, then the lamp, which is measured by itself so
/// and never shines on a filter that keeps its light out. To day: the lamp, then camera and filter.
LightOutputs DayNightController::Body::next_outputs() const {
  LightOutputs goal;
  goal.mode = goal_;
  goal.lamp = has_lamp() && goal_ == DayNight::kNight && goal_lit_;
  if (has_filter()) goal.filter = goal_ == DayNight::kDay ? FilterPosition::kInPath : FilterPosition::kOutOfPath;
  auto next = out_;
  if (out_.lamp && !goal.lamp) {
    next.lamp = false;
  } else if (out_.mode != goal.mode || out_.filter != goal.filter) {
    next.mode = goal.mode;
    next.filter = goal.filter;
  } else {
    next.lamp = goal.lamp;
  }
  return next;
}

void DayNightController::Body::advance() {
  if (step_ == Step::kAnnounced && now_ >= until_) {
    change();
  } else if (step_ == Step::kSettling && settling_.done(now_)) {
    finish_change();
  } else if (step_ == Step::kPause && now_ >= until_) {
    announce();
  }
}

void DayNightController::Body::announce() {
  // Until the first decision it is taken for day. Where it is day, and nothing is to be moved, nothing changes.
  const auto next = next_outputs();
  if (!out_.mode && next.mode == DayNight::kDay && next.filter == out_.filter && next.lamp == out_.lamp) {
    out_ = next;
    step_ = Step::kNone;
    return;
  }
  step_ = Step::kAnnounced;
  until_ = now_ + kAnnouncement;
}

void DayNightController::Body::change() {
  step_ = Step::kNone;  // where the goal has changed back meanwhile
  const auto next = next_outputs();
  if (next == out_) return;
  out_before_ = out_;
  lux_before_ = measured_.lux();
  bounded_before_ = !light_is_known() || light_.bound != MeasuredLight::Bound::kNone;
  if (next.filter != out_.filter && next.filter != FilterPosition::kUnknown) movements_.add(now_);
  const bool ramps = next.lamp != out_.lamp && options_.lamp.type == LampOptions::Type::kPwm;
  settling_.begin(now_, ramps ? nanoseconds(options_.lamp.ramp) : nanoseconds::zero());
  out_ = next;
  step_ = Step::kSettling;
}

void DayNightController::Body::finish_change() {
  const auto lux = light_is_known() ? settling_.lux() : std::nullopt;
  const bool lamp_changed = out_.lamp != out_before_.lamp;
  if (lux && !(bounded_before_ && !lamp_changed)) own_.learn({out_before_, out_, lux_before_, *lux});
  if (lamp_changed && out_.lamp) {
    if (!lux && light_.bound == MeasuredLight::Bound::kAtMost && light_is_known())
      own_.lamp_gives(light_.lux);
    else if (!lux)
      own_.forget_lamp();
    plan_next_look(daylight_of(lux_before_, out_before_));
  }
  if (!lamp_changed) switched_ = now_;
  restart_watch(lux.value_or(light_.lux));
  if (looking_ && !out_.lamp) judge_look(light_is_known() ? std::optional(measured_.lux()) : std::nullopt);
  step_ = goal_ && next_outputs() != out_ ? Step::kPause : Step::kNone;
  until_ = now_ + kPause;
}

/// The lamp is out: is it day?
void DayNightController::Body::judge_look(std::optional<double> lux) {
  looking_ = false;
  const double daylight = lux ? daylight_of(*lux, out_) : 0;
  day_is_seen_ = lux && daylight >= options_.day_above_lux * kSeenShare;
  if (day_is_seen_) {
    failed_looks_ = near_looks_ = 0;
    almost_day_ = false;
    return;
  }
  goal_lit_ = true;
  almost_day_ = daylight > options_.day_above_lux * kNear;
  const bool rises = daylight > best_look_lux_ * kRise;
  ++failed_looks_;
  near_looks_ = almost_day_ && !rises ? near_looks_ + 1 : 0;
  if (rises || !almost_day_) best_look_lux_ = daylight;
  plan_next_look(daylight);
  // What the lamp gives was just learnt anew: if there seems to be more again, it is news. But not every other minute,
  // for an animal that moves about before the lamp.
  no_look_before_ = std::min(*next_look_, now_ + doubled(kShortestWait, failed_looks_ - 1));
  why_ = lux ? fmt::format("without the lamp {}, and day is above {}", lux_text(daylight),
                           lux_text(options_.day_above_lux))
             : "without the lamp no picture came";
}

/// As long as dawn takes at least from that light.
void DayNightController::Body::plan_next_look(double daylight_lux) {
  const double doublings = std::log2(options_.day_above_lux / std::max(daylight_lux, 1e-3));
  const auto dawn = std::chrono::duration_cast<nanoseconds>(kDoubling * std::clamp(doublings, 0.0, 20.0));
  next_look_ =
      now_ + std::clamp<nanoseconds>(std::max(dawn, doubled(kShortestWait, near_looks_)), kShortestWait, kLongestWait);
}

}  // namespace nestbox
