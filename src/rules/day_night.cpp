#include "nestbox/rules/day_night.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "day_night_body.h"
#include "light_text.h"

namespace nestbox {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr seconds kSmoothing(3), kSlowSmoothing(60);
constexpr double kSuddenRatio = 2;    // in a minute; dusk halves the light in 3 to 4, a thunderstorm in 1.2
constexpr double kSuddenFloor = 0.3;  // lux: below, ratios are noise
constexpr double kBackRatio = 1.1;    // a threshold that was crossed counts until the light is so far back

constexpr seconds kGap(12);  // longer without a sample, and nothing can be said to have lasted
constexpr seconds kLightIsGone(30);

// A picture whose mean is less than this, as it is encoded, shows shapes at best; one that is white by half shows none.
constexpr double kNearlyBlack = 0.03, kBurntOut = 0.5;

}  // namespace

DayNightController::Body::Body(DayNightOptions options)
    : options_(std::move(options)),
      measured_(kSmoothing),
      slow_measured_(kSlowSmoothing),
      slow_daylight_(kSlowSmoothing),
      luma_(kSmoothing),
      burnt_(kSmoothing),
      movements_(hours(24)),
      switches_(hours(1)),
      looks_(hours(24)) {}

void DayNightController::Body::apply(DayNightOptions options) {
  if (options == options_) return;
  if (options.ir_cut != options_.ir_cut) {
    out_.filter = FilterPosition::kUnknown;
    own_.forget_filter();
  }
  if (options.lamp != options_.lamp) own_.forget_lamp();
  if (options.mode != options_.mode) {
    looking_ = day_is_seen_ = false;
    goal_lit_ = true;
  }
  options_ = std::move(options);
  dark_.forget();
  bright_.forget();
  held_by_visit_since_.reset();
}

DayNightController::Decision DayNightController::Body::update(const Inputs& in) {
  now_ = std::max(now_, in.now);
  if (!began_) began_ = now_;
  take_light(in);
  if (step_ != Step::kNone) advance();
  if (step_ == Step::kNone) think(in);
  Decision decision;
  decision.mode = out_.mode.value_or(DayNight::kDay);
  decision.filter = out_.filter;
  decision.lamp = out_.lamp;
  decision.switching = step_ == Step::kAnnounced || step_ == Step::kSettling;
  decision.why = pending_.empty() ? why_ : pending_;
  if (light_is_known()) decision.daylight_lux = daylight();
  decision.filter_moves = movements_.count(now_);
  decision.next = next(in);
  return decision;
}

void DayNightController::Body::take_light(const Inputs& in) {
  if (!in.light || (seen_ && in.light->at <= *seen_)) return;
  if (!seen_ || in.light->at - *seen_ > kGap) {
    opened_ = in.light->at;
    settling_.begin(now_, nanoseconds::zero());
    dark_.forget();
    bright_.forget();
  }
  seen_ = in.light->at;
  light_ = measured_light(*in.light);
  luma_.add(*seen_, in.light->luma);
  burnt_.add(*seen_, in.light->burnt_share);
  measured_.add(*seen_, light_.lux);
  settling_.add(*seen_, light_);
  if (step_ == Step::kNone && goal_ && settling_.done(now_)) watch();
}

/// For how long it has been dark or bright.
void DayNightController::Body::watch() {
  slow_measured_.add(*seen_, light_.lux);
  if (out_.lamp) check_lamp();
  const double lux = daylight(), slow = slow_daylight_.lux();
  const double ratio = (lux + kSuddenFloor) / (slow + kSuddenFloor);
  const bool sudden = slow > 0 && (ratio > kSuddenRatio || ratio < 1 / kSuddenRatio);
  const bool white = light_.bound == MeasuredLight::Bound::kAtLeast,
             black = light_.bound == MeasuredLight::Bound::kAtMost;
  const bool more_than_lamp = !out_.lamp || own_.exceeds_lamp(measured_.lux());
  dark_.add(*seen_, {!white && lux<options_.night_below_lux, lux> options_.night_below_lux * kBackRatio, sudden});
  bright_.add(*seen_, {!black && more_than_lamp && lux > options_.day_above_lux,
                       !more_than_lamp || lux < options_.day_above_lux / kBackRatio, sudden});
  slow_daylight_.add(*seen_, lux);
}

/// Where the lamp's light becomes much less, what had reflected it has gone, and how much of the rest is daylight is
/// not known until the next look.
void DayNightController::Body::check_lamp() {
  own_.lamp_is_at_most(slow_measured_.lux());
  if (!own_.lamp_has_faded() || lamp_is_doubtful_) return;
  lamp_is_doubtful_ = true;
  next_look_ = now_ + minutes(1);
}

void DayNightController::Body::restart_watch(double lux) {
  for (auto* each : {&measured_, &slow_measured_, &slow_daylight_}) each->forget();
  lamp_is_doubtful_ = false;
  if (seen_) measured_.add(*seen_, lux);
  dark_.forget();
  bright_.forget();
}

bool DayNightController::Body::light_is_known() const {
  return seen_ && now_ - *seen_ < kLightIsGone;
}

bool DayNightController::Body::picture_is_lost() const {
  if (!light_is_known() || !goal_) return false;
  return *goal_ == DayNight::kDay ? luma_.lux() < kNearlyBlack : burnt_.lux() > kBurntOut;
}

void DayNightController::Body::think(const Inputs& in) {
  pending_.clear();
  if (goal_ && next_outputs() != out_) return announce();
  const auto mode = options_.mode;
  if (mode == DayNightMode::kDay) {
    if (goal_ != DayNight::kDay) set_goal(DayNight::kDay, "day_night.mode is day");
  } else if (mode == DayNightMode::kNight) {
    if (goal_ != DayNight::kNight) set_goal(DayNight::kNight, "day_night.mode is night");
  } else if (mode == DayNightMode::kSun && in.sun_says_day) {
    follow(*in.sun_says_day ? DayNight::kDay : DayNight::kNight, in,
           fmt::format("the sun says {}", *in.sun_says_day ? "day" : "night"));
  } else if (mode == DayNightMode::kLine && in.line_says_day) {
    follow(*in.line_says_day ? DayNight::kDay : DayNight::kNight, in,
           fmt::format("the light sensor's line says {}", *in.line_says_day ? "day" : "night"));
  } else if (light_is_known()) {
    go_by_light(in);
  } else if (now_ - seen_.value_or(*began_) >= kLightIsGone) {
    go_without_light(in);
  }
  if (goal_ && step_ == Step::kNone && next_outputs() != out_) announce();
}

void DayNightController::Body::go_by_light(const Inputs& in) {
  if (!goal_) return decide_first();
  if (*goal_ == DayNight::kDay) {
    leave_day(in);
  } else if (out_.lamp) {
    leave_lit_night(in);
  } else {
    leave_unlit_night(in);
  }
  if (pending_.empty() && !looking_) held_by_visit_since_.reset();  // a look belongs to the switch it is made for
}

/// Nothing is known of the filter: the measured light is taken as it is, and the middle decides.
void DayNightController::Body::decide_first() {
  if (!settling_.done(now_)) return;
  const double middle = std::sqrt(options_.night_below_lux * options_.day_above_lux);
  const auto mode = measured_.lux() < middle ? DayNight::kNight : DayNight::kDay;
  set_goal(mode, fmt::format("the first pictures have {}; {} is {} {}", lux_text(measured_.lux()),
                             mode == DayNight::kNight ? "night" : "day", mode == DayNight::kNight ? "below" : "above",
                             lux_text(middle)));
}

void DayNightController::Body::leave_day(const Inputs& in) {
  if (!dark_.since()) return;
  const auto lasts = now_ - *dark_.since();
  if (!dark_.for_as_long_as(options_.night_delay, now_)) {
    pending_ = fmt::format("darker than {} for {}; night begins after {}", lux_text(options_.night_below_lux),
                           duration_text(lasts), duration_text(dark_.wanted(options_.night_delay)));
    return;
  }
  want(DayNight::kNight, in,
       fmt::format("{} for {}, and night is below {}", lux_text(daylight()), duration_text(lasts),
                   lux_text(options_.night_below_lux)));
}

/// A night without the lamp: there is none, or it went out and day was seen, but the filter may not move yet.
void DayNightController::Body::leave_unlit_night(const Inputs& in) {
  if (daylight() < std::sqrt(options_.night_below_lux * options_.day_above_lux)) day_is_seen_ = false;
  const bool lasts = bright_.for_as_long_as(options_.day_delay, now_);
  if (day_is_seen_ || lasts) {
    want(DayNight::kDay, in,
         fmt::format("{}, and day is above {}", lux_text(daylight()), lux_text(options_.day_above_lux)));
  } else if (bright_.since()) {
    pending_ = fmt::format("brighter than {} for {}; day begins after {}", lux_text(options_.day_above_lux),
                           duration_text(now_ - *bright_.since()), duration_text(bright_.wanted(options_.day_delay)));
  } else if (!goal_lit_ && dark_.for_as_long_as(options_.night_delay, now_)) {
    goal_lit_ = true;
    why_ = fmt::format("{}, and night is below {}", lux_text(daylight()), lux_text(options_.night_below_lux));
  }
}

void DayNightController::Body::go_without_light(const Inputs& in) {
  const auto gone = duration_text(now_ - seen_.value_or(*began_));
  if (in.line_says_day) {
    follow(
        *in.line_says_day ? DayNight::kDay : DayNight::kNight, in,
        fmt::format("no picture for {}; the light sensor's line says {}", gone, *in.line_says_day ? "day" : "night"));
  } else if (in.sun_says_day) {
    follow(*in.sun_says_day ? DayNight::kDay : DayNight::kNight, in,
           fmt::format("no picture for {}; the sun says {}", gone, *in.sun_says_day ? "day" : "night"));
  } else {
    pending_ = fmt::format("no picture for {}, and neither light sensor nor sun to go by: stays as it is", gone);
  }
}

void DayNightController::Body::follow(DayNight to, const Inputs& in, std::string because) {
  goal_lit_ = true;
  looking_ = day_is_seen_ = false;
  if (goal_ != to) return want(to, in, std::move(because));
  held_by_visit_since_.reset();
  why_ = std::move(because);
}

void DayNightController::Body::want(DayNight to, const Inputs& in, std::string because) {
  if (goal_) {
    if (const auto reason = held_back(to, in)) {
      pending_ = fmt::format("{}; {}", because, *reason);
      return;
    }
  }
  set_goal(to, std::move(because));
}

void DayNightController::Body::set_goal(DayNight to, std::string because) {
  if (goal_ && goal_ != to) switches_.add(now_);
  goal_ = to;
  goal_lit_ = true;
  looking_ = day_is_seen_ = almost_day_ = false;
  failed_looks_ = near_looks_ = 0;
  held_by_visit_since_.reset();
  pending_.clear();
  why_ = std::move(because);
}

std::optional<BootTime> DayNightController::Body::next(const Inputs& in) const {
  switch (step_) {
    case Step::kAnnounced:
    case Step::kPause:
      return until_;
    case Step::kSettling:
      return std::min(settling_.ends(), now_ + milliseconds(500));
    case Step::kNone:
      break;
  }
  if (!pending_.empty()) return now_ + seconds(1);
  if (in.light && light_is_known()) return now_ + kGap;
  return now_ + seconds(1);
}

DayNightController::DayNightController(DayNightOptions options) : body_(std::make_unique<Body>(std::move(options))) {}
DayNightController::~DayNightController() = default;
DayNightController::DayNightController(DayNightController&&) noexcept = default;
DayNightController& DayNightController::operator=(DayNightController&&) noexcept = default;
void DayNightController::apply(DayNightOptions options) {
  body_->apply(std::move(options));
}
DayNightController::Decision DayNightController::update(const Inputs& inputs) {
  return body_->update(inputs);
}

}  // namespace nestbox
