#include "visits_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

VisitRecord visit() {
  VisitRecord visit;
  visit.id = 12;
  visit.begin = noon();
  visit.end = noon() + 34'500ms;
  visit.triggers = {Trigger::kLid, Trigger::kMotion};
  visit.zones = {"hole", "perch"};
  visit.peak_score = 3.25;
  visit.continues = 11;
  visit.clip = "visits/2026/11/20/owl_2026-11-20_12-00-00.mp4";
  visit.photo = "visits/2026/11/20/owl_2026-11-20_12-00-00.jpg";
  visit.starred = true;
  visit.notes = "two \"owlets\"";
  visit.species = "tawny owl";
  return visit;
}

TEST(VisitsJson, AVisitHasAllItsKeysInOrder) {
  EXPECT_EQ(to_json(visit(), berlin()).dump(),
            R"({"id":12,"start":"2026-11-20T12:00:00+01:00","end":"2026-11-20T12:00:34+01:00","clock_trusted":true,)"
            R"("duration_s":34.5,"triggers":["motion","lid"],"zones":["hole","perch"],"peak_score":3.25,)"
            R"("clip":"visits/2026/11/20/owl_2026-11-20_12-00-00.mp4",)"
            R"("photo":"visits/2026/11/20/owl_2026-11-20_12-00-00.jpg","starred":true,"notes":"two \"owlets\"",)"
            R"("species":"tawny owl","openings":null,"nuts":null,"minutes":null,"nuts_per_minute":null,)"
            R"("temperature_c":null,"continues":11})");
}

TEST(VisitsJson, WhatIsNotKnownIsNull) {
  VisitRecord lasting;
  lasting.id = 1;
  lasting.begin = noon();
  lasting.clock_trusted = false;
  const auto json = to_json(lasting, TimeZone::utc());
  EXPECT_EQ(json["start"], "2026-11-20T11:00:00+00:00");
  EXPECT_EQ(json["clock_trusted"], false);
  for (const auto* key : {"end", "duration_s", "clip", "photo", "species", "openings", "continues"}) {
    EXPECT_TRUE(json.at(key).is_null()) << key;
  }
  EXPECT_EQ(json["notes"], "");
  EXPECT_EQ(json["triggers"].dump(), "[]");
}

TEST(VisitsJson, APageSaysWhereTheNextBegins) {
  EXPECT_EQ(to_json(VisitPage{}, berlin()).dump(), R"({"visits":[],"next":null})");
  const auto json = to_json(VisitPage{{visit()}, 12}, berlin());
  EXPECT_EQ(json["visits"][0]["id"], 12);
  EXPECT_EQ(json["next"], 12);
}

TEST(VisitsJson, WhyHasTheSentenceEventsAndNearMisses) {
  MotionRecord event;
  event.begin = noon() + 500ms;
  event.end = noon() + 2900ms;
  event.area = 0.018;
  event.peak_score = 1.5;
  event.threshold = 0.25;
  event.zone = "hole";
  event.reasons = {{"switch", 0.5, 2.0}};
  auto near_miss = event;
  near_miss.near_miss = true;
  near_miss.begin = noon() - 10s;
  near_miss.end = noon() - 9s;
  near_miss.zone = "";
  near_miss.reasons.clear();
  const auto json = to_json(WhyRecord{visit(), {event}, {near_miss}});
  EXPECT_EQ(json["id"], 12);
  EXPECT_EQ(json["sentence"],
            "A moving area of 1.8 % in zone hole for 2.4 s; held back 0.5 s because lamp, filter or camera had been "
            "switched; the lid was opened; it goes on from visit 11.");
  EXPECT_EQ(json["trigger"], "motion");
  EXPECT_EQ(json["events"].dump(),
            R"([{"start_s":0.5,"end_s":2.9,"area":0.018,"peak_score":1.5,"threshold":0.25,"zone":"hole","reasons":)"
            R"([{"code":"switch","text":"held back 0.5 s because lamp, filter or camera had been switched",)"
            R"("for_s":0.5,"ago_s":2.0}]}])");
  EXPECT_EQ(json["near_misses"].dump(),
            R"([{"start_s":-10.0,"end_s":-9.0,"area":0.018,"peak_score":1.5,"threshold":0.25,"zone":null,)"
            R"("reasons":[]}])");
  EXPECT_TRUE(to_json(WhyRecord{})["trigger"].is_null());
  near_miss.begin = noon() - 1us;
  EXPECT_EQ(to_json(near_miss, noon())["start_s"].dump(), "0.0");
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
