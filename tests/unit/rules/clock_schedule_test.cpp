#include "nestbox/rules/clock_schedule.h"

#include <gtest/gtest.h>

#include <bitset>

namespace nestbox {
namespace {

using namespace std::chrono_literals;

TimeZone zone(const char* name) {
  return TimeZone::find(name).value();
}

LocalTime at(int hour, int minute, int second = 0) {
  LocalTime local;
  local.hour = hour;
  local.minute = minute;
  local.second = second;
  return local;
}

/// 2026-03-28 12:00:00 UTC and the like.
WallTime utc(int year, int month, int day, int hour, int minute, int second = 0) {
  LocalTime local = at(hour, minute, second);
  local.year = year;
  local.month = month;
  local.day = day;
  return TimeZone::utc().to_wall(local);
}

std::string shown(std::optional<WallTime> time, const TimeZone& where) {
  return time ? to_rfc3339(where.to_local(*time)) : "never";
}

TEST(ClockSchedule, HoldsItsFromAndNotItsTo) {
  const ClockSchedule schedule({{6h, 20h + 30min}});
  EXPECT_FALSE(schedule.is_inside(at(5, 59, 59)));
  EXPECT_TRUE(schedule.is_inside(at(6, 0)));
  EXPECT_TRUE(schedule.is_inside(at(20, 29, 59)));
  EXPECT_FALSE(schedule.is_inside(at(20, 30)));
}

TEST(ClockSchedule, RunsPastMidnight) {
  const ClockSchedule schedule({{22h, 2h}});
  EXPECT_TRUE(schedule.is_inside(at(22, 0)));
  EXPECT_TRUE(schedule.is_inside(at(0, 0)));
  EXPECT_TRUE(schedule.is_inside(at(1, 59, 59)));
  EXPECT_FALSE(schedule.is_inside(at(2, 0)));
  EXPECT_FALSE(schedule.is_inside(at(12, 0)));
}

TEST(ClockSchedule, MidnightIsTwentyFourHoursToo) {
  for (const ClockSchedule& schedule : {ClockSchedule({{22h, 24h}}), ClockSchedule({{22h, 0h}})}) {
    EXPECT_TRUE(schedule.is_inside(at(23, 59, 59)));
    EXPECT_FALSE(schedule.is_inside(at(0, 0)));
  }
}

TEST(ClockSchedule, FromEqualToToIsTheWholeDay) {
  for (const ClockSchedule& schedule :
       {ClockSchedule({{8h, 8h}}), ClockSchedule({{0h, 24h}}), ClockSchedule({{6h, 18h}, {18h, 6h}})}) {
    for (int hour = 0; hour < 24; ++hour) EXPECT_TRUE(schedule.is_inside(at(hour, 0)));
    EXPECT_EQ(schedule.next_change(utc(2026, 3, 28, 12, 0), zone("Europe/London")), std::nullopt);
  }
}

TEST(ClockSchedule, EmptyIsNever) {
  const ClockSchedule schedule;
  EXPECT_FALSE(schedule.is_inside(at(12, 0)));
  EXPECT_EQ(schedule.next_change(utc(2026, 3, 28, 12, 0), TimeZone::utc()), std::nullopt);
}

TEST(ClockSchedule, NextChangeIsAfterNowAndOnTheSecond) {
  const ClockSchedule schedule({{6h, 20h}, {19h, 21h}});
  const TimeZone utc_zone = TimeZone::utc();
  const auto next = [&](WallTime now) { return shown(schedule.next_change(now, utc_zone), utc_zone); };
  EXPECT_EQ(next(utc(2026, 5, 1, 5, 0)), "2026-05-01T06:00:00+00:00");
  EXPECT_EQ(next(utc(2026, 5, 1, 5, 59, 59) + 999ms), "2026-05-01T06:00:00+00:00");
  EXPECT_EQ(next(utc(2026, 5, 1, 6, 0)), "2026-05-01T21:00:00+00:00") << "20:00 lies inside the other span";
  EXPECT_EQ(next(utc(2026, 5, 1, 21, 0)), "2026-05-02T06:00:00+00:00");
  EXPECT_EQ(next(utc(2026, 12, 31, 23, 0)), "2027-01-01T06:00:00+00:00");
}

/// London: on 2026-03-29 01:00 becomes 02:00, on 2026-10-25 02:00 becomes 01:00.
TEST(ClockSchedule, BothClockChanges) {
  const TimeZone london = zone("Europe/London");
  struct Case {
    const char* what;
    ScheduleSpan span;
    WallTime now;
    const char* next;
  };
  const Case cases[] = {
      {"begins in the hour skipped", {1h + 30min, 5h}, utc(2026, 3, 29, 0, 0), "2026-03-29T02:00:00+01:00"},
      {"ends in the hour skipped", {22h, 1h + 30min}, utc(2026, 3, 29, 0, 0), "2026-03-29T02:00:00+01:00"},
      {"ends as it is skipped", {22h, 1h}, utc(2026, 3, 29, 0, 0), "2026-03-29T02:00:00+01:00"},
      {"lies in the hour skipped", {1h + 15min, 1h + 45min}, utc(2026, 3, 28, 1, 45), "2026-03-30T01:15:00+01:00"},
      {"goes on through it", {0h, 6h}, utc(2026, 3, 29, 0, 30), "2026-03-29T06:00:00+01:00"},
      {"the hour shown twice, first", {1h + 15min, 1h + 45min}, utc(2026, 10, 25, 0, 0), "2026-10-25T01:15:00+01:00"},
      {"its end", {1h + 15min, 1h + 45min}, utc(2026, 10, 25, 0, 15), "2026-10-25T01:45:00+01:00"},
      {"the second time", {1h + 15min, 1h + 45min}, utc(2026, 10, 25, 0, 45), "2026-10-25T01:15:00+00:00"},
      {"its end again", {1h + 15min, 1h + 45min}, utc(2026, 10, 25, 1, 15), "2026-10-25T01:45:00+00:00"},
      {"cut by the clock going back", {1h + 30min, 3h}, utc(2026, 10, 25, 0, 45), "2026-10-25T01:00:00+00:00"},
      {"25 hours of day", {1h, 0h}, utc(2026, 10, 25, 0, 30), "2026-10-26T00:00:00+00:00"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(shown(ClockSchedule({c.span}).next_change(c.now, london), london), c.next) << c.what;
  }
}

/// Every minute of a year: inside is what a clock face with the spans painted on says, and each prediction of the next
/// change comes true to the minute.
TEST(ClockSchedule, AYearOfMinutes) {
  const std::vector<std::vector<ScheduleSpan>> schedules = {
      {{6h, 20h}}, {{22h + 15min, 1h + 50min}}, {{1h + 10min, 1h + 40min}, {2h + 5min, 2h + 20min}, {23h, 0h}}};
  for (const char* name : {"Europe/London", "Australia/Lord_Howe", "UTC"}) {
    const TimeZone where = zone(name);
    for (const auto& spans : schedules) {
      std::bitset<1440> face;
      for (const ScheduleSpan& span : spans) {
        for (auto time = span.from; time % 24h != span.to % 24h; time += 1min) {
          face.set(static_cast<std::size_t>(time % 24h / 1min));
        }
      }
      const ClockSchedule schedule(spans);
      bool inside = schedule.is_inside(where.to_local(utc(2026, 1, 1, 0, 0)));
      auto predicted = schedule.next_change(utc(2026, 1, 1, 0, 0), where);
      int changes = 0;
      for (WallTime now = utc(2026, 1, 1, 0, 0); now < utc(2027, 1, 1, 0, 0); now += 1min) {
        const LocalTime local = where.to_local(now);
        ASSERT_EQ(schedule.is_inside(local), face[static_cast<std::size_t>(local.hour * 60 + local.minute)]);
        if (now == *predicted) {
          ASSERT_NE(schedule.is_inside(local), inside) << name << ' ' << to_rfc3339(local);
          inside = !inside;
          ++changes;
          predicted = schedule.next_change(now, where);
        }
        ASSERT_EQ(schedule.is_inside(local), inside) << name << ' ' << to_rfc3339(local);
      }
      EXPECT_NEAR(changes, static_cast<int>(spans.size()) * 2 * 365, 6);
    }
  }
}

}  // namespace
}  // namespace nestbox
