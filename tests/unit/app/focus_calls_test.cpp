// What `focus` does of the commands: looks, peaks that last, and a lens that is held.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "lone_daemon.h"
#include "support/temporary_folder.h"

namespace nestbox {
namespace {

using Json = nlohmann::json;

/// One that has a camera, and settings.
class FocusDaemon final : public LoneDaemon {
 public:
  explicit FocusDaemon(const std::filesystem::path& state) : settings_(load(state)) {}

  CaptureStatus camera() override { return camera_status; }
  Settings& settings() override { return settings_; }
  const std::string& state_error() const override { return why_not_kept; }
  void apply(const Change& change) override { applied.push_back(change); }
  void take_focus(std::function<void(Result<FocusFigure>)> done) override {
    ++looks;
    done(seen);
  }

  CaptureStatus camera_status;
  Result<FocusFigure> seen = FocusFigure();
  std::string why_not_kept;
  std::vector<Change> applied;
  int looks = 0;

 private:
  Settings settings_;
};

class FocusCalls : public ::testing::Test {
 protected:
  FocusCalls() {
    daemon_.camera_status.state = CameraState::kRunning;
    show(34.5F);
  }
  void show(float sharpness, std::optional<int> focus_measure = {}, Content content = Content::kLive) {
    daemon_.seen = FocusFigure{sharpness, focus_measure, 6.5F, 1280, 720, 480, 360, content};
  }
  Json call(const Json& arguments, int exit_status = 0) {
    Json body;
    calls_.call({"focus", arguments.dump()}, [&](const Answer& answer) {
      EXPECT_EQ(answer.exit_status, exit_status) << answer.json;
      body = Json::parse(answer.json);
    });
    return body;
  }
  std::string code(const Json& arguments, int exit_status) { return call(arguments, exit_status)["error"]["code"]; }

  TemporaryFolder folder_;
  FocusDaemon daemon_{folder_.path()};
  Calls calls_{daemon_};
};

TEST_F(FocusCalls, ALookTellsFigurePeakAndLens) {
  show(34.5F, 812);
  daemon_.camera_status.lens = LensRange{0, 15};
  const auto body = call({{"light", "day"}});
  EXPECT_EQ(body["sharpness"], 34.5);
  EXPECT_EQ(body["peak"], 34.5);
  EXPECT_EQ(body["focus_measure"], 812);
  EXPECT_EQ(body["focus_measure_peak"], 812);
  EXPECT_EQ(body["lens"], (Json{{"min", 0.0}, {"max", 15.0}, {"position", 6.5}}));
  EXPECT_EQ(body["peaks"], (Json{{"day", 34.5}, {"infrared", nullptr}}));
  EXPECT_EQ(daemon_.looks, 1);
}

TEST_F(FocusCalls, WhatTheCameraDoesNotSayIsNull) {
  const auto body = call(Json::object());
  EXPECT_EQ(body["light"], "day");
  EXPECT_TRUE(body["focus_measure"].is_null());
  EXPECT_TRUE(body["focus_measure_peak"].is_null());
  EXPECT_TRUE(body["lens"].is_null());
}

TEST_F(FocusCalls, PeaksLastFromLookToLookUntilTheyAreReset) {
  call({{"light", "day"}});
  show(10);
  EXPECT_EQ(call({{"light", "day"}})["peak"], 34.5);
  EXPECT_EQ(call({{"light", "infrared"}})["peak"], 10.0);
  const auto reset = call({{"action", "reset"}, {"light", "day"}});
  EXPECT_EQ(reset["peaks"], (Json{{"day", nullptr}, {"infrared", 10.0}}));
  EXPECT_EQ(daemon_.looks, 3) << "a reset looks at nothing";
}

TEST_F(FocusCalls, ASlateIsNoPictureAndNoPeak) {
  show(90, {}, Content::kSlate);
  EXPECT_EQ(code({{"light", "day"}}, 1), "no_picture");
  show(10);
  EXPECT_EQ(call({{"light", "day"}})["peak"], 10.0);
}

TEST_F(FocusCalls, ALensIsHeldByBothSettingsAtOnce) {
  daemon_.camera_status.lens = LensRange{0, 15};
  EXPECT_EQ(call({{"action", "lock"}, {"dioptres", "6.7"}})["dioptres"], 6.7);
  EXPECT_EQ(daemon_.applied.size(), 1U);
  EXPECT_EQ(daemon_.settings().options().camera.autofocus_mode, "manual");
  EXPECT_EQ(daemon_.settings().options().camera.lens_position, 6.7);
}

TEST_F(FocusCalls, NothingIsSetThatTheLensCannotFollow) {
  EXPECT_EQ(code({{"action", "lock"}, {"dioptres", "6.7"}}, 1), "no_lens");
  daemon_.camera_status.lens = LensRange{0, 15};
  EXPECT_EQ(code({{"action", "lock"}, {"dioptres", "20"}}, 2), "bad_value");
  EXPECT_EQ(code({{"action", "lock"}, {"dioptres", "1}, source: x"}}, 2), "bad_value");
  EXPECT_EQ(code({{"action", "lock"}}, 2), "bad_usage");
  daemon_.why_not_kept = "the disk is away";
  EXPECT_EQ(code({{"action", "lock"}, {"dioptres", "6.7"}}, 1), "unavailable");
  daemon_.camera_status.state = CameraState::kAbsent;
  EXPECT_EQ(code({{"action", "lock"}, {"dioptres", "6.7"}}, 1), "unavailable");
  EXPECT_TRUE(daemon_.applied.empty());
  EXPECT_TRUE(daemon_.settings().diff().empty());
}

TEST_F(FocusCalls, UnknownWordsAreRefused) {
  EXPECT_EQ(code({{"light", "moon"}}, 2), "bad_value");
  EXPECT_EQ(code({{"action", "dance"}}, 2), "bad_usage");
  EXPECT_EQ(daemon_.looks, 0);
}

}  // namespace
}  // namespace nestbox
