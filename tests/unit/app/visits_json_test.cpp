#include "visits_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nestbox {
namespace {

using namespace std::chrono_literals;

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

}  // namespace
}  // namespace nestbox
