/// What keeps a DayNightController from switching although the light says so.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "day_night_body.h"
#include "light_text.h"

namespace nestbox {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr seconds kDwell(60);
constexpr int kSwitchesAnHour = 2;

// A look is a dark picture of some seconds. A night of drowned daylight needs about 50; where twilight lasts all night
// they come more seldom after so many.
constexpr int kLooksADay = 96;
constexpr minutes kSeldom(10);

// Dusk halves the light in 4 minutes, and one halving beyond its threshold a camera still sees something.
constexpr minutes kUsable(4), kHalving(4);

}  // namespace

std::optional<std::string> DayNightController::Body::held_back(DayNight to, const Inputs& in) {
  if (switched_ && now_ - *switched_ < kDwell) {
    return fmt::format("waits until {} after the last switch", duration_text(kDwell));
  }
  if (auto reason = budget_holds(to)) return reason;
  if (auto reason = hour_holds(to)) return reason;
  return visit_holds(in);
}

/// At most two switches an hour, whatever the picture: a filter that clicks with each thundercloud would drive animals
/// away for good, a dark picture is over within the hour. For day to begin, the light has to be so bright that a dusk
/// which began now would reach its threshold only when the next switch is free again.
std::optional<std::string> DayNightController::Body::hour_holds(DayNight to) {
  const auto until_one = switches_.until_fewer_than(kSwitchesAnHour, now_);
  if (until_one > nanoseconds::zero()) {
    return fmt::format("has switched {} times within an hour, and waits for {}", kSwitchesAnHour,
                       duration_text(until_one));
  }
  if (to == DayNight::kNight || !light_is_known()) return std::nullopt;
  const auto until_two = switches_.until_fewer_than(kSwitchesAnHour - 1, now_) - nanoseconds(kUsable);
  const double halvings = to_seconds(until_two) / to_seconds(kHalving);
  if (halvings <= 0 || daylight() > options_.night_below_lux * std::exp2(halvings)) return std::nullopt;
  return fmt::format("was dark within the hour, and waits for {} or for more than {}", duration_text(until_two),
                     lux_text(options_.night_below_lux * std::exp2(halvings)));
}

/// The last movement is kept for the way out of the path: without the filter a picture is grey, but of use in any
/// light.
std::optional<std::string> DayNightController::Body::budget_holds(DayNight to) {
  if (!has_filter()) return std::nullopt;
  const int kept = to == DayNight::kDay ? 1 : 0;
  const auto wait = movements_.until_fewer_than(options_.max_switches_per_day - kept, now_);
  if (wait <= nanoseconds::zero()) return std::nullopt;
  return fmt::format(
      "the filter has moved {} times in 24 h (max_switches_per_day is {}{}) and stays {} the path for {}",
      movements_.count(now_), options_.max_switches_per_day, kept ? ", and the last is kept for the night" : "",
      kept ? "out of" : "in", duration_text(wait));
}

std::optional<std::string> DayNightController::Body::visit_holds(const Inputs& in) {
  if (!in.visiting || picture_is_lost()) return std::nullopt;
  if (!held_by_visit_since_) held_by_visit_since_ = now_;
  const auto held = now_ - *held_by_visit_since_;
  if (held >= kLongestWaitForVisit) return std::nullopt;
  return fmt::format("waits for the visit to end, at most for another {}", duration_text(kLongestWaitForVisit - held));
}

/// The lamp may look like day, or hide it: it goes out, and what is left decides.
void DayNightController::Body::leave_lit_night(const Inputs& in) {
  const bool may_look = !no_look_before_ || now_ >= *no_look_before_;
  const bool bright = may_look && bright_.for_as_long_as(options_.day_delay, now_);
  const bool hidden = lamp_is_doubtful_ || own_.drowns(options_.day_above_lux, light_.luma_alone);
  const bool due = (hidden || (almost_day_ && bright_.since())) && (!next_look_ || now_ >= *next_look_);
  if (!bright && !due) {
    if (may_look && bright_.since()) {
      pending_ =
          fmt::format("brighter than {} for {}; looks without the lamp after {}", lux_text(options_.day_above_lux),
                      duration_text(now_ - *bright_.since()), duration_text(bright_.wanted(options_.day_delay)));
    }
    return;
  }
  const std::string because = bright || !hidden
                                  ? fmt::format("seems brighter than {}", lux_text(options_.day_above_lux))
                                  : "the lamp would hide the daylight";
  std::optional<std::string> reason;
  if (switched_ && now_ - *switched_ < kDwell) reason = "waits until a minute after the last switch";
  if (!reason && looks_.count(now_) >= kLooksADay && now_ - *looked_ < kSeldom) {
    reason = fmt::format("has looked without the lamp {} times in 24 h, and waits for {}", looks_.count(now_),
                         duration_text(kSeldom - (now_ - *looked_)));
  }
  if (!reason && in.visiting)
    reason = bright ? visit_holds(in) : std::optional<std::string>("waits for the visit to end");
  if (reason) {
    pending_ = fmt::format("{}; {}", because, *reason);
    return;
  }
  looks_.add(now_);
  looked_ = now_;
  looking_ = true;
  goal_lit_ = false;
  why_ = because + "; looks without the lamp";
}

}  // namespace nestbox
