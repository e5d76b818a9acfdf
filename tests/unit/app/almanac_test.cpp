// The real almanac against times that others have published.
#include "almanac.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <thread>
#include <vector>

#include "nestbox/base/time_zone.h"
#include "nestbox/rules/sun_schedule.h"

namespace nestbox {
namespace {

using namespace std::chrono_literals;
using testing::DoubleNear;
using testing::Pointwise;

constexpr LocationOptions kCardiff{51.48, -3.18}, kTromso{69.5, 19.0}, kSydney{-33.87, 151.21};

WallTime local(const TimeZone& zone, int year, int month, int day, int hour, int minute) {
  LocalTime time;
  time.year = year;
  time.month = month;
  time.day = day;
  time.hour = hour;
  time.minute = minute;
  return zone.to_wall(time);
}

/// The event that is nearest to a time.
WallTime nearest(const LocationOptions& place, SunEvent event, WallTime to) {
  SunCalendar calendar(almanac_of(place));
  const auto& days = calendar.around(to);
  const auto distance = [&](const SunDay& day) { return std::chrono::abs(day.at(event) - to); };
  return std::min_element(days.begin(), days.end(),
                          [&](const SunDay& a, const SunDay& b) { return distance(a) < distance(b); })
      ->at(event);
}

struct Published {
  const char* what;
  LocationOptions place;
  SunEvent event;
  WallTime at;
};

TEST(Almanac, AgreesWithPublishedTimes) {
  const auto sydney = TimeZone::find("Australia/Sydney").value(), london = TimeZone::find("Europe/London").value();
  const auto utc = TimeZone::utc();
  const std::vector<Published> published = {
      // U.S. Naval Observatory, "Sun and Moon Data for One Day", Tromso (E19.0, N69.5), 1 April 2014; it gives UT + 1
      // h.
      {"Tromso, civil twilight begins", kTromso, SunEvent::kDawn, local(utc, 2014, 4, 1, 2, 46)},
      {"Tromso, sunrise", kTromso, SunEvent::kSunrise, local(utc, 2014, 4, 1, 3, 50)},
      {"Tromso, sunset", kTromso, SunEvent::kSunset, local(utc, 2014, 4, 1, 17, 49)},
      {"Tromso, civil twilight ends", kTromso, SunEvent::kDusk, local(utc, 2014, 4, 1, 18, 53)},
      // Sydney Travel Guide, "Sydney winter solstice", 2025.
      {"Sydney, sunrise", kSydney, SunEvent::kSunrise, local(sydney, 2025, 6, 21, 7, 0)},
      {"Sydney, sunset", kSydney, SunEvent::kSunset, local(sydney, 2025, 6, 21, 16, 54)},
      // Daily Express, 21 June 2025: the first sunset before eight o'clock in Cardiff is that of 1 September.
      {"Cardiff, sunset", kCardiff, SunEvent::kSunset, local(london, 2025, 9, 1, 19, 59)},
  };
  for (const auto& one : published) {
    EXPECT_NEAR(to_seconds(nearest(one.place, one.event, one.at) - one.at), 0, 120) << one.what;
  }
  EXPECT_LT(nearest(kCardiff, SunEvent::kSunset, local(london, 2025, 9, 1, 20, 0)), local(london, 2025, 9, 1, 20, 0));
  EXPECT_GE(nearest(kCardiff, SunEvent::kSunset, local(london, 2025, 8, 31, 20, 0)), local(london, 2025, 8, 31, 20, 0));
}

/// U.S. Naval Observatory: on 18 May 2014 the sun rises over Tromso, and does not set before 25 July.
TEST(Almanac, HasThePolarDay) {
  SunSchedule schedule(almanac_of(kTromso), 0ms, 0ms);
  EXPECT_TRUE(schedule.is_day(local(TimeZone::utc(), 2014, 6, 20, 23, 0)));
  const auto lowest = [&](int month, int day) {
    const auto sun = almanac_of(kTromso);
    double height_deg = 90;
    for (int i = 0; i < 144; ++i) {
      height_deg = std::min(height_deg, sun(local(TimeZone::utc(), 2014, month, day, 12, 0) + i * 10min));
    }
    return height_deg;
  };
  EXPECT_LT(lowest(5, 15), -0.833);
  EXPECT_GT(lowest(5, 20), -0.833);
  EXPECT_GT(lowest(7, 23), -0.833);
  EXPECT_LT(lowest(7, 27), -0.833);
}

TEST(Almanac, KnowsNothingWithoutAPlace) {
  EXPECT_FALSE(almanac_of(std::nullopt));
}

/// Whoever asks at the same time gets his own answers: to a ten thousandth of a degree, for libnova goes on using a
/// nutation that was worked out within the last hours.
TEST(Almanac, AnswersSeveralThreads) {
  const auto begin = local(TimeZone::utc(), 2026, 3, 1, 0, 0);
  const auto ask = [&](const LocationOptions& place) {
    std::vector<double> heights;
    const auto sun = almanac_of(place);
    for (int i = 0; i < 300; ++i) heights.push_back(sun(begin + i * 77min));
    return heights;
  };
  const auto cardiff = ask(kCardiff), sydney = ask(kSydney);
  std::vector<double> there;
  std::thread other([&] { there = ask(kSydney); });
  EXPECT_THAT(ask(kCardiff), Pointwise(DoubleNear(1e-4), cardiff));
  other.join();
  EXPECT_THAT(there, Pointwise(DoubleNear(1e-4), sydney));
}

}  // namespace
}  // namespace nestbox
