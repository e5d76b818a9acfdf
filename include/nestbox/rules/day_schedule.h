#pragma once
/// Whether it is a time of day at which something is to happen, and when that changes next.
#include <chrono>
#include <optional>
#include <vector>

#include "nestbox/base/clock.h"
#include "nestbox/base/time_zone.h"
#include "nestbox/options/options.h"
#include "nestbox/rules/sun_schedule.h"

namespace nestbox {

/// Spans of every day, by the clock or by the sun. A span holds its `from` and not its `to`.
///
/// By the clock alone: one whose `to` is not after its `from` runs past midnight, so from equal to `to` is the whole
/// day. What the clock on the wall shows decides: an hour that the clocks show twice counts twice, one that they skip
/// does not come.
///
/// With the sun in it: whether a span runs past midnight is judged once for the whole year, with dawn at 05:30, sunrise
/// at 06:00, sunset at 18:00 and dusk at 18:30, and the offsets. So "dusk to 23:00" is nothing in a summer whose dusk
/// is at half past eleven, not a day and a night; "dusk to 02:00" and "22:00 to dawn" run past midnight all the year.
/// On days on which the sun does not rise or set, the moments are what SunDay says: dawn to dusk is nothing in the
/// polar night and whole days in the polar day. A clock time that is skipped is the moment after the gap; of one that
/// comes twice, it is the first.
///
/// Thread-bound: it keeps the days around the moment that it was last asked for.
class DaySchedule {
 public:
  DaySchedule() = default;  ///< never
  /// Spans may overlap and come in any order. Clock times are taken modulo 24 h, so 24:00 is midnight. Without an
  /// almanac, spans with the sun in them never come.
  explicit DaySchedule(const std::vector<ScheduleSpan>& spans, Almanac almanac = {});

  bool is_inside(WallTime now, const TimeZone& zone);
  /// The first instant after `now` at which is_inside() changes in `zone`. With the sun in it, two days from now when
  /// that is further away; by the clock alone, nothing for a schedule that is always or never inside.
  std::optional<WallTime> next_change(WallTime now, const TimeZone& zone);

 private:
  struct Part {
    int begin_s, end_s;  ///< of the day; 0 <= begin_s < end_s <= 86400
  };
  bool is_on_the_clock(WallTime time, const TimeZone& zone) const;
  int seconds_to_boundary(int second_of_day) const noexcept;
  WallTime next_clock_boundary(WallTime at, const TimeZone& zone) const;
  std::vector<WallSpan> sun_spans_around(WallTime now, const TimeZone& zone);

  std::vector<Part> parts_;             ///< sorted, with a gap between each two
  std::vector<ScheduleSpan> with_sun_;  ///< those that an event of the sun begins or ends
  SunCalendar calendar_;
};

}  // namespace nestbox
