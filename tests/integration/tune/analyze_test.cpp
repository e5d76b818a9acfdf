/// `nestbox analyze`, as people call it, on videos made here and on real ones.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "command_line.h"
#include "support/source_dir.h"
#include "support/temporary_folder.h"

namespace nestbox::tune {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using Json = nlohmann::json;

bool ffmpeg(const std::string& arguments) {
  return std::system(("ffmpeg -v error -y -nostdin " + arguments + " 2>/dev/null").c_str()) == 0;
}

/// 10 s of a still picture, with a square that crosses it between 4 and 7 s.
const std::string kCrossing =
    "-f lavfi -i \"testsrc2=s=320x240:r=10:d=0.1,format=gray,loop=99:1:0,setpts=N/10/TB,format=yuv420p[still];"
    "color=white:s=48x48:r=10:d=10[square];[still][square]overlay=x='if(between(t,4,7),(t-4)*120-48,-100)':y=100\" ";

class AnalyzeTest : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("ffmpeg -version >/dev/null 2>&1") != 0) GTEST_SKIP() << "the program ffmpeg is not here";
  }
  Finished analyze(std::vector<std::string> words) {
    words.insert(words.begin(), "analyze");
    return CommandLine{.arguments = std::move(words), .folder = folder_.path()}.run();
  }
  Json events_of(std::vector<std::string> words) {
    words.emplace_back("--json");
    const auto run = analyze(std::move(words));
    EXPECT_EQ(run.exit_status, 0) << run.err;
    return Json::parse(run.out, nullptr, false);
  }
  std::string crossing(const std::string& name, const std::string& more = {}) {
    EXPECT_TRUE(ffmpeg(kCrossing + more + " -t 10 " + (folder_.path() / name).string()));
    return name;
  }
  fs::path file(const std::string& name) const { return folder_.path() / name; }

  TemporaryFolder folder_;
};

void expect_the_crossing(const Json& found) {
  ASSERT_EQ(found.at("events").size(), 1U) << found.dump();
  const auto& event = found["events"][0];
  EXPECT_NEAR(event.at("start_s").get<double>(), 4.1, 0.5);
  EXPECT_NEAR(event.at("end_s").get<double>(), 6.8, 0.5);
  EXPECT_GT(event.at("area").get<double>(), 0.01);
  EXPECT_TRUE(event.at("zone").is_null());
}

TEST_F(AnalyzeTest, TellsWhenSomethingMoved) {
  const auto found = events_of({crossing("walk.mp4")});
  expect_the_crossing(found);
  EXPECT_EQ(found.at("file"), "walk.mp4");
  EXPECT_EQ(found.at("width"), 320);
  EXPECT_EQ(found.at("height"), 240);
  EXPECT_EQ(found.at("frames"), 100);
  EXPECT_NEAR(found.at("duration_s").get<double>(), 10, 0.11);
  const auto& event = found["events"][0];
  EXPECT_NEAR(event.at("frame_start").get<double>() / 10, event.at("start_s").get<double>(), 0.051);
  EXPECT_NEAR(event.at("frame_end").get<double>() / 10, event.at("end_s").get<double>(), 0.051);
}

TEST_F(AnalyzeTest, GoesByTheStampsAndNotByTheRate) {
  // every third picture is missing; what is left keeps its stamp
  const auto found = events_of({crossing("uneven.mkv", "-vf \"select='mod(n,3)'\" -fps_mode vfr")});
  EXPECT_LT(found.at("frames"), 70);
  expect_the_crossing(found);
}

TEST_F(AnalyzeTest, SettingsCountAndZonesAreNamed) {
  const auto walk = crossing("walk.mp4");
  EXPECT_THAT(events_of({walk, "--set", "motion.min_area=50%"}).at("events"), IsEmpty());
  const std::string zones =
      "motion.zones=[{name: upper, polygon: [[0, 0], [1, 0], [1, 0.3], [0, 0.3]]}, {name: path, polygon: [[0, 0.3], "
      "[1, "
      "0.3], [1, 1], [0, 1]]}]";
  EXPECT_EQ(events_of({"--set", zones, walk}).at("events").at(0).at("zone"), "path");
  std::ofstream(file("box.yaml")) << "motion:\n  min_area: 50%\npaths: {state: " << folder_.path().string() << "}\n";
  EXPECT_THAT(events_of({walk, "--config", "box.yaml"}).at("events"), IsEmpty());
  EXPECT_EQ(events_of({walk, "--config", "box.yaml", "--set", "motion.min_area=0.2%"}).at("events").size(), 1U);
}

TEST_F(AnalyzeTest, ForPeopleForSheetsAndAsAPicture) {
  const auto walk = crossing("walk.mp4");
  const auto text = analyze({walk});
  EXPECT_THAT(text.out, StartsWith("walk.mp4: 320 x 240, 100 pictures, 10.0 s\n"));
  EXPECT_THAT(text.out, HasSubstr("\n1 event\n"));
  EXPECT_THAT(text.err, IsEmpty()) << "no progress outside of a terminal";
  const auto sheet = analyze({walk, "--csv", "--picture", "walk.png"});
  EXPECT_THAT(sheet.out, StartsWith("start_s,end_s,peak_score,area,zone,frame_start,frame_end\n4."));
  ASSERT_TRUE(ffmpeg("-i " + file("walk.png").string() + " -f null -"));
  std::ifstream png(file("walk.png"), std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(png), {}};
  EXPECT_THAT(bytes, StartsWith("\x89PNG"));
}

TEST_F(AnalyzeTest, BadUsageAndBadSettingsAreTwo) {
  const auto walk = crossing("walk.mp4");
  EXPECT_EQ(analyze({}).exit_status, 2);
  EXPECT_EQ(analyze({walk, "--json", "--csv"}).exit_status, 2);
  EXPECT_EQ(analyze({walk, "--picture", "-"}).exit_status, 2);
  const auto wrong = analyze({walk, "--set", "motion.sensitivty=60"});
  EXPECT_EQ(wrong.exit_status, 2);
  EXPECT_THAT(wrong.err, HasSubstr("motion.sensitivity"));
  EXPECT_EQ(analyze({walk, "--set", "motion.sensitivity=101"}).exit_status, 2);
}

TEST_F(AnalyzeTest, WhatIsNoVideoIsOneAndSaysWhy) {
  std::ofstream(file("empty.mp4"));
  std::ofstream(file("words.mp4")) << "these are words and no pictures\n";
  ASSERT_TRUE(ffmpeg("-f lavfi -i sine=d=1 " + file("sound.wav").string()));
  ASSERT_TRUE(ffmpeg("-f lavfi -i testsrc=s=64x64:d=0.1 -frames:v 1 " + file("picture.png").string()));
  for (const auto& [name, says] : {std::pair{"absent.mp4", "no such file"},
                                   {"empty.mp4", "empty"},
                                   {"words.mp4", "words.mp4"},
                                   {"sound.wav", "no video"},
                                   {"picture.png", "a single picture"},
                                   {".", "not a regular file"}}) {
    const auto run = analyze({name});
    EXPECT_EQ(run.exit_status, 1) << name;
    EXPECT_THAT(run.err, HasSubstr(says)) << name;
    EXPECT_THAT(run.out, IsEmpty()) << name;
  }
  EXPECT_TRUE(Json::parse(analyze({"absent.mp4", "--json"}).out).contains("error"));
}

TEST_F(AnalyzeTest, OfATruncatedFileWhatIsLeftCounts) {
  crossing("whole.ts", "-g 10 -f mpegts");
  fs::resize_file(file("whole.ts"), fs::file_size(file("whole.ts")) * 8 / 10);
  const auto found = events_of({"whole.ts"});
  EXPECT_LT(found.at("frames"), 100);
  EXPECT_GT(found.at("frames"), 20);
}

struct RealClip {
  const char* name;
  std::size_t least, most;  ///< events
};
class RealClips : public AnalyzeTest, public testing::WithParamInterface<RealClip> {};

TEST_P(RealClips, HaveTheirEventsFound) {
  const auto path = fs::path(NESTBOX_SOURCE_DIR) / "../shared/data/motion" / GetParam().name;
  if (!fs::exists(path)) GTEST_SKIP() << path << " is not here";
  const auto found = events_of({path.string()}).at("events");
  EXPECT_GE(found.size(), GetParam().least) << found.dump();
  EXPECT_LE(found.size(), GetParam().most) << found.dump();
}

INSTANTIATE_TEST_SUITE_P(Real, RealClips,
                         testing::Values(RealClip{"bottles.mp4", 5, 9}, RealClip{"cars_exposure.mp4", 2, 5},
                                         RealClip{"tree.avi", 1, 2}, RealClip{"synthetic_ir_night.mp4", 4, 8}),
                         [](const auto& clip) { return std::string(clip.param.name).substr(0, 4); });

}  // namespace
}  // namespace nestbox::tune
