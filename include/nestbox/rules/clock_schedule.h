#pragma once
/// Whether the wall clock shows a time of day at which something is to happen, and when that changes next.
#include <chrono>
#include <optional>
#include <vector>

#include "nestbox/base/clock.h"
#include "nestbox/base/time_zone.h"
#include "nestbox/options/options.h"

namespace nestbox {

/// Times of day in local time, every day. A span holds its `from` and not its `to`; one whose `to` is not after its
/// `from` runs past midnight, so from equal to `to` is the whole day. What the clock on the wall shows decides: an
/// hour that the clocks show twice counts twice, one that they skip does not come.
/// Immutable; thread-safe.
class ClockSchedule {
 public:
  ClockSchedule() = default;  ///< never
  /// Spans may overlap and come in any order. Times are taken modulo 24 h, so 24:00 is midnight.
  explicit ClockSchedule(const std::vector<ScheduleSpan>& spans);

  bool is_inside(const LocalTime& local) const noexcept;
  /// The first instant after `now` at which is_inside() changes in `zone`; nothing for a schedule that is always or
  /// never inside.
  std::optional<WallTime> next_change(WallTime now, const TimeZone& zone) const;

 private:
  struct Part {
    int begin_s, end_s;  ///< of the day; 0 <= begin_s < end_s <= 86400
  };
  bool is_inside(int second_of_day) const noexcept;
  int seconds_to_boundary(int second_of_day) const noexcept;

  std::vector<Part> parts_;  ///< sorted, with a gap between each two
};

}  // namespace nestbox
