#include "nestbox/rules/sun_schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "nestbox/base/time_zone.h"
#include "unit/rules/simple_sun.h"

namespace nestbox {
namespace {

using namespace std::chrono_literals;

WallTime utc(int year, int month, int day, int hour = 0, int minute = 0) {
  LocalTime local;
  local.year = year;
  local.month = month;
  local.day = day;
  local.hour = hour;
  local.minute = minute;
  return TimeZone::utc().to_wall(local);
}

std::vector<double> latitudes() {
  std::vector<double> all;
  for (int i = 0; i < 24; ++i) all.push_back(-90 + i * 180.0 / 23);  // both poles among them
  return all;
}

TEST(SunDay, HasItsMomentsInOrderEverywhereAllTheYear) {
  for (const double latitude : latitudes()) {
    for (const double longitude : {-179.9, -3.0, 90.0, 180.0}) {
      const SimpleSun sun{latitude, longitude};
      SunCalendar calendar(sun);
      for (int day = 0; day < 366; day += 5) {
        const auto now = utc(2028, 1, 1) + day * 24h;
        const auto& days = calendar.around(now);
        ASSERT_EQ(days.size(), 7U);
        ASSERT_LE(days[2].at(SunEvent::kDawn), now + 13h);
        ASSERT_GE(days[2].at(SunEvent::kDusk), now - 13h);
        for (std::size_t i = 0; i < days.size(); ++i) {
          const auto& one = days[i];
          ASSERT_LE(one.at(SunEvent::kDawn), one.at(SunEvent::kSunrise));
          ASSERT_LE(one.at(SunEvent::kSunrise), one.noon());
          ASSERT_LE(one.noon(), one.at(SunEvent::kSunset));
          ASSERT_LE(one.at(SunEvent::kSunset), one.at(SunEvent::kDusk));
          if (i == 0) continue;
          ASSERT_LE(days[i - 1].at(SunEvent::kDusk), one.at(SunEvent::kDawn));
          if (std::abs(latitude) < 89) {
            ASSERT_NEAR(to_seconds(one.noon() - days[i - 1].noon()), 86400, 120) << latitude << ' ' << day;
          }
        }
      }
    }
  }
}

/// 366 days at 24 latitudes, from pole to pole: day is when the sun is above the height of dawn, whatever was asked
/// before, and each prediction of the next change comes true.
TEST(SunSchedule, ALeapYearFromPoleToPole) {
  for (const double latitude : latitudes()) {
    const SimpleSun sun{latitude, 13.4};
    SunSchedule schedule(sun, 0ms, 0ms);
    // At a pole, a day of the sun is not a day of the clock: its change comes with the next half day.
    const double tolerance_deg = std::abs(latitude) > 89 ? 0.3 : 0.05;
    int changes = 0;
    bool day = schedule.is_day(utc(2028, 1, 1));
    auto predicted = schedule.next_change(utc(2028, 1, 1));
    for (auto now = utc(2028, 1, 1); now < utc(2029, 1, 1); now += 13min) {
      while (predicted && *predicted <= now) {
        day = !day;
        ++changes;
        ASSERT_EQ(schedule.is_day(*predicted), day);
        ASSERT_NE(schedule.is_day(*predicted - 1s), day);
        predicted = schedule.next_change(*predicted);
      }
      if (!predicted) predicted = schedule.next_change(now);
      ASSERT_EQ(schedule.is_day(now), day) << latitude << ' ' << to_rfc3339(TimeZone::utc().to_local(now));
      const double height_deg = sun(now);
      if (std::abs(height_deg + 6) > tolerance_deg) {
        ASSERT_EQ(day, height_deg > -6) << latitude << ' ' << to_rfc3339(TimeZone::utc().to_local(now));
      }
    }
    if (std::abs(latitude) < 60) {
      EXPECT_EQ(changes, 2 * 366);
    } else if (std::abs(latitude) > 89) {
      EXPECT_EQ(changes, 2);
    }
  }
}

/// A restart at any hour says what a schedule says that has run for a year.
TEST(SunSchedule, IsTheSameAfterARestart) {
  std::mt19937 random(3);
  const auto offset = [&] { return std::chrono::minutes(static_cast<int>(random() % 720) - 360); };
  for (const double latitude : {-75.0, -34.0, 0.0, 51.5, 66.0, 69.65, 78.0}) {
    const SimpleSun sun{latitude, 170};
    const auto dawn_offset = offset(), dusk_offset = offset();
    SunSchedule running(sun, dawn_offset, dusk_offset);
    for (int i = 0; i < 2000; ++i) {
      const auto now = utc(2026, 1, 1) + i * 262min + std::chrono::seconds(random() % 3600);
      SunSchedule fresh(sun, dawn_offset, dusk_offset);
      ASSERT_EQ(fresh.is_day(now), running.is_day(now)) << latitude << ' ' << to_rfc3339(TimeZone::utc().to_local(now));
    }
  }
}

TEST(SunSchedule, OffsetsMoveDawnAndDusk) {
  const SimpleSun cardiff{51.48, -3.18};
  const auto noon = utc(2026, 12, 20, 12), night = utc(2026, 12, 20, 22);
  SunSchedule plain(cardiff, 0ms, 0ms), moved(cardiff, -20min, 30min);
  EXPECT_EQ(*moved.next_change(noon), *plain.next_change(noon) + 30min);
  EXPECT_EQ(*moved.next_change(night), *plain.next_change(night) - 20min);
}

TEST(SunSchedule, OffsetsThatCrossLeaveOneMode) {
  const SimpleSun cardiff{51.48, -3.18};
  SunSchedule never(cardiff, 6h, -6h);  // the shortest day is nine hours long
  EXPECT_FALSE(never.is_day(utc(2026, 12, 20, 12)));
  EXPECT_EQ(never.next_change(utc(2026, 12, 20, 12)), std::nullopt);
  SunSchedule always(cardiff, -6h, 6h);  // the shortest night is under six
  EXPECT_TRUE(always.is_day(utc(2026, 6, 20, 0)));
  EXPECT_EQ(always.next_change(utc(2026, 6, 20, 0)), std::nullopt);
}

/// Longyearbyen: polar night, polar day, and the days between at which the sun crosses once.
TEST(SunSchedule, PolarNightAndPolarDay) {
  const SimpleSun sun{78.22, 15.65};
  SunSchedule schedule(sun, -30min, 30min);
  EXPECT_FALSE(schedule.is_day(utc(2026, 12, 20, 11)));
  EXPECT_EQ(schedule.next_change(utc(2026, 12, 20, 11)), std::nullopt);
  EXPECT_TRUE(schedule.is_day(utc(2026, 6, 20, 23)));
  EXPECT_EQ(schedule.next_change(utc(2026, 6, 20, 23)), std::nullopt);
  // From the first day to the polar day, days only get longer.
  std::chrono::nanoseconds longest{0};
  auto at = schedule.next_change(utc(2026, 1, 25));
  for (auto day = utc(2026, 1, 25); !at; day += 24h) at = schedule.next_change(day);
  int days = 0;
  while (const auto end = schedule.next_change(*at)) {
    EXPECT_TRUE(schedule.is_day(*at));
    EXPECT_GT(*end - *at, longest);
    longest = *end - *at;
    at = schedule.next_change(*end);
    if (!at) break;
    ++days;
  }
  EXPECT_GT(days, 40);
  EXPECT_TRUE(schedule.is_day(utc(2026, 5, 1, 0)));
}

TEST(SunSchedule, WithoutAPlaceItIsNight) {
  SunSchedule schedule({}, 0ms, 0ms);
  EXPECT_FALSE(schedule.is_day(utc(2026, 6, 20, 12)));
  EXPECT_EQ(schedule.next_change(utc(2026, 6, 20, 12)), std::nullopt);
}

}  // namespace
}  // namespace nestbox
