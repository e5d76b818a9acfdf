#include "nestbox/rules/day_schedule.h"

#include <gtest/gtest.h>

#include <bitset>

#include "unit/rules/simple_sun.h"

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

bool is_inside(DaySchedule& schedule, const LocalTime& local) {
  return schedule.is_inside(TimeZone::utc().to_wall(local), TimeZone::utc());
}

std::string shown(std::optional<WallTime> time, const TimeZone& where) {
  return time ? to_rfc3339(where.to_local(*time)) : "never";
}

TEST(DaySchedule, HoldsItsFromAndNotItsTo) {
  DaySchedule schedule({{6h, 20h + 30min}});
  EXPECT_FALSE(is_inside(schedule, at(5, 59, 59)));
  EXPECT_TRUE(is_inside(schedule, at(6, 0)));
  EXPECT_TRUE(is_inside(schedule, at(20, 29, 59)));
  EXPECT_FALSE(is_inside(schedule, at(20, 30)));
}

TEST(DaySchedule, RunsPastMidnight) {
  DaySchedule schedule({{22h, 2h}});
  EXPECT_TRUE(is_inside(schedule, at(22, 0)));
  EXPECT_TRUE(is_inside(schedule, at(0, 0)));
  EXPECT_TRUE(is_inside(schedule, at(1, 59, 59)));
  EXPECT_FALSE(is_inside(schedule, at(2, 0)));
  EXPECT_FALSE(is_inside(schedule, at(12, 0)));
}

TEST(DaySchedule, MidnightIsTwentyFourHoursToo) {
  for (DaySchedule schedule : {DaySchedule({{22h, 24h}}), DaySchedule({{22h, 0h}})}) {
    EXPECT_TRUE(is_inside(schedule, at(23, 59, 59)));
    EXPECT_FALSE(is_inside(schedule, at(0, 0)));
  }
}

TEST(DaySchedule, FromEqualToToIsTheWholeDay) {
  for (DaySchedule schedule :
       {DaySchedule({{8h, 8h}}), DaySchedule({{0h, 24h}}), DaySchedule({{6h, 18h}, {18h, 6h}})}) {
    for (int hour = 0; hour < 24; ++hour) EXPECT_TRUE(is_inside(schedule, at(hour, 0)));
    EXPECT_EQ(schedule.next_change(utc(2026, 3, 28, 12, 0), zone("Europe/London")), std::nullopt);
  }
}

TEST(DaySchedule, EmptyIsNever) {
  DaySchedule schedule;
  EXPECT_FALSE(is_inside(schedule, at(12, 0)));
  EXPECT_EQ(schedule.next_change(utc(2026, 3, 28, 12, 0), TimeZone::utc()), std::nullopt);
}

TEST(DaySchedule, NextChangeIsAfterNowAndOnTheSecond) {
  DaySchedule schedule({{6h, 20h}, {19h, 21h}});
  const TimeZone utc_zone = TimeZone::utc();
  const auto next = [&](WallTime now) { return shown(schedule.next_change(now, utc_zone), utc_zone); };
  EXPECT_EQ(next(utc(2026, 5, 1, 5, 0)), "2026-05-01T06:00:00+00:00");
  EXPECT_EQ(next(utc(2026, 5, 1, 5, 59, 59) + 999ms), "2026-05-01T06:00:00+00:00");
  EXPECT_EQ(next(utc(2026, 5, 1, 6, 0)), "2026-05-01T21:00:00+00:00") << "20:00 lies inside the other span";
  EXPECT_EQ(next(utc(2026, 5, 1, 21, 0)), "2026-05-02T06:00:00+00:00");
  EXPECT_EQ(next(utc(2026, 12, 31, 23, 0)), "2027-01-01T06:00:00+00:00");
}

/// London: on 2026-03-29 01:00 becomes 02:00, on 2026-10-25 02:00 becomes 01:00.
TEST(DaySchedule, BothClockChanges) {
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
    EXPECT_EQ(shown(DaySchedule({c.span}).next_change(c.now, london), london), c.next) << c.what;
  }
}

/// Every minute of a year: inside is what a clock face with the spans painted on says, and each prediction of the next
/// change comes true to the minute.
TEST(DaySchedule, AYearOfMinutes) {
  const std::vector<std::vector<ScheduleSpan>> schedules = {
      {{6h, 20h}}, {{22h + 15min, 1h + 50min}}, {{1h + 10min, 1h + 40min}, {2h + 5min, 2h + 20min}, {23h, 0h}}};
  for (const char* name : {"Europe/London", "Australia/Lord_Howe", "UTC"}) {
    const TimeZone where = zone(name);
    for (const auto& spans : schedules) {
      std::bitset<1440> face;
      for (const ScheduleSpan& span : spans) {
        for (auto time = span.from.clock; time % 24h != span.to.clock % 24h; time += 1min) {
          face.set(static_cast<std::size_t>(time % 24h / 1min));
        }
      }
      DaySchedule schedule(spans);
      bool inside = schedule.is_inside(utc(2026, 1, 1, 0, 0), where);
      auto predicted = schedule.next_change(utc(2026, 1, 1, 0, 0), where);
      int changes = 0;
      for (WallTime now = utc(2026, 1, 1, 0, 0); now < utc(2027, 1, 1, 0, 0); now += 1min) {
        const LocalTime local = where.to_local(now);
        ASSERT_EQ(schedule.is_inside(now, where), face[static_cast<std::size_t>(local.hour * 60 + local.minute)]);
        if (now == *predicted) {
          ASSERT_NE(schedule.is_inside(now, where), inside) << name << ' ' << to_rfc3339(local);
          inside = !inside;
          ++changes;
          predicted = schedule.next_change(now, where);
        }
        ASSERT_EQ(schedule.is_inside(now, where), inside) << name << ' ' << to_rfc3339(local);
      }
      EXPECT_NEAR(changes, static_cast<int>(spans.size()) * 2 * 365, 6);
    }
  }
}

const SimpleSun kCardiff{51.48, -3.18};
const SimpleSun kTromso{69.65, 18.96};

/// By the minute, so that a table need not know the sun to the second.
std::string minute(std::optional<WallTime> time, const TimeZone& where) {
  return time ? to_text(where.to_local(*time)).substr(0, 16) : "never";
}

/// Begins and ends within two days from a noon in UTC, as local times.
std::vector<std::string> changes(const std::vector<ScheduleSpan>& spans, const SimpleSun& sun, WallTime from,
                                 const TimeZone& where) {
  DaySchedule schedule(spans, sun);
  std::vector<std::string> found;
  for (auto next = schedule.next_change(from, where); next && *next < from + 48h;
       next = schedule.next_change(*next, where)) {
    found.push_back(minute(next, where) + (schedule.is_inside(*next, where) ? " begin" : " end"));
  }
  return found;
}

using Moments = std::vector<std::string>;

TEST(DaySchedule, GoesBySunAndClock) {
  const auto london = zone("Europe/London");
  const auto june = utc(2026, 6, 20, 12, 0), december = utc(2026, 12, 20, 12, 0);
  const DayMoment dawn = SunEvent::kDawn, sunrise = SunEvent::kSunrise, dusk = SunEvent::kDusk;
  const auto day_of = [&](const ScheduleSpan& span, WallTime from) { return changes({span}, kCardiff, from, london); };
  EXPECT_EQ(day_of({dawn, dusk}, december), (Moments{"2026-12-20 16:45 end", "2026-12-21 07:35 begin",
                                                     "2026-12-21 16:46 end", "2026-12-22 07:36 begin"}));
  EXPECT_EQ(
      day_of({{SunEvent::kDawn, -10min}, {SunEvent::kDusk, 20min}}, december),
      (Moments{"2026-12-20 17:05 end", "2026-12-21 07:25 begin", "2026-12-21 17:06 end", "2026-12-22 07:26 begin"}));
  EXPECT_EQ(day_of({dusk, dawn}, december), (Moments{"2026-12-20 16:45 begin", "2026-12-21 07:35 end",
                                                     "2026-12-21 16:46 begin", "2026-12-22 07:36 end"}));
  EXPECT_EQ(day_of({dusk, 22h}, december), (Moments{"2026-12-20 16:45 begin", "2026-12-20 22:00 end",
                                                    "2026-12-21 16:46 begin", "2026-12-21 22:00 end"}));
  EXPECT_EQ(day_of({dusk, 22h}, june), Moments{}) << "dusk is after ten: nothing, not a day and a night";
  EXPECT_EQ(day_of({dusk, 2h}, june), (Moments{"2026-06-20 22:21 begin", "2026-06-21 02:00 end",
                                               "2026-06-21 22:21 begin", "2026-06-22 02:00 end"}));
  EXPECT_EQ(day_of({22h, sunrise}, june), (Moments{"2026-06-20 22:00 begin", "2026-06-21 04:55 end",
                                                   "2026-06-21 22:00 begin", "2026-06-22 04:55 end"}));
  EXPECT_EQ(day_of({dawn, dawn}, june), Moments{}) << "always";
  EXPECT_TRUE(DaySchedule({{dawn, dawn}}, kCardiff).is_inside(june, london));
}

TEST(DaySchedule, SpansOfBothKindsJoin) {
  const auto london = zone("Europe/London");
  EXPECT_EQ(
      changes({{SunEvent::kDawn, 12h}, {11h, 15h}, {14h, SunEvent::kDusk}, {22h, 23h}}, kCardiff,
              utc(2026, 12, 20, 12, 0), london),
      (Moments{"2026-12-20 16:45 end", "2026-12-20 22:00 begin", "2026-12-20 23:00 end", "2026-12-21 07:35 begin",
               "2026-12-21 16:46 end", "2026-12-21 22:00 begin", "2026-12-21 23:00 end", "2026-12-22 07:36 begin"}));
}

/// What is said of days on which the sun does not rise, or does not set.
TEST(DaySchedule, InThePolarNightAndThePolarDay) {
  const auto oslo = zone("Europe/Oslo");
  const auto december = utc(2026, 12, 20, 0, 0), june = utc(2026, 6, 20, 0, 0);
  const auto inside = [&](const ScheduleSpan& span, WallTime from) {
    DaySchedule schedule({span}, kTromso);
    int minutes = 0;
    for (auto time = from; time < from + 24h; time += 1min) minutes += schedule.is_inside(time, oslo) ? 1 : 0;
    return minutes;
  };
  const DayMoment sunrise = SunEvent::kSunrise, sunset = SunEvent::kSunset;
  EXPECT_EQ(inside({sunrise, sunset}, december), 0);
  EXPECT_EQ(inside({{SunEvent::kSunrise, -10min}, {SunEvent::kSunset, 20min}}, december), 0) << "offsets of no sunrise";
  EXPECT_EQ(inside({sunset, sunrise}, december), 1440);
  EXPECT_GT(inside({SunEvent::kDawn, SunEvent::kDusk}, december), 60) << "there is twilight at noon";
  EXPECT_EQ(inside({sunrise, sunset}, june), 1440);
  EXPECT_EQ(inside({{SunEvent::kDawn, 1h}, {SunEvent::kDusk, -1h}}, june), 1440);
  EXPECT_EQ(inside({sunset, sunrise}, june), 0);
  EXPECT_NEAR(inside({6h, sunset}, december), 5 * 60 + 43, 2) << "until the sun is highest";
  DaySchedule all_day({{sunrise, sunset}}, kTromso);
  EXPECT_EQ(all_day.next_change(june, oslo), june + 48h) << "to be asked again";
}

TEST(DaySchedule, TheSunDoesNotChangeWithTheClocks) {
  const auto london = zone("Europe/London");
  EXPECT_EQ(
      changes({{SunEvent::kDawn, 12h}}, kCardiff, utc(2026, 3, 28, 0, 0), london),
      (Moments{"2026-03-28 05:23 begin", "2026-03-28 12:00 end", "2026-03-29 06:21 begin", "2026-03-29 12:00 end"}));
  EXPECT_EQ(
      changes({{12h, SunEvent::kDusk}}, kCardiff, utc(2026, 10, 24, 0, 0), london),
      (Moments{"2026-10-24 12:00 begin", "2026-10-24 18:35 end", "2026-10-25 12:00 begin", "2026-10-25 17:33 end"}));
  EXPECT_EQ(changes({{1h + 30min, SunEvent::kDawn}}, kCardiff, utc(2026, 3, 29, 0, 0), london).at(0),
            "2026-03-29 02:00 begin")
      << "a time that is skipped is the moment after the gap";
  EXPECT_EQ(changes({{1h + 30min, SunEvent::kDawn}}, kCardiff, utc(2026, 10, 25, 0, 0), london).at(0),
            "2026-10-25 01:30 begin");
}

TEST(DaySchedule, WithoutAPlaceTheSunNeverComes) {
  DaySchedule schedule({{SunEvent::kDawn, SunEvent::kDusk}});
  EXPECT_FALSE(schedule.is_inside(utc(2026, 6, 20, 12, 0), TimeZone::utc()));
}

/// A year in steps of seven minutes, at three places: each prediction of the next change comes true.
TEST(DaySchedule, AYearWithTheSun) {
  const std::vector<ScheduleSpan> spans = {
      {{SunEvent::kDawn, -10min}, {SunEvent::kSunrise, 20min}}, {SunEvent::kSunset, 23h}, {3h, SunEvent::kDawn}};
  for (const auto& [sun, name] : {std::pair(kCardiff, "Europe/London"), std::pair(kTromso, "Europe/Oslo"),
                                  std::pair(SimpleSun{-33.87, 151.2}, "Australia/Sydney")}) {
    const auto where = zone(name);
    DaySchedule schedule(spans, sun);
    bool inside = schedule.is_inside(utc(2026, 1, 1, 0, 0), where);
    auto predicted = schedule.next_change(utc(2026, 1, 1, 0, 0), where);
    for (auto now = utc(2026, 1, 1, 0, 0); now < utc(2027, 1, 1, 0, 0); now += 7min) {
      while (predicted && *predicted <= now) {
        inside = schedule.is_inside(*predicted, where);
        predicted = schedule.next_change(*predicted, where);
      }
      ASSERT_EQ(schedule.is_inside(now, where), inside) << to_rfc3339(where.to_local(now));
    }
  }
}

}  // namespace
}  // namespace nestbox
