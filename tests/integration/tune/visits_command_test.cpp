/// visits, why, star, note and species of the built `nestbox`, against answers that the test writes.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "command_line_fixture.h"
#include "support/source_dir.h"

namespace nestbox::tune {
namespace {

using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

class VisitsCommandTest : public CommandLineTest {};

constexpr auto kVisits = R"({"visits":[
  {"id":214,"start":"2026-11-20T12:53:18+01:00","end":null,"clock_trusted":true,"duration_s":null,
   "triggers":["motion"],"zones":[],"peak_score":0.84,"clip":null,"photo":null,"starred":false,"notes":"",
   "species":null,"openings":null,"nuts":null,"minutes":null,"nuts_per_minute":null,"temperature_c":null,
   "continues":null},
  {"id":7,"start":"2026-11-20T06:01:02+01:00","end":"2026-11-20T06:03:07+01:00","clock_trusted":false,"duration_s":125,
   "triggers":["motion","lid"],"zones":["hole","perch"],"peak_score":12.25,"clip":"visits/2026/11/20/owl.mp4",
   "photo":"visits/2026/11/20/owl.jpg","starred":true,"notes":"two, or \"three\"\nof them","species":"great tit",
   "openings":3,"nuts":1.5,"minutes":2,"nuts_per_minute":0.75,"temperature_c":-1.5,"continues":6}],"next":null})";

TEST_F(VisitsCommandTest, VisitsAreATable) {
  answer(kVisits);
  const auto run = nestbox({"visits"});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  EXPECT_EQ(run.out,
            "VISIT  DAY         TIME       LENGTH     TRIGGERS AND ZONES        PEAK  STAR  SPECIES    CLIP\n"
            "214    2026-11-20  12:53:18   lasts      motion                    0.8         -          -\n"
            "7      2026-11-20  06:01:02?  2 min 5 s  motion, lid: hole, perch  12.2  *     great tit  "
            "visits/2026/11/20/owl.mp4\n"
            "? the network had not set the clock: the true time is another\n");
  EXPECT_EQ(asked(), R"(visits {"before":null,"limit":500,"since":null})");
}

TEST_F(VisitsCommandTest, NoVisitsAreAnAnswer) {
  answer(R"({"visits":[],"next":null})");
  const auto run = nestbox({"visits", "--since", "24h"});
  EXPECT_EQ(run.exit_status, 0);
  EXPECT_EQ(run.out, "No visits.\n");
  EXPECT_EQ(asked(), R"(visits {"before":null,"limit":500,"since":"24h"})");
  answer(R"({"error":{"code":"bad_value","message":"\"soon\" is no time"}})", 2);
  const auto refused = nestbox({"visits", "--since", "soon"});
  EXPECT_EQ(refused.exit_status, 2);
  EXPECT_EQ(refused.err, "nestbox: \"soon\" is no time\n");
}

TEST_F(VisitsCommandTest, CsvIsWhatRfc4180Says) {
  answer(kVisits);
  const auto run = nestbox({"visits", "--csv"});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  EXPECT_EQ(run.out,
            "id,start,end,clock_trusted,duration_s,triggers,zones,peak_score,clip,photo,starred,notes,species,openings,"
            "nuts,minutes,nuts_per_minute,temperature_c,continues\r\n"
            "214,2026-11-20T12:53:18+01:00,,true,,motion,,0.84,,,false,,,,,,,,\r\n"
            "7,2026-11-20T06:01:02+01:00,2026-11-20T06:03:07+01:00,false,125,motion lid,hole perch,12.25,"
            "visits/2026/11/20/owl.mp4,visits/2026/11/20/owl.jpg,true,\"two, or \"\"three\"\"\nof them\",great tit,3,"
            "1.5,2,0.75,-1.5,6\r\n");
  answer(R"({"visits":[],"next":null})");
  EXPECT_THAT(nestbox({"visits", "--csv"}).out, testing::EndsWith("continues\r\n"));
  EXPECT_EQ(nestbox({"--json", "visits", "--csv"}).exit_status, 2);
}

/// A daemon with so many visits, numbered from 1.
void serve_pages(House& house, int visits, int page) {
  house.handler().script([=](const Call& call, const FakeHandler::Done& done) {
    const auto arguments = Json::parse(call.arguments_json);
    const int newest = arguments["before"].is_null() ? visits : arguments["before"].get<int>() - 1;
    auto body = Json{{"visits", Json::array()}, {"next", nullptr}};
    for (int id = newest; id > std::max(0, newest - page); --id) body["visits"].push_back({{"id", id}});
    if (newest > page) body["next"] = newest - page + 1;
    done({0, body.dump(), {}});
  });
}

TEST_F(VisitsCommandTest, AllPagesAreFetched) {
  serve_pages(house_, 25, 10);
  const auto run = nestbox({"--json", "visits", "--since", "7d"});
  const auto body = Json::parse(run.out);
  ASSERT_EQ(body["visits"].size(), 25U);
  EXPECT_EQ(body["visits"][0]["id"], 25);
  EXPECT_EQ(body["visits"][24]["id"], 1);
  EXPECT_TRUE(body["next"].is_null());
  EXPECT_EQ(house_.handler().asked().size(), 3U);
  EXPECT_EQ(asked(), R"(visits {"before":6,"limit":500,"since":"7d"})");
}

TEST_F(VisitsCommandTest, PagesThatGoInACircleEnd) {
  answer(R"({"visits":[{"id":5}],"next":5})");
  EXPECT_EQ(nestbox({"visits"}).exit_status, 0);
  EXPECT_EQ(house_.handler().asked().size(), 2U);
}

TEST_F(VisitsCommandTest, APageThatFailsIsAFailure) {
  house_.handler().script([](const Call& call, const FakeHandler::Done& done) {
    if (Json::parse(call.arguments_json)["before"].is_null()) return done({0, R"({"visits":[{"id":5}],"next":5})", {}});
    done({1, R"({"error":{"code":"unavailable","message":"the disk does not answer"}})", {}});
  });
  const auto run = nestbox({"visits", "--csv"});
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_EQ(run.out, "") << "half a list is none";
  EXPECT_EQ(run.err, "nestbox: the disk does not answer\n");
}

TEST_F(VisitsCommandTest, AnythingMissingOrOddIsBorne) {
  for (const auto* body : {"{}", "null", R"({"visits":7})", R"({"visits":[null,7,{"id":"x","zones":{},"start":3}]})"}) {
    answer(body);
    const auto run = nestbox({"visits"});
    EXPECT_EQ(run.exit_status, 0) << body << run.err;
    EXPECT_EQ(nestbox({"visits", "--csv"}).exit_status, 0) << body;
    EXPECT_EQ(nestbox({"why", "1"}).exit_status, 0) << body;
    EXPECT_EQ(nestbox({"star", "1"}).exit_status, 0) << body;
  }
  answer(R"({"visits":[{"id":1,"species":"\u001b[2J","zones":["\u009b1m"]}]})");
  EXPECT_THAT(nestbox({"visits"}).out, testing::AllOf(HasSubstr("?[2J"), Not(HasSubstr("\x1b"))));
}

TEST_F(VisitsCommandTest, WhySaysTheSentenceAndWhatWasHeldBack) {
  answer(R"({"id":7,"sentence":"A moving area of 1.8 % in zone hole for 2.4 s.","trigger":"motion","events":[
    {"start_s":-0.04,"end_s":2.4,"area":0.018,"peak_score":1.82,"threshold":0.2,"zone":"hole",
     "reasons":[{"code":"switch","text":"held back 0.6 s because lamp, filter or camera had been switched",
                 "for_s":0.6,"ago_s":2.0}]}],
    "near_misses":[{"start_s":-10.5,"end_s":-10,"area":0.001,"peak_score":0.1,"threshold":0.2,"zone":null,
     "reasons":[{"code":"too small","text":"held back because it was small","for_s":0,"ago_s":0}]}]})");
  const auto run = nestbox({"why", "7"});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  EXPECT_EQ(run.out,
            "A moving area of 1.8 % in zone hole for 2.4 s.\n"
            "\n"
            "events, from the visit's begin on\n"
            "  +0.0 s to +2.4 s: 1.8 % in zone hole, score 1.8 where 0.2 counts\n"
            "      held back 0.6 s because lamp, filter or camera had been switched, until 2.0 s before\n"
            "\n"
            "near misses\n"
            "  -10.5 s to -10.0 s: 0.1 %, score 0.1 where 0.2 counts\n"
            "      held back because it was small\n");
  EXPECT_EQ(asked(), R"(why {"id":7})");
}

TEST_F(VisitsCommandTest, RemarksReachTheDaemonAndAreSaidBack) {
  answer(R"({"id":7,"starred":true})");
  EXPECT_EQ(nestbox({"star", "7"}).out, "Visit 7 has a star: its recordings are kept.\n");
  EXPECT_EQ(asked(), R"(star {"id":7,"starred":true})");
  answer(R"({"id":7,"starred":false})");
  EXPECT_EQ(nestbox({"star", "7", "--off"}).out, "Visit 7 has no star: its recordings go in their turn.\n");
  EXPECT_EQ(asked(), R"(star {"id":7,"starred":false})");
  answer(R"({"id":7,"notes":"two of them","species":"great tit"})");
  EXPECT_EQ(nestbox({"note", "7", "two of them"}).out, "Visit 7: two of them\n");
  EXPECT_EQ(asked(), R"(note {"id":7,"text":"two of them"})");
  EXPECT_EQ(nestbox({"species", "7", "great tit"}).out, "Visit 7: great tit\n");
  EXPECT_EQ(asked(), R"(species {"id":7,"name":"great tit"})");
  answer(R"({"id":7,"notes":"","species":null})");
  EXPECT_EQ(nestbox({"note", "7", ""}).out, "Visit 7 has no note.\n");
  EXPECT_EQ(asked(), R"(note {"id":7,"text":""})");
  EXPECT_EQ(nestbox({"species", "7", ""}).out, "Visit 7 has no species.\n");
  EXPECT_EQ(nestbox({"--json", "star", "7"}).out, "{\"id\":7,\"notes\":\"\",\"species\":null}\n");
}

TEST_F(VisitsCommandTest, AnUnknownVisitIsExitOne) {
  answer(R"({"error":{"code":"not_found","message":"there is no visit 99"}})", 1);
  const std::vector<std::vector<std::string>> commands = {
      {"why", "99"}, {"star", "99"}, {"note", "99", "x"}, {"species", "99", "x"}};
  for (const auto& words : commands) {
    const auto run = nestbox(words);
    EXPECT_EQ(run.exit_status, 1) << words[0];
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(run.err, "nestbox: there is no visit 99\n");
  }
}

TEST_F(VisitsCommandTest, WhatIsNoVisitIsBadUsage) {
  for (const auto* visit : {"abc", "0", "1.5", "12x", "99999999999999999999"}) {
    const auto run = nestbox({"why", visit});
    EXPECT_EQ(run.exit_status, 2) << visit;
    EXPECT_THAT(run.err, HasSubstr(std::string("\"") + visit + "\" is no number of a visit"));
  }
  EXPECT_EQ(nestbox({"why"}).err, "nestbox: why: VISIT is required\nSee nestbox why --help.\n");
  EXPECT_EQ(nestbox({"note", "7"}).err, "nestbox: note: TEXT is required\nSee nestbox note --help.\n");
  EXPECT_EQ(nestbox({"note", "7", "two", "owls"}).exit_status, 2);
  EXPECT_EQ(asked(), "nothing");
}

TEST_F(VisitsCommandTest, BashCompletesNumbersOfVisits) {
  answer(kVisits);
  const auto complete = [this](const std::string& words) {
    const auto line = "source " NESTBOX_SOURCE_DIR "/scripts/completion/nestbox.bash; COMP_WORDS=('" +
                      nestbox_program().string() + "' --socket '" + house_.path() + "' " + words +
                      "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _nestbox; echo \"${COMPREPLY[*]}\"";
    return CommandLine{.arguments = {"-c", line}, .program = "/bin/bash"}.run().out;
  };
  EXPECT_EQ(complete("why ''"), "214 7\n");
  EXPECT_EQ(complete("star 2"), "214\n");
  EXPECT_EQ(complete("star --o"), "--off\n");
  EXPECT_EQ(complete("visits --"), "--since --csv --json --help\n");
  EXPECT_EQ(complete("visits --since 24h --c"), "--csv\n");
  EXPECT_THAT(complete("''"), HasSubstr("visits why star note species"));
}

}  // namespace
}  // namespace nestbox::tune
