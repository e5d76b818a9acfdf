#include "capture/scene_source.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "capture/scene_truth.h"
#include "nestbox/base/file.h"
#include "recording_sink.h"

namespace nestbox::capture {
namespace {

using namespace nestbox::test;
using std::chrono::milliseconds;

CameraOptions small_camera() {
  return small_setup("scene:7").camera;
}

/// Runs a scene without a thread, in its own time.
class Played {
 public:
  explicit Played(const CameraOptions& options, std::uint64_t seed = 7, const std::filesystem::path& truth = {})
      : source_(seed, options, truth),
        frame_time_(std::chrono::nanoseconds(std::chrono::seconds(1)) / options.framerate) {
    const auto format = source_.start();
    if (!format) ADD_FAILURE() << format.error().message;
  }
  FilledSlot picture() {
    const auto filled = source_.poll(kZero + frame_time_ * next_++);
    EXPECT_TRUE(filled && *filled);
    source_.give_back((*filled)->slot);  // its samples stay until the next picture
    return **filled;
  }
  FilledSlot picture_at(double time_s) {
    while (static_cast<double>(next_) * to_seconds(frame_time_) < time_s) picture();
    return picture();
  }
  SceneSource& source() { return source_; }

 private:
  static constexpr BootTime kZero{std::chrono::hours(1)};
  SceneSource source_;
  const std::chrono::nanoseconds frame_time_;
  std::int64_t next_ = 0;
};

std::uint64_t checksum_of(const FilledSlot& filled) {
  return test::checksum_of(filled.analysis, test::checksum_of(PlaneView(filled.main.y)));
}

TEST(SceneSource, IsTheSameForTheSameSeed) {
  Played one(small_camera()), same(small_camera()), other(small_camera(), 8);
  for (int i = 0; i < 200; ++i) {
    const auto sum = checksum_of(one.picture());
    ASSERT_EQ(sum, checksum_of(same.picture())) << i;
    ASSERT_NE(sum, checksum_of(other.picture())) << i;
  }
}

TEST(SceneSource, APictureDoesNotDependOnTheOnesThatWereLost) {
  SceneSource whole(3, small_camera(), {}), holed(3, small_camera(), {});
  ASSERT_TRUE(whole.start() && holed.start());
  const BootTime zero{std::chrono::hours(1)};
  const auto at = [&](SceneSource& source, int index) {
    const auto filled = source.poll(zero + index * std::chrono::nanoseconds(1'000'000'000) / 30 + milliseconds(1));
    EXPECT_TRUE(filled && *filled);
    source.give_back((*filled)->slot);
    return **filled;
  };
  for (int i = 0; i < 300; ++i) at(whole, i);
  for (int i = 0; i < 100; ++i) at(holed, i);
  const auto expected = at(whole, 300), after_gap = at(holed, 300);
  EXPECT_EQ(expected.sequence, 300u);
  EXPECT_EQ(after_gap.sequence, 300u);
  EXPECT_EQ(expected.captured_at, after_gap.captured_at);
  EXPECT_EQ(checksum_of(expected), checksum_of(after_gap));
}

/// How much the analysis picture changes from one to the next, where it changes most.
double motion_between(Played& played, double from_s, double to_s) {
  std::vector<int> before;
  double most = 0;
  auto filled = played.picture_at(from_s);
  while (to_seconds(filled.captured_at.time_since_epoch()) - 3600 < to_s) {
    std::vector<int> blocks;
    for (int y = 0; y + 8 <= filled.analysis.height; y += 8) {
      for (int x = 0; x + 8 <= filled.analysis.width; x += 8) {
        int sum = 0;
        for (int i = 0; i < 64; ++i) sum += sample(filled.analysis, x + i % 8, y + i / 8);
        blocks.push_back(sum);
      }
    }
    for (std::size_t i = 0; i < before.size(); ++i) most = std::max(most, std::abs(blocks[i] - before[i]) / 64.0);
    before = blocks;
    filled = played.picture();
  }
  return most;
}

TEST(SceneSource, MovesWhereTheTruthSaysSoAndNowhereElse) {
  Played played(small_camera());
  VisitPlan plan(7);
  const auto first = plan.current();
  EXPECT_LT(first.start_s, 10);
  EXPECT_LT(motion_between(played, 1, first.start_s - 0.1), 4);
  EXPECT_GT(motion_between(played, first.start_s, first.start_s + 1), 6);
  EXPECT_GT(motion_between(played, first.start_s + 1.8, first.end_s), 20);
  plan.advance();
  EXPECT_LT(motion_between(played, first.end_s + 1.5, plan.current().start_s - 0.1), 4);
}

TEST(SceneSource, NightIsGreyAndNoisyUnderTheLamp) {
  Played played(small_camera());
  const auto day = played.picture_at(1);
  EXPECT_GT(*day.lux, 100);
  const auto colours = [](const FilledSlot& filled) {
    int furthest = 0;
    for (int y = 0; y < filled.main.u.height; ++y) {
      for (int x = 0; x < filled.main.u.width; ++x)
        furthest = std::max(furthest, std::abs(sample(filled.main.u, x, y) - 128));
    }
    return furthest;
  };
  EXPECT_GT(colours(day), 10);
  const auto night = played.picture_at(DayPlan::kDay + DayPlan::kDusk + 3);
  EXPECT_EQ(colours(night), 0);
  EXPECT_GT(*night.gain, *day.gain);
  EXPECT_GT(mean_at(night.main.y, 0.5, 0.6, 20), 1.5 * mean_at(night.main.y, 0.03, 0.05, 5));  // a spot of light
}

TEST(SceneSource, TheExposureSettlesAfterTheLampCameOn) {
  Played played(small_camera());
  const double lamp_on = DayPlan::kDay + 0.75 * DayPlan::kDusk;
  const double before = mean_at(played.picture_at(lamp_on - 0.2).main.y, 0.5, 0.8, 30);
  const double flash = mean_at(played.picture_at(lamp_on + 0.05).main.y, 0.5, 0.8, 30);
  const double settled = mean_at(played.picture_at(lamp_on + 5).main.y, 0.5, 0.8, 30);
  EXPECT_GT(flash, before + 15);
  EXPECT_LT(settled, flash - 5);
}

constexpr double kMidnight = DayPlan::kDay + DayPlan::kDusk + 10, kNoon = DayPlan::kDay / 2;
constexpr SceneLights kDark{0, false}, kLampLit{1, false}, kLampHidden{1, true}, kFilterIn{0, true};

double spread_of(const PlaneView& plane) {
  double sum = 0, squares = 0;
  const double count = plane.width * plane.height;
  for (int y = 0; y < plane.height; ++y) {
    for (int x = 0; x < plane.width; ++x) sum += sample(plane, x, y), squares += std::pow(sample(plane, x, y), 2);
  }
  return std::sqrt(squares / count - std::pow(sum / count, 2));
}

double colour_of(const FilledSlot& filled) {
  double sum = 0;
  for (int y = 0; y < filled.main.u.height; ++y) {
    for (int x = 0; x < filled.main.u.width; ++x) sum += std::abs(sample(filled.main.u, x, y) - 128);
  }
  return sum / (filled.main.u.width * filled.main.u.height);
}

/// What a picture tells; its samples go with the next one.
struct Told {
  double lux = 0, exposure_s = 0, gain = 0, luma = 0, spread = 0, colour = 0;
  double light_needed() const { return exposure_s * gain; }
};
Told told_by(const FilledSlot& filled) {
  return {static_cast<double>(*filled.lux),     to_seconds(*filled.exposure), static_cast<double>(*filled.gain),
          mean_at(filled.main.y, 0.5, 0.6, 60), spread_of(filled.main.y),     colour_of(filled)};
}

CameraOptions slow_camera() {
  auto options = small_camera();
  options.framerate = 10;
  return options;
}

/// What the scene shows once it has settled, from `time_s` on.
Told settled(double time_s, const SceneLights& lights) {
  Played played(slow_camera());
  played.picture_at(time_s);
  played.source().set_lights(lights);
  return told_by(played.picture_at(time_s + 3));
}

TEST(SceneLights, ANightWithoutALampIsBlackAndNoisy) {
  for (const auto& lights : {kDark, kFilterIn}) {
    const auto night = settled(kMidnight, lights);
    EXPECT_LT(night.lux, 1);
    EXPECT_LT(night.luma, 16 + 0.05 * 219);
    EXPECT_GT(night.spread, 3);
    EXPECT_GT(night.gain, 3);
    EXPECT_EQ(night.exposure_s, 0.1) << "as long as ten pictures a second allow";
  }
}

TEST(SceneLights, TheLampMisleadsTheCameraAndTheFilterHidesIt) {
  const auto dark = settled(kMidnight, kDark), lit = settled(kMidnight, kLampLit),
             hidden = settled(kMidnight, kLampHidden);
  EXPECT_GE(lit.lux, 50 * dark.lux);
  EXPECT_EQ(hidden.lux, dark.lux);
  EXPECT_GT(lit.luma, 90);
  EXPECT_LT(hidden.luma, 30);
  EXPECT_LT(lit.light_needed(), 0.6 * dark.light_needed());
  const auto faint = settled(kMidnight, {0.1, false});
  EXPECT_LT(faint.lux, 0.2 * lit.lux);
  EXPECT_GT(faint.lux, 5 * dark.lux);
}

TEST(SceneLights, ColoursAreRightWithTheFilterInThePathOnly) {
  const auto right = settled(kNoon, kFilterIn), faded = settled(kNoon, kDark), grey = settled(kMidnight, kLampLit);
  EXPECT_LT(faded.colour, 0.7 * right.colour);
  EXPECT_GT(faded.colour, 0.2 * right.colour);
  EXPECT_EQ(grey.colour, 0);
  EXPECT_GT(faded.lux, 1.2 * right.lux) << "the sun's own infra-red";
  EXPECT_EQ(settled(kNoon, kLampHidden).lux, right.lux);
}

TEST(SceneLights, TheExposureSettlesWithinSeconds) {
  Played played(slow_camera());
  played.source().set_lights(kDark);
  const double before = told_by(played.picture_at(kMidnight)).lux;
  played.source().set_lights(kLampLit);
  const auto flash = told_by(played.picture()), soon = told_by(played.picture_at(kMidnight + 0.6));
  const auto on = told_by(played.picture_at(kMidnight + 1.6)), later = told_by(played.picture_at(kMidnight + 6));
  EXPECT_GT(flash.luma, 1.15 * later.luma);
  EXPECT_GT(soon.light_needed(), 1.1 * later.light_needed());
  EXPECT_LT(on.light_needed(), 1.25 * later.light_needed());
  EXPECT_GT(flash.lux, 10 * before);
  EXPECT_LE(flash.lux, later.lux) << "what is burnt out cannot be measured";
}

TEST(SceneLights, UntilItIsToldASceneSwitchesItsOwnLamp) {
  Played one(small_camera()), told(small_camera());
  const double lamp_on = DayPlan::kDay + 0.75 * DayPlan::kDusk;
  one.picture_at(lamp_on - 1);
  told.picture_at(lamp_on - 1);
  told.source().set_lights(kFilterIn);
  EXPECT_EQ(checksum_of(one.picture()), checksum_of(told.picture())) << "a lamp that is dark changes nothing";
  EXPECT_GT(*one.picture_at(lamp_on + 5).lux, 20);
  EXPECT_LT(*told.picture_at(lamp_on + 5).lux, 1);
}

TEST(SceneLights, TheTruthKnowsWhatWasSwitched) {
  const TemporaryFolder folder;
  const auto path = folder / "truth.json";
  Played played(slow_camera(), 7, path);
  played.picture_at(1);
  played.source().set_lights(kFilterIn);
  played.picture_at(5);
  played.source().set_lights(kDark);
  played.source().set_lights({0.5, false});
  played.source().set_lights(kLampLit);
  played.picture_at(90);
  played.source().set_lights(kFilterIn);
  played.picture_at(100);
  played.source().stop();
  const auto truth = nlohmann::json::parse(read_file(path, 100000).value());
  std::vector<std::string> switched;
  for (const auto& nuisance : truth["nuisance"]) {
    const auto what = nuisance[0].get<std::string>();
    if (what.starts_with("lamp") || what.starts_with("filter"))
      switched.push_back(fmt::format("{} {:.1f}", what, nuisance[1].get<double>()));
  }
  EXPECT_THAT(switched, testing::ElementsAre("filter_out 5.1", "lamp_on 5.1", "filter_in 90.1", "lamp_off 90.1"));
  EXPECT_FALSE(truth["events"].empty());
}

TEST(SceneLights, AStagePassesThemOnToItsSceneAndToTheNextOne) {
  std::atomic<float> lux{0};
  const auto sink = std::make_shared<RecordingSink>(0, [&](const Frame& frame) { lux = frame.lux.value_or(0); });
  auto setup = small_setup("scene:7");
  RunningStage stage(setup, {sink});
  ASSERT_TRUE(eventually([&] { return lux > 100; }));
  const float with_filter = lux;
  stage->set_lights(kDark);
  EXPECT_TRUE(eventually([&] { return lux > 1.3F * with_filter; }));
  setup.camera.source = "scene:8";
  stage->apply(setup);
  ASSERT_TRUE(eventually([&] { return stage->status().source == "scene:8"; }));
  const auto before = sink->count();
  ASSERT_TRUE(eventually([&] { return sink->count() > before + 3; }));
  EXPECT_GT(lux, 1.3F * with_filter);
}

TEST(SceneLights, OtherSourcesDoNotCare) {
  auto setup = small_setup("slate");
  setup.slate = true;
  const auto sink = std::make_shared<RecordingSink>();
  RunningStage stage(setup, {sink});
  stage->set_lights(kLampLit);
  EXPECT_TRUE(eventually([&] { return sink->count() > 1; }));
}

TEST(SceneSource, FollowsWhatACameraWouldFollow) {
  const auto usual = small_camera();
  const auto luma_with = [&](auto change) {
    auto options = usual;
    change(options);
    Played played(options);
    return mean_at(played.picture_at(2.5).main.y, 0.5, 0.6, 40);
  };
  const double plain = luma_with([](CameraOptions&) {});
  EXPECT_GT(luma_with([](CameraOptions& o) { o.ev = 1; }), plain + 8);
  EXPECT_LT(luma_with([](CameraOptions& o) { o.ev = -1; }), plain - 8);
  EXPECT_GT(luma_with([](CameraOptions& o) { o.brightness = 0.3; }), plain + 20);
  EXPECT_LT(luma_with([](CameraOptions& o) { o.shutter = milliseconds(1), o.gain = 1; }), plain - 10);
  auto flipped = usual;
  flipped.vflip = true;
  Played upright(usual), upside_down(flipped);
  // The hole, the brightest place, is above the middle.
  EXPECT_GT(mean_at(upright.picture().main.y, 0.5, 0.245), 180);
  EXPECT_GT(mean_at(upside_down.picture().main.y, 0.5, 0.755), 180);
  auto near_by = usual;
  near_by.roi = Rect{0.4, 0.15, 0.6, 0.35};
  Played zoomed(near_by);
  EXPECT_GT(mean_at(zoomed.picture().main.y, 0.5, 0.5, 30), 180);  // the hole fills the picture
}

TEST(SceneSource, SaysWhatItCannotFollow) {
  auto options = small_camera();
  options.hdr = true;
  options.shutter = milliseconds(5);  // this it follows
  const SceneSource source(1, options, {});
  EXPECT_THAT(source.notes(), testing::ElementsAre("camera.hdr: a scene has no high dynamic range; it has no effect"));
}

TEST(SceneTruth, HasTheFormatOfTheMotionClips) {
  const auto truth = nlohmann::json::parse(scene_truth_json(7, 25, 320, 180, 25 * 160));
  EXPECT_EQ(truth["clip"], "scene:7");
  EXPECT_EQ(truth["fps"], 25);
  EXPECT_EQ(truth["size"], nlohmann::json({320, 180}));
  EXPECT_EQ(truth["frames"], 4000);
  VisitPlan plan(7);
  ASSERT_GT(truth["events"].size(), 3u);
  double last_end = 0;
  for (const auto& event : truth["events"]) {
    EXPECT_NEAR(event[0], plan.current().start_s, 0.041);
    EXPECT_GT(event[0], last_end);
    EXPECT_GT(event[1], event[0]);
    last_end = event[1];
    plan.advance();
  }
  EXPECT_FALSE(truth["nuisance"].empty());
  EXPECT_TRUE(truth["label_source"].is_string());
}

TEST(SceneTruth, IsWrittenAfterEachVisitAndAtTheEnd) {
  const TemporaryFolder folder;
  const auto path = folder / "truth.json";
  auto options = small_camera();
  options.framerate = 10;
  Played played(options, 7, path);
  const auto truth = [&] { return nlohmann::json::parse(read_file(path, 100000).value()); };
  VisitPlan plan(7);
  played.picture_at(plan.current().end_s - 0.5);
  EXPECT_FALSE(std::filesystem::exists(path));
  played.picture_at(plan.current().end_s + 0.2);
  EXPECT_EQ(truth()["events"].size(), 1u);
  played.picture_at(plan.current().end_s + 1);
  played.source().stop();
  EXPECT_EQ(truth()["frames"], static_cast<int>((plan.current().end_s + 1) * 10) + 2);
}

TEST(SceneStage, IsMarkedAsSimulatedWhateverIsCovered) {
  auto setup = small_setup("scene:7");
  setup.camera.height = 240;
  setup.overlay.enabled = true;
  setup.overlay.text = "";
  setup.privacy = {{{0, 0}, {1, 0}, {1, 1}, {0, 1}}};
  std::atomic<int> brightest{0}, brightest_elsewhere{0};
  const auto sink = std::make_shared<RecordingSink>(0, [&](const Frame& frame) {
    for (int y = 0; y < frame.main.height; ++y) {
      for (int x = 0; x < frame.main.width; ++x) {
        auto& most = y < frame.main.height / 4 && x > frame.main.width / 2 ? brightest : brightest_elsewhere;
        most = std::max(most.load(), sample(frame.main.y, x, y));
      }
    }
    for (int x = 0; x < frame.analysis.width; ++x)
      brightest_elsewhere = std::max(brightest_elsewhere.load(), sample(frame.analysis, x, 5));
  });
  RunningStage stage(setup, {sink});
  ASSERT_TRUE(eventually([&] { return sink->count() > 5; }));
  EXPECT_EQ(sink->count(Content::kSimulated), sink->count());
  EXPECT_GT(brightest.load(), 200);           // SIMULATED, in the corner
  EXPECT_EQ(brightest_elsewhere.load(), 16);  // all else is private
}

// One after the other: libcamera bears one manager in a process.
TEST(SceneStage, DemoFallsBackToTheSceneAndAutoNever) {
  const auto demo = std::make_shared<RecordingSink>(), automatic = std::make_shared<RecordingSink>();
  {
    RunningStage stage(small_setup("demo"), {demo});
    ASSERT_TRUE(eventually([&] { return demo->count() > 3; }));
    EXPECT_EQ(demo->count(Content::kSimulated), demo->count());
    EXPECT_EQ(stage->status().source, "scene:1");
  }
  RunningStage stage(small_setup("auto"), {automatic});
  ASSERT_TRUE(eventually([&] { return automatic->count() > 2; }));
  EXPECT_EQ(automatic->count(Content::kSlate), automatic->count());
  EXPECT_EQ(stage->status().state, CameraState::kAbsent);
  EXPECT_THAT(stage->status().last_error, testing::HasSubstr("camera"));
}

}  // namespace
}  // namespace nestbox::capture
