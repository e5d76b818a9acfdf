#pragma once
/// When the sun makes it day, and when night; with the moments of its course that schedules name.
#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "nestbox/base/clock.h"
#include "nestbox/options/options.h"

namespace nestbox {

/// How high the sun stands over the box's place, in degrees; negative below the horizon. Empty where the place is not
/// known. Smooth over a day; thread-safe.
using Almanac = std::function<double(WallTime)>;

/// From `from` on, until `to`.
struct WallSpan {
  WallTime from, to;
};
bool is_within(const std::vector<WallSpan>& spans, WallTime time) noexcept;
/// The first begin or end of any span after `time`; WallTime::max() without one.
WallTime next_bound(const std::vector<WallSpan>& spans, WallTime time) noexcept;

/// From one time at which the sun is lowest to the next. On a day on which it does not come up to the height of an
/// event, this event is when it is highest, so that from dawn to dusk is no time at all; on a day on which it does not
/// go down to it, dawn and sunrise are the begin of the day, sunset and dusk its end, so that the day is whole and the
/// next one follows without a gap. Offsets count on neither: they are of a dawn that does not come.
class SunDay {
 public:
  SunDay(const Almanac& almanac, WallTime begin, WallTime noon, WallTime end);
  WallTime noon() const { return noon_; }
  WallTime at(SunEvent event, std::chrono::milliseconds offset = {}) const noexcept;

 private:
  struct Moment {
    WallTime at;
    bool is_crossing = false;  ///< false: the sun does not cross this height in this half of the day
  };
  WallTime noon_;
  std::array<Moment, 4> moments_;  ///< by SunEvent
};

/// The days around a moment: two before it to four after it. Thread-bound: it keeps them until they are over.
class SunCalendar {
 public:
  SunCalendar() = default;  ///< of no place: no days
  explicit SunCalendar(Almanac almanac) : almanac_(std::move(almanac)) {}
  const std::vector<SunDay>& around(WallTime now);

 private:
  Almanac almanac_;
  WallTime middle_{};  ///< a noon near the moment that was asked for last
  std::vector<SunDay> days_;
};

/// Day from dawn to dusk (the sun 6 degrees below the horizon), each with an offset. Where offsets let one day begin
/// before the other has ended, it stays day; where a day would end before it begins, it stays night. What it says of a
/// moment does not depend on what was asked before. Thread-bound.
class SunSchedule {
 public:
  SunSchedule(Almanac almanac, std::chrono::milliseconds dawn_offset, std::chrono::milliseconds dusk_offset);
  bool is_day(WallTime now);
  /// The first instant after `now` at which is_day() changes; nothing when that is over two days away.
  std::optional<WallTime> next_change(WallTime now);

 private:
  std::vector<WallSpan> days_around(WallTime now);

  SunCalendar calendar_;
  std::chrono::milliseconds dawn_offset_, dusk_offset_;
};

}  // namespace nestbox
