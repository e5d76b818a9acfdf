#include "nestbox/rules/moment.h"

#include <gmock/gmock.h>

namespace nestbox {
namespace {

using namespace std::chrono_literals;

class MomentTest : public testing::Test {
 protected:
  std::string read(std::string_view text) const {
    const auto moment = parse_moment(text, now_, zone_);
    return moment ? to_rfc3339(zone_.to_local(*moment)) : moment.error().message;
  }
  const TimeZone zone_ = TimeZone::find("Europe/Vienna").value();
  const WallTime now_ = zone_.to_wall({2026, 11, 21, 12, 0, 0});
};

TEST_F(MomentTest, SpansGoBackFromNow) {
  EXPECT_EQ(read("0s"), "2026-11-21T12:00:00+01:00");
  EXPECT_EQ(read("90m"), "2026-11-21T10:30:00+01:00");
  EXPECT_EQ(read("24h"), "2026-11-20T12:00:00+01:00");
  EXPECT_EQ(read("30d"), "2026-10-22T13:00:00+02:00") << "a day is 24 hours, across the change of the clock too";
}

TEST_F(MomentTest, ADayBeginsAtLocalMidnight) {
  EXPECT_EQ(read("2026-11-20"), "2026-11-20T00:00:00+01:00");
  EXPECT_EQ(read("2024-02-29"), "2024-02-29T00:00:00+01:00");
}

TEST_F(MomentTest, Rfc3339SaysItsOwnOffset) {
  EXPECT_EQ(read("2026-11-20T12:53:18+01:00"), "2026-11-20T12:53:18+01:00");
  EXPECT_EQ(read("2026-11-20T11:53:18Z"), "2026-11-20T12:53:18+01:00");
  EXPECT_EQ(read("2026-11-20T05:23:18.250-06:30"), "2026-11-20T12:53:18+01:00");
}

TEST_F(MomentTest, WhatIsNoMomentSaysWhatWouldBeOne) {
  for (const auto* const text :
       {"", "24", "h", "-3h", "24x", "99999999999h", "yesterday", "2026-11", "2026-13-01", "2026-02-30", "2026-11-20T",
        "2026-11-20T12:53", "2026-11-20T12:53:18", "2026-11-20T25:00:00Z", "2026-11-20T12:53:18.Z",
        "2026-11-20T12:53:18+1:00", "2026-11-20T12:53:18Zulu", "1066-10-14", "2026-11-20 "}) {
    EXPECT_THAT(read(text), testing::HasSubstr("is no time: write 24h, 7d, 2026-11-20 or")) << text;
  }
}

}  // namespace
}  // namespace nestbox
