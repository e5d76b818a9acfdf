#include "nestbox/base/time_zone.h"

#include <gtest/gtest.h>

#include <cmath>

namespace nestbox {
namespace {

using namespace std::chrono_literals;

TimeZone zone(const char* name) {
  auto found = TimeZone::find(name);
  EXPECT_TRUE(found) << (found ? "" : found.error().message);
  return found ? *found : TimeZone::utc();
}

WallTime at(std::int64_t unix_s) {
  return WallTime(std::chrono::seconds(unix_s));
}

LocalTime local(int year, int month, int day, int hour, int minute = 0, int second = 0) {
  LocalTime time;
  time.year = year;
  time.month = month;
  time.day = day;
  time.hour = hour;
  time.minute = minute;
  time.second = second;
  return time;
}

TEST(TimeZone, KnowsItsName) {
  EXPECT_EQ(zone("Europe/London").name(), "Europe/London");
  EXPECT_EQ(TimeZone::utc().name(), "UTC");
  EXPECT_FALSE(zone("").name().empty()) << "the system's own, or UTC";
}

TEST(TimeZone, RefusesANameThatTzdataDoesNotHave) {
  for (const char* name : {"Europe/Londn", "../../etc/passwd", "/etc/localtime", "Europe", " "}) {
    const auto found = TimeZone::find(name);
    ASSERT_FALSE(found) << name;
    EXPECT_EQ(found.error().kind, ErrorKind::kNotFound);
    EXPECT_NE(found.error().message.find(name), std::string::npos);
  }
}

TEST(TimeZone, BreaksATimeDown) {
  const auto time = zone("Europe/Berlin").to_local(at(1784544798) + 123456789ns);  // 2026-07-20 10:53:18 UTC
  EXPECT_EQ(to_text(time), "2026-07-20 12:53:18");
  EXPECT_EQ(time.millisecond, 123);
  EXPECT_EQ(time.weekday, 1);  // a Monday
  EXPECT_EQ(time.utc_offset_s, 7200);
  EXPECT_EQ(time.abbreviation, "CEST");
  EXPECT_EQ(time.seconds_of_day(), 12 * 3600 + 53 * 60 + 18);
  EXPECT_EQ(to_rfc3339(time), "2026-07-20T12:53:18+02:00");
}

TEST(TimeZone, WritesOffsetsOfEverySign) {
  EXPECT_EQ(to_rfc3339(TimeZone::utc().to_local(at(0))), "1970-01-01T00:00:00+00:00");
  EXPECT_EQ(to_rfc3339(zone("America/St_Johns").to_local(at(1768478400))), "2026-01-15T08:30:00-03:30");
  EXPECT_EQ(to_rfc3339(zone("Asia/Kathmandu").to_local(at(1768478400))), "2026-01-15T17:45:00+05:45");
}

TEST(TimeZone, TimesBeforeTheEpochRoundDown) {
  const auto time = TimeZone::utc().to_local(at(-1) + 1ms);
  EXPECT_EQ(to_text(time), "1969-12-31 23:59:59");
  EXPECT_EQ(time.millisecond, 1);
  EXPECT_EQ(time.weekday, 3);
}

TEST(TimeZone, ATimeThatHappensTwiceIsTheFirst) {
  // 25 October 2026: 3:00 CEST becomes 2:00 CET at 01:00 UTC.
  const auto berlin = zone("Europe/Berlin");
  const auto first = berlin.to_wall(local(2026, 10, 25, 2, 30));
  EXPECT_EQ(first, at(1792888200));
  EXPECT_EQ(berlin.to_local(first).abbreviation, "CEST");
  EXPECT_EQ(to_text(berlin.to_local(first + 1h)), "2026-10-25 02:30:00");
  EXPECT_EQ(berlin.to_local(first + 1h).abbreviation, "CET");
}

TEST(TimeZone, ATimeThatIsSkippedIsTheMomentAfterTheGap) {
  // 29 March 2026: 2:00 CET becomes 3:00 CEST at 01:00 UTC.
  const auto berlin = zone("Europe/Berlin");
  for (const int minute : {0, 1, 30, 59}) {
    const auto wall = berlin.to_wall(local(2026, 3, 29, 2, minute));
    EXPECT_EQ(wall, at(1774746000)) << minute;
    EXPECT_EQ(to_text(berlin.to_local(wall)), "2026-03-29 03:00:00");
  }
  EXPECT_EQ(berlin.to_wall(local(2026, 3, 29, 1, 59, 59)), at(1774746000 - 1));
}

TEST(TimeZone, KnowsAWholeDayThatNeverWas) {
  // Samoa went over the date line: 30 December 2011 does not exist there.
  const auto apia = zone("Pacific/Apia");
  EXPECT_EQ(to_text(apia.to_local(apia.to_wall(local(2011, 12, 30, 12)))), "2011-12-31 00:00:00");
}

// Every quarter of an hour of a year and there again, in zones that change by an hour, by half of one, southwards,
// never.
TEST(TimeZone, AYearThereAndBack) {
  for (const char* name : {"Europe/London", "Australia/Lord_Howe", "America/Santiago", "Asia/Kolkata", "UTC"}) {
    const auto here = zone(name);
    for (auto wall = at(1767225600); wall < at(1767225600 + 366 * 86400); wall += 15min) {
      const auto shown = here.to_local(wall);
      const auto back = here.to_wall(shown);
      // Of two instants with the same face the earlier one comes back.
      ASSERT_LE(back, wall) << name << " " << to_rfc3339(shown);
      ASSERT_GE(back, wall - 1h) << name << " " << to_rfc3339(shown);
      ASSERT_EQ(to_text(here.to_local(back)), to_text(shown)) << name;
      ASSERT_EQ(back == wall, here.to_local(back).utc_offset_s == shown.utc_offset_s) << name;
    }
  }
}

}  // namespace
}  // namespace nestbox
