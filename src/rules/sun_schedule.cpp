#include "nestbox/rules/sun_schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace nestbox {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr double kDegree = std::numbers::pi / 180;
constexpr double kCivil_deg = -6;        // bright enough outside to see what is there
constexpr double kHorizon_deg = -0.833;  // the upper edge on the horizon, with the usual refraction
constexpr hours kDay{24};
constexpr hours kHorizon = 2 * kDay;  // of next_change(): well within the days that a calendar holds
constexpr int kDaysBefore = 2, kDaysAfter = 4;

double height_of(SunEvent event) {
  return event == SunEvent::kDawn || event == SunEvent::kDusk ? kCivil_deg : kHorizon_deg;
}

std::size_t index(SunEvent event) {
  return static_cast<std::size_t>(event);
}

/// The sun's highest moment nearest to `time`. The sine of its height swings as a cosine over a day, and drifts with
/// the season; three samples half a day apart tell the swing without the drift.
WallTime noon_near(const Almanac& almanac, WallTime time) {
  const auto height = [&](hours after) { return std::sin(almanac(time + after) * kDegree); };
  const double before = height(-kDay / 2), after = height(kDay / 2);
  const double cosine = height(hours(0)) - (before + after) / 2;
  const double drift = (after - before) / 2;
  const double sine = height(-kDay / 4) - height(kDay / 4) + drift;
  // At a pole nothing swings: there, the day is that of the clock.
  constexpr double kNoSwing = 1e-3;
  if (std::hypot(sine, cosine) < kNoSwing) return std::chrono::floor<std::chrono::days>(time) + kDay / 2;
  const double days_since_noon = std::atan2(sine, cosine) / (2 * std::numbers::pi);
  return std::chrono::round<seconds>(time - days_since_noon * std::chrono::duration<double, std::ratio<86400>>(1));
}

WallTime middle_of(WallTime a, WallTime b) {
  return std::chrono::floor<seconds>(a + (b - a) / 2);
}

/// The first whole second in (from, to] at which the sun is on the side of `height_deg` that it is on at `to`.
WallTime find_crossing(const Almanac& almanac, WallTime from, WallTime to, double height_deg) {
  const bool above = almanac(to) >= height_deg;
  while (to - from > seconds(1)) {
    const auto middle = middle_of(from, to);
    ((almanac(middle) >= height_deg) == above ? to : from) = middle;
  }
  return to;
}

}  // namespace

bool is_within(const std::vector<WallSpan>& spans, WallTime time) noexcept {
  return std::any_of(spans.begin(), spans.end(),
                     [time](const WallSpan& span) { return span.from <= time && time < span.to; });
}

WallTime next_bound(const std::vector<WallSpan>& spans, WallTime time) noexcept {
  auto next = WallTime::max();
  for (const WallSpan& span : spans) {
    if (span.from > time) next = std::min(next, span.from);
    if (span.to > time) next = std::min(next, span.to);
  }
  return next;
}

SunDay::SunDay(const Almanac& almanac, WallTime begin, WallTime noon, WallTime end) : noon_(noon) {
  const auto is_up = [&](WallTime time, double height_deg) { return almanac(time) >= height_deg; };
  for (const auto event : {SunEvent::kDawn, SunEvent::kSunrise, SunEvent::kSunset, SunEvent::kDusk}) {
    const double height_deg = height_of(event);
    const bool morning = event == SunEvent::kDawn || event == SunEvent::kSunrise;
    const WallTime low = morning ? begin : end;
    if (is_up(low, height_deg)) {
      moments_[index(event)] = {low, false};
    } else if (!is_up(noon, height_deg)) {
      moments_[index(event)] = {noon, false};
    } else {
      moments_[index(event)] = {find_crossing(almanac, std::min(low, noon), std::max(low, noon), height_deg), true};
    }
  }
}

WallTime SunDay::at(SunEvent event, std::chrono::milliseconds offset) const noexcept {
  const Moment& moment = moments_[index(event)];
  return moment.is_crossing ? moment.at + offset : moment.at;
}

const std::vector<SunDay>& SunCalendar::around(WallTime now) {
  if (!almanac_) return days_;
  // An hour more than half a day, so that a clock that moves to and fro at midnight does not ask for the days anew.
  const bool known = !days_.empty() && now > middle_ - hours(13) && now < middle_ + hours(13);
  if (known) return days_;
  middle_ = noon_near(almanac_, noon_near(almanac_, now));
  std::vector<WallTime> noons;
  for (int day = -kDaysBefore - 1; day <= kDaysAfter + 1; ++day) {
    noons.push_back(noon_near(almanac_, middle_ + day * kDay));
  }
  days_.clear();
  for (std::size_t i = 1; i + 1 < noons.size(); ++i) {
    days_.emplace_back(almanac_, middle_of(noons[i - 1], noons[i]), noons[i], middle_of(noons[i], noons[i + 1]));
  }
  return days_;
}

SunSchedule::SunSchedule(Almanac almanac, std::chrono::milliseconds dawn_offset, std::chrono::milliseconds dusk_offset)
    : calendar_(std::move(almanac)), dawn_offset_(dawn_offset), dusk_offset_(dusk_offset) {}

std::vector<WallSpan> SunSchedule::days_around(WallTime now) {
  std::vector<WallSpan> spans;
  for (const SunDay& day : calendar_.around(now)) {
    spans.push_back({day.at(SunEvent::kDawn, dawn_offset_), day.at(SunEvent::kDusk, dusk_offset_)});
  }
  return spans;
}

bool SunSchedule::is_day(WallTime now) {
  return is_within(days_around(now), now);
}

std::optional<WallTime> SunSchedule::next_change(WallTime now) {
  const auto spans = days_around(now);
  const bool day = is_within(spans, now);
  for (auto at = next_bound(spans, now); at < now + kHorizon; at = next_bound(spans, at)) {
    if (is_within(spans, at) != day) return at;
  }
  return std::nullopt;
}

}  // namespace nestbox
