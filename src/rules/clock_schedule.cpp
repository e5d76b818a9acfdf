#include "nestbox/rules/clock_schedule.h"

#include <algorithm>

namespace nestbox {
namespace {

constexpr int kDay_s = 86400;

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

}  // namespace

ClockSchedule::ClockSchedule(const std::vector<ScheduleSpan>& spans) {
  std::vector<Part> parts;
  for (const ScheduleSpan& span : spans) {
    const int from_s = second_of_day(span.from);
    const int to_s = second_of_day(span.to);
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

bool ClockSchedule::is_inside(int second_of_day) const noexcept {
  return std::any_of(parts_.begin(), parts_.end(), [second_of_day](const Part& part) {
    return part.begin_s <= second_of_day && second_of_day < part.end_s;
  });
}

bool ClockSchedule::is_inside(const LocalTime& local) const noexcept {
  return is_inside(local.seconds_of_day());
}

/// To the next begin, end or midnight, whichever comes first; at least 1.
int ClockSchedule::seconds_to_boundary(int second_of_day) const noexcept {
  int next_s = kDay_s;
  for (const Part& part : parts_) {
    if (part.begin_s > second_of_day) next_s = std::min(next_s, part.begin_s);
    if (part.end_s > second_of_day) next_s = std::min(next_s, part.end_s);
  }
  return next_s - second_of_day;
}

std::optional<WallTime> ClockSchedule::next_change(WallTime now, const TimeZone& zone) const {
  if (parts_.empty()) return std::nullopt;
  // A span that lies in the hour the clocks skip stays away for one day: two days hold the next change, three are safe.
  const WallTime horizon = now + std::chrono::hours(72);
  WallTime at = std::chrono::floor<std::chrono::seconds>(now);
  LocalTime local = zone.to_local(at);
  const bool inside = is_inside(local);
  while (at < horizon) {
    WallTime next = at + std::chrono::seconds(seconds_to_boundary(local.seconds_of_day()));
    LocalTime local_next = zone.to_local(next);
    if (local_next.utc_offset_s != local.utc_offset_s) {
      next = find_clock_change(at, next, zone);
      local_next = zone.to_local(next);
    }
    if (is_inside(local_next) != inside) return next;
    at = next;
    local = local_next;
  }
  return std::nullopt;
}

}  // namespace nestbox
