#pragma once
/// Local time without touching the process's TZ, so that a configured zone needs no setenv.
#include <memory>
#include <string>
#include <string_view>

#include "nestbox/base/clock.h"
#include "nestbox/base/result.h"

namespace nestbox {

/// A broken-down local time with its offset from UTC.
struct LocalTime {
  int year = 1970, month = 1, day = 1;  ///< month and day from 1
  int hour = 0, minute = 0, second = 0, millisecond = 0;
  int weekday = 4;  ///< 0 = Sunday
  int utc_offset_s = 0;
  std::string abbreviation = "UTC";  ///< "CEST"

  int seconds_of_day() const { return hour * 3600 + minute * 60 + second; }
};

/// An IANA time zone. Cheap to copy; thread-safe. The zone data is the system's (tzdata).
class TimeZone {
 public:
  /// The system's zone for an empty name. Errors: kNotFound for a name tzdata does not have.
  static Result<TimeZone> find(std::string_view name);
  static TimeZone utc();

  LocalTime to_local(WallTime time) const;
  /// The instant at which the wall clock shows this local time: the earlier of two when clocks go back, the moment
  /// after the gap when they go forward. Only the date and h:m:s fields are read.
  WallTime to_wall(const LocalTime& local) const;
  const std::string& name() const;

 private:
  struct Zone;
  explicit TimeZone(std::shared_ptr<const Zone> zone) : zone_(std::move(zone)) {}
  std::shared_ptr<const Zone> zone_;
};

/// "2026-11-20T12:53:18+01:00" (RFC 3339).
std::string to_rfc3339(const LocalTime& local);
/// "2026-11-20 12:53:18".
std::string to_text(const LocalTime& local);

}  // namespace nestbox
