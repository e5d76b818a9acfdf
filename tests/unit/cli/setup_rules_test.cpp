#include "setup_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nestbox::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(SetupAnswers, EnterKeepsWhatStandsInBrackets) {
  EXPECT_EQ(yes_or_no("", true), true);
  EXPECT_EQ(yes_or_no("  ", false), false);
  for (const auto* yes : {"y", "Y", "yes", " Yes ", "YES\r"}) EXPECT_EQ(yes_or_no(yes, false), true) << yes;
  for (const auto* no : {"n", "N", "no", " NO "}) EXPECT_EQ(yes_or_no(no, true), false) << no;
  for (const auto* other : {"ja", "maybe", "yy", "0"}) EXPECT_EQ(yes_or_no(other, true), std::nullopt) << other;
}

TEST(SetupAddresses, ListenIsSplitAtItsPort) {
  EXPECT_EQ(split_listen("[::1]:8080").host, "[::1]");
  EXPECT_EQ(split_listen("[::1]:8080").port, "8080");
  EXPECT_EQ(split_listen("0.0.0.0:80").host, "0.0.0.0");
  EXPECT_TRUE(is_loopback(split_listen("127.0.0.1:1")));
  EXPECT_TRUE(is_loopback(split_listen("[::1]:1")));
  EXPECT_FALSE(is_loopback(split_listen("[::]:1")));
  EXPECT_FALSE(is_loopback(split_listen("192.0.2.1:1")));
}

TEST(SetupAddresses, TheNameComesFirstAndOnlyWhatAnswersIsNamed) {
  const std::vector<std::string> machine{"192.0.2.7", "2001:db8::7"};
  EXPECT_THAT(page_addresses("http", {"0.0.0.0", "8080"}, "owl.fritz.box", machine),
              ElementsAre("http://owl.local:8080", "http://192.0.2.7:8080"));
  EXPECT_THAT(page_addresses("https", {"[::]", "443"}, "owl", machine),
              ElementsAre("https://owl.local:443", "https://192.0.2.7:443", "https://[2001:db8::7]:443"));
  EXPECT_THAT(page_addresses("http", {"192.0.2.7", "8080"}, "owl", machine), ElementsAre("http://192.0.2.7:8080"));
  EXPECT_THAT(page_addresses("http", {"127.0.0.1", "8080"}, "owl", machine), ElementsAre("http://localhost:8080"));
}

TEST(SetupCamera, OnlyAPictureThatMovesIsAWorkingCamera) {
  const Json good{{"source", "libcamera:imx708"},
                  {"state", "running"},
                  {"content", "live"},
                  {"frames", 9},
                  {"width", 1280},
                  {"height", 720},
                  {"fps", 30.0}};
  EXPECT_TRUE(camera_works(good));
  EXPECT_EQ(camera_text(good), "libcamera:imx708 works: 1280 x 720, 30.0 frames/s.\n");
  for (const auto& [key, value] :
       std::map<std::string, Json>{{"state", "absent"}, {"content", "slate"}, {"frames", 0}, {"frames", nullptr}}) {
    auto bad = good;
    bad[key] = value;
    bad["last_error"] = "no camera was found";
    EXPECT_FALSE(camera_works(bad)) << key;
    EXPECT_EQ(camera_text(bad), "There is no picture from libcamera:imx708: no camera was found\n");
  }
  auto simulated = good;
  simulated["content"] = "simulated";
  EXPECT_THAT(camera_text(simulated), HasSubstr("no camera"));
}

TEST(SetupCamera, TheAdviceFitsTheTrouble) {
  EXPECT_THAT(camera_advice({{"state", "busy"}}), HasSubstr("fuser"));
  EXPECT_THAT(camera_advice({{"state", "absent"}, {"source", "auto"}}), HasSubstr("ribbon cable"));
  EXPECT_THAT(camera_advice({{"state", "absent"}, {"source", "file:/a.mp4"}}), HasSubstr("camera.source"));
  EXPECT_THAT(camera_advice(Json()), HasSubstr("ribbon cable"));
}

}  // namespace
}  // namespace nestbox::cli
