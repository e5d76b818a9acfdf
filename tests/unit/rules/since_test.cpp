#include "nestbox/rules/since.h"

#include <gmock/gmock.h>

namespace nestbox {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TimeZone berlin() {
  return TimeZone::find("Europe/Berlin").value();
}

WallTime noon() {
  LocalTime local;
  local.year = 2026;
  local.month = 11;
  local.day = 20;
  local.hour = 12;
  return berlin().to_wall(local);
}

WallTime since(std::string_view text) {
  const auto time = parse_since(text, noon(), berlin());
  EXPECT_TRUE(time) << text;
  return time.value_or(WallTime());
}

TEST(Since, TakesHowLongAgo) {
  EXPECT_EQ(since("24h"), noon() - 24h);
  EXPECT_EQ(since("7d"), noon() - 7 * 24h);
  EXPECT_EQ(since("1d12h30m5s"), noon() - (36h + 30min + 5s));
  EXPECT_EQ(since("0s"), noon());
}

TEST(Since, TakesADayOfTheBox) {
  EXPECT_EQ(since("2026-11-20"), noon() - 12h);
  EXPECT_EQ(since("2026-07-01"), since("2026-06-30T22:00:00Z")) << "in summer time";
  EXPECT_EQ(since("2024-02-29"), since("2024-02-29T00:00:00+01:00"));
}

TEST(Since, TakesATime) {
  EXPECT_EQ(since("2026-11-20T12:00:00+01:00"), noon());
  EXPECT_EQ(since("2026-11-20t11:00:00.123z"), noon());
  EXPECT_EQ(since("2026-11-20 05:30:00-05:30"), noon());
  EXPECT_EQ(since("2026-11-20T12:00:00"), noon()) << "the box's own time";
  EXPECT_EQ(since("2026-11-20 12:00"), noon());
}

TEST(Since, RefusesWhatIsNoTime) {
  for (const auto* text :
       {"", "yesterday", "24", "h", "-5h", "24x", "2026-13-01", "2026-02-29", "2026-11-31", "2026-11-20T",
        "2026-11-20T25:00", "2026-11-20T12:00:60Z", "2026-11-20T12:00:00+1", "2026-11-20Z", "2026-11-20T12:00:00Zulu",
        "2026-11-20T12:00:00.Z", "99999999999999d", "1969-01-01", "20261120"}) {
    const auto time = parse_since(text, noon(), berlin());
    ASSERT_FALSE(time) << text;
    EXPECT_EQ(time.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_THAT(time.error().message, HasSubstr("how long ago (24h, 7d), a day (2026-11-20)"));
  }
}

}  // namespace
}  // namespace nestbox
