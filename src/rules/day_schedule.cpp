#include "nestbox/rules/day_schedule.h"

#include <algorithm>
#include <array>
#include <utility>

namespace nestbox {
namespace {

constexpr int kDay_s = 86400;
// A span that lies in the hour the clocks skip stays away for one day: two days hold the next change, three are safe.
constexpr std::chrono::hours kClockHorizon{72};
constexpr std::chrono::hours kSunHorizon{48};  // the calendar holds four days

int second_of_day(std::chrono::seconds time) {
  const auto rest = time.count() % kDay_s;
  return static_cast<int>(rest < 0 ? rest + kDay_s : rest);
}

/// The first second in (before, after] that has the offset of `after`; the two differ.
WallTime find_clock_change(WallTime before, WallTime after, const TimeZone& zone) {
  const int offset_s = zone.to_local(after).utc_offset_s;
  while (after - before > std::chrono::seconds(1)) {
    const auto half = std::chrono::floor<std::chrono::seconds>((after - before) / 2);
    const WallTime middle = before + half;
    (zone.to_local(middle).utc_offset_s == offset_s ? after : before) = middle;
  }
  return after;
}

/// When a moment comes on a day that is neither long nor short.
std::chrono::milliseconds usual_time(const DayMoment& moment) {
  using std::chrono::minutes;
  constexpr std::array<minutes, 4> kUsual = {minutes(5 * 60 + 30), minutes(6 * 60), minutes(18 * 60),
                                             minutes(18 * 60 + 30)};
  if (!moment.sun) return std::chrono::seconds(second_of_day(moment.clock));
  return kUsual[static_cast<std::size_t>(*moment.sun)] + moment.offset;
}

WallTime time_of(const DayMoment& moment, const SunDay& day, const TimeZone& zone) {
  if (moment.sun) return day.at(*moment.sun, moment.offset);
  LocalTime local = zone.to_local(day.noon());
  const int second = second_of_day(moment.clock);
  local.hour = second / 3600;
  local.minute = second / 60 % 60;
  local.second = second % 60;
  return zone.to_wall(local);
}

}  // namespace

DaySchedule::DaySchedule(const std::vector<ScheduleSpan>& spans, Almanac almanac) : calendar_(std::move(almanac)) {
  std::vector<Part> parts;
  for (const ScheduleSpan& span : spans) {
    if (span.from.sun || span.to.sun) {
      with_sun_.push_back(span);
      continue;
    }
    const int from_s = second_of_day(span.from.clock);
    const int to_s = second_of_day(span.to.clock);
    if (from_s < to_s) {
      parts.push_back({from_s, to_s});
      continue;
    }
    parts.push_back({from_s, kDay_s});
    if (to_s > 0) parts.push_back({0, to_s});
  }
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.begin_s < b.begin_s; });
  for (const Part& part : parts) {
    if (!parts_.empty() && part.begin_s <= parts_.back().end_s) {
      parts_.back().end_s = std::max(parts_.back().end_s, part.end_s);
    } else {
      parts_.push_back(part);
    }
  }
}

bool DaySchedule::is_on_the_clock(WallTime time, const TimeZone& zone) const {
  if (parts_.empty()) return false;
  const int second = zone.to_local(time).seconds_of_day();
  return std::any_of(parts_.begin(), parts_.end(),
                     [second](const Part& part) { return part.begin_s <= second && second < part.end_s; });
}

bool DaySchedule::is_inside(WallTime now, const TimeZone& zone) {
  return is_on_the_clock(now, zone) || is_within(sun_spans_around(now, zone), now);
}

/// To the next begin, end or midnight, whichever comes first; at least 1.
int DaySchedule::seconds_to_boundary(int second_of_day) const noexcept {
  int next_s = kDay_s;
  for (const Part& part : parts_) {
    if (part.begin_s > second_of_day) next_s = std::min(next_s, part.begin_s);
    if (part.end_s > second_of_day) next_s = std::min(next_s, part.end_s);
  }
  return next_s - second_of_day;
}

/// The next begin, end, midnight or change of the clocks after `at`, which is a whole second.
WallTime DaySchedule::next_clock_boundary(WallTime at, const TimeZone& zone) const {
  const LocalTime local = zone.to_local(at);
  const WallTime next = at + std::chrono::seconds(seconds_to_boundary(local.seconds_of_day()));
  if (zone.to_local(next).utc_offset_s == local.utc_offset_s) return next;
  return find_clock_change(at, next, zone);
}

std::vector<WallSpan> DaySchedule::sun_spans_around(WallTime now, const TimeZone& zone) {
  std::vector<WallSpan> found;
  if (with_sun_.empty()) return found;
  const auto& days = calendar_.around(now);
  for (const ScheduleSpan& span : with_sun_) {
    const std::size_t days_on = usual_time(span.to) <= usual_time(span.from) ? 1 : 0;
    for (std::size_t i = 0; i + days_on < days.size(); ++i) {
      const WallSpan one{time_of(span.from, days[i], zone), time_of(span.to, days[i + days_on], zone)};
      if (one.from < one.to) found.push_back(one);
    }
  }
  return found;
}

std::optional<WallTime> DaySchedule::next_change(WallTime now, const TimeZone& zone) {
  if (parts_.empty() && with_sun_.empty()) return std::nullopt;
  const auto sun_spans = sun_spans_around(now, zone);
  const auto is_inside_at = [&](WallTime time) { return is_on_the_clock(time, zone) || is_within(sun_spans, time); };
  const bool inside = is_inside_at(now);
  const WallTime horizon = now + (with_sun_.empty() ? kClockHorizon : kSunHorizon);
  WallTime at = std::chrono::floor<std::chrono::seconds>(now);
  while (at < horizon) {
    at = std::min(next_clock_boundary(at, zone), next_bound(sun_spans, std::max(at, now)));
    if (at < horizon && is_inside_at(at) != inside) return at;
  }
  if (with_sun_.empty()) return std::nullopt;
  return horizon;
}

}  // namespace nestbox
