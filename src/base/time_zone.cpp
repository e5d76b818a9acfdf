#include "nestbox/base/time_zone.h"

#include <date/tz.h>
#include <fmt/format.h>

namespace nestbox {

struct TimeZone::Zone {
  const date::time_zone* zone;  // owned by date's database, which lives as long as the process
  std::string name;
};

Result<TimeZone> TimeZone::find(std::string_view name) {
  try {
    const auto* zone = name.empty() ? date::current_zone() : date::locate_zone(std::string(name));
    return TimeZone(std::make_shared<const Zone>(Zone{zone, zone->name()}));
  } catch (const std::exception&) {
    if (name.empty()) return utc();  // a machine without /etc/localtime keeps UTC
    return fail(ErrorKind::kNotFound, fmt::format("no time zone is called \"{}\"; names are like Europe/London", name));
  }
}

TimeZone TimeZone::utc() {
  return TimeZone(std::make_shared<const Zone>(Zone{nullptr, "UTC"}));
}

LocalTime TimeZone::to_local(WallTime time) const {
  LocalTime local;
  std::chrono::seconds offset{0};
  if (zone_->zone != nullptr) {
    const auto info = zone_->zone->get_info(date::floor<std::chrono::seconds>(time));
    offset = info.offset;
    local.abbreviation = info.abbrev;
  }
  const auto shifted = time + offset;
  const auto day = date::floor<date::days>(shifted);
  const date::year_month_day ymd(day);
  const date::hh_mm_ss hms(date::floor<std::chrono::milliseconds>(shifted - day));
  local.year = static_cast<int>(ymd.year());
  local.month = static_cast<int>(static_cast<unsigned>(ymd.month()));
  local.day = static_cast<int>(static_cast<unsigned>(ymd.day()));
  local.hour = static_cast<int>(hms.hours().count());
  local.minute = static_cast<int>(hms.minutes().count());
  local.second = static_cast<int>(hms.seconds().count());
  local.millisecond = static_cast<int>(hms.subseconds().count());
  local.weekday = static_cast<int>(date::weekday(day).c_encoding());
  local.utc_offset_s = static_cast<int>(offset.count());
  return local;
}

WallTime TimeZone::to_wall(const LocalTime& local) const {
  const auto day = date::local_days(date::year(local.year) / local.month / local.day);
  const auto shown = day + std::chrono::seconds(local.seconds_of_day());
  if (zone_->zone == nullptr) return WallTime(shown.time_since_epoch());
  // choose::earliest gives the first of two instants, and the moment of change for a time that the clocks skip.
  return zone_->zone->to_sys(shown, date::choose::earliest);
}

const std::string& TimeZone::name() const {
  return zone_->name;
}

std::string to_rfc3339(const LocalTime& local) {
  const int offset_min = local.utc_offset_s / 60;
  const int magnitude = offset_min < 0 ? -offset_min : offset_min;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}{:02}:{:02}", local.year, local.month, local.day, local.hour,
                     local.minute, local.second, offset_min < 0 ? '-' : '+', magnitude / 60, magnitude % 60);
}

std::string to_text(const LocalTime& local) {
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", local.year, local.month, local.day, local.hour,
                     local.minute, local.second);
}

}  // namespace nestbox
