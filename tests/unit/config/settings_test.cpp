// Layers over each other, changes while running, and settings.yaml in all its states.
#include "nestbox/config/settings.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "unit/config/temporary_folder.h"

namespace nestbox {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

/// A configuration file whose state folder is the test's own.
class SettingsTest : public testing::Test {
 protected:
  Sources sources(const std::string& yaml) {
    Sources from;
    from.file = folder_.write("etc/nestbox.yaml", yaml + "\npaths: {state: " + state() + "}\n");
    return from;
  }
  std::string state() {
    std::filesystem::create_directories(folder_ / "state");
    return (folder_ / "state").string();
  }
  static Settings load(const Sources& from) {
    auto settings = Settings::load(from);
    EXPECT_TRUE(settings) << (settings ? "" : to_lines(settings.error()));
    if (!settings) settings = Settings::load({});
    return std::move(*settings);
  }
  static std::string lines(const Sources& from) {
    const auto settings = Settings::load(from);
    return settings ? "" : to_lines(settings.error());
  }
  template <class T>
  static std::string line(const ConfigResult<T>& result) {
    return result ? "" : to_lines(result.error());
  }
  static Setting get(const Settings& settings, const std::string& key) {
    const auto found = settings.get(key);
    EXPECT_TRUE(found && found->size() == 1) << key;
    return found && !found->empty() ? found->front() : Setting{};
  }
  std::string file() const { return (folder_ / "etc/nestbox.yaml").string(); }

  TemporaryFolder folder_;
};

// Layers.

TEST_F(SettingsTest, NoFileAtAllGivesTheDefaults) {
  EXPECT_EQ(load({}).options(), Options());
}

TEST_F(SettingsTest, AnEmptyFileGivesTheDefaults) {
  Sources from;
  from.file = folder_.write("empty.yaml", "");
  EXPECT_EQ(load(from).options(), Options());
  from.file = folder_.write("comment.yaml", "# nothing\ncamera:\n  # width: 640\n");
  EXPECT_EQ(load(from).options(), Options());
}

TEST_F(SettingsTest, AFileThatIsNotThereIsAnError) {
  Sources from;
  from.file = folder_ / "none.yaml";
  EXPECT_EQ(lines(from), from.file->string() + ": no such file\n");
}

TEST_F(SettingsTest, LaterLayersWin) {
  auto from = sources("camera: {width: 1000, height: 1000, framerate: 10, ev: 1, gain: 2, contrast: 2}");
  const auto expect = [&](int width, int height, int framerate, double ev, double gain, double contrast) {
    const auto camera = load(from).options().camera;
    EXPECT_EQ(camera.width, width);
    EXPECT_EQ(camera.height, height);
    EXPECT_EQ(camera.framerate, framerate);
    EXPECT_EQ(camera.ev, ev);
    EXPECT_EQ(camera.gain, gain);
    EXPECT_EQ(camera.contrast, contrast);
  };
  expect(1000, 1000, 10, 1, 2, 2);
  folder_.write("etc/nestbox.d/20.yaml", "camera: {height: 800, framerate: 8, ev: 1.8}\n");
  folder_.write("etc/nestbox.d/10.yaml", "camera: {height: 700, framerate: 7, ev: 1.7, gain: 3}\n");
  folder_.write("etc/nestbox.d/30.yml", "not: read\n");
  folder_.write("etc/nestbox.d/.40.yaml", "not: read\n");
  expect(1000, 800, 8, 1.8, 3, 2);
  folder_.write("state/settings.yaml", "camera: {framerate: 6, ev: 1.6, contrast: 1.6}\n");
  expect(1000, 800, 6, 1.6, 3, 1.6);
  from.environment = {{"NESTBOX_CAMERA_EV", "1.5"}, {"NESTBOX_CAMERA_CONTRAST", "1.5"}, {"HOME", "/"}};
  expect(1000, 800, 6, 1.5, 3, 1.5);
  from.set_options = {"camera.contrast=1.3", "camera.contrast=1.4"};
  expect(1000, 800, 6, 1.5, 3, 1.4);
}

TEST_F(SettingsTest, MapsMergeAndListsReplace) {
  auto from = sources(
      "location: {latitude: 1, longitude: 2}\ncamera: {night: {ev: 1}}\nweb: {allowed_hosts: [a.example, b.example]}");
  folder_.write("etc/nestbox.d/1.yaml",
                "location: {latitude: 3}\ncamera: {night: {gain: 4}}\nweb: {allowed_hosts: [c.example]}\n");
  const auto options = load(from).options();
  EXPECT_EQ(options.location, (LocationOptions{3, 2}));
  EXPECT_EQ(options.camera_at_night.ev, 1);
  EXPECT_EQ(options.camera_at_night.gain, 4);
  EXPECT_EQ(options.camera_at_night.framerate, 15);
  EXPECT_EQ(options.camera_at_night.awb, "greyworld");
  EXPECT_THAT(options.web.allowed_hosts, ElementsAre("c.example"));
}

TEST_F(SettingsTest, TheNightIsLaidOverTheCamera) {
  const auto options =
      load(sources("camera: {width: 640, brightness: 0.5, awb: cloudy, night: {brightness: 0.75}}")).options();
  EXPECT_EQ(options.camera_at_night.width, 640);
  EXPECT_EQ(options.camera_at_night.brightness, 0.75);
  EXPECT_EQ(options.camera_at_night.awb, "greyworld");
  EXPECT_EQ(options.camera.brightness, 0.5);
  EXPECT_EQ(options.camera.awb, "cloudy");
}

TEST_F(SettingsTest, EverybodyIsToldWhoSaidWhat) {
  auto from = sources("camera:\n  width: 640");
  folder_.write("etc/nestbox.d/1.yaml", "camera:\n  height: 360\n");
  from.environment = {{"NESTBOX_CAMERA_NIGHT_GAIN", "8"}};
  from.set_options = {"encoder.bitrate=2M"};
  from.source = "file:/a b.mp4?loop=1";
  auto settings = load(from);
  ASSERT_TRUE(settings.set("overlay.size", "30"));
  EXPECT_EQ(get(settings, "camera.width").where, file() + ":2:10");
  EXPECT_EQ(get(settings, "camera.width").layer, Layer::kFile);
  EXPECT_EQ(get(settings, "camera.height").where, (folder_ / "etc/nestbox.d/1.yaml").string() + ":2:11");
  EXPECT_EQ(get(settings, "camera.framerate").where, "default");
  EXPECT_EQ(get(settings, "camera.night.gain").where, "NESTBOX_CAMERA_NIGHT_GAIN");
  EXPECT_EQ(get(settings, "encoder.bitrate").where, "--set encoder.bitrate");
  EXPECT_EQ(get(settings, "camera.source").where, "--source");
  EXPECT_EQ(get(settings, "camera.source").value_json, "\"file:/a b.mp4?loop=1\"");
  EXPECT_EQ(get(settings, "overlay.size").where, state() + "/settings.yaml:3:9");
  EXPECT_EQ(get(settings, "overlay.size").layer, Layer::kSettings);
}

TEST_F(SettingsTest, VariablesAndOptionsHaveTheirOwnErrors) {
  Sources from;
  from.environment = {{"NESTBOX_CAMERA_WIDHT", "640"}, {"NESTBOX_CAMERA_HEIGHT", "tall"}};
  from.set_options = {"camera.widht=640", "camera.width=1", "camera.width", "camera..width=1", "live.when=\"manual"};
  from.source = "usb";
  const auto text = lines(from);
  EXPECT_THAT(text,
              HasSubstr("NESTBOX_CAMERA_WIDHT: no setting has this variable; did you mean NESTBOX_CAMERA_WIDTH?\n"));
  EXPECT_THAT(text, HasSubstr("NESTBOX_CAMERA_HEIGHT: camera.height: \"tall\" is not a whole number; allowed: a whole "
                              "even number, 64 to 4608\n"));
  EXPECT_THAT(text, HasSubstr("--set camera.widht: no such key; did you mean camera.width?\n"));
  EXPECT_THAT(text, HasSubstr("--set camera.width: 1 is out of range; allowed: a whole even number, 64 to 4608\n"));
  EXPECT_THAT(text,
              HasSubstr("--set: \"camera.width\" has no \"=\"; allowed: KEY=VALUE; did you mean camera.width?\n"));
  EXPECT_THAT(text, HasSubstr("--set camera..width: \"camera..width\": is no key\n"));
  EXPECT_THAT(text, HasSubstr("--set live.when: cannot be read as YAML"));
  EXPECT_THAT(text, HasSubstr("--source: camera.source: \"usb\" is no source of pictures"));
}

TEST_F(SettingsTest, ATextNeedsNoQuotes) {
  auto from = sources("");
  from.environment = {{"NESTBOX_OVERLAY_TEXT", "{name}  {time}: owls"}};
  from.set_options = {"name="};
  auto settings = load(from);
  EXPECT_EQ(settings.options().overlay.text, "{name}  {time}: owls");
  EXPECT_EQ(settings.options().name, "");
  EXPECT_TRUE(settings.set("camera.tuning_file", "\"/a b.json\""));
  EXPECT_EQ(settings.options().camera.tuning_file, "/a b.json");
  EXPECT_THAT(line(settings.set("camera.tuning_file", "\"/a")), HasSubstr("cannot be read as YAML"));
}

TEST_F(SettingsTest, AMapIsTakenFromTheEnvironmentAndOptions) {
  auto from = sources("");
  from.environment = {{"NESTBOX_CAMERA_NIGHT", "{framerate: 5, gain: 3}"},
                      {"NESTBOX_LIVE_OUTPUTS", "[{name: a, url: \"rtmp://h/x\"}]"}};
  from.set_options = {"encoder={preset: fast}", "live.outputs.a.enabled=no"};
  const auto options = load(from).options();
  EXPECT_EQ(options.camera_at_night.framerate, 5);
  EXPECT_EQ(options.camera_at_night.gain, 3);
  EXPECT_EQ(options.encoder.preset, "fast");
  ASSERT_THAT(options.live.outputs, SizeIs(1));
  EXPECT_FALSE(options.live.outputs[0].enabled);
}

TEST_F(SettingsTest, EveryTypeIsReadAsPeopleWriteIt) {
  const auto options = load(sources(R"(
name: owl-box-2
time_zone: Europe/London
privacy: [{polygon: [[0,0],[0.2,0],[.2,1]]}]
camera: {shutter: 10ms, gain: 2, ev: -1.5, roi: [0, 0, 0.5, 1], hflip: Yes, vflip: on, lens_position: 2.5}
encoder: {bitrate: 2.5M, bitrate_min: 300k, keyframe_interval: 1s500ms}
live:
  when: [manual, schedule]
  idle: off
  min_on_air: 1h30m
  schedule: [{from: 22:00, to: 06:30}, {from: "12:00:30", to: 13:00}]
  outputs: [{name: youtube, url: "rtmps://a.rtmps.youtube.com/live2", max_session: 0}]
web: {listen: "[::1]:0"})"))
                           .options();
  EXPECT_EQ(options.name, "owl-box-2");
  EXPECT_THAT(options.privacy, ElementsAre(Polygon{{0, 0}, {0.2, 0}, {0.2, 1}}));
  EXPECT_EQ(options.camera.shutter, milliseconds(10));
  EXPECT_EQ(options.camera.roi, (Rect{0, 0, 0.5, 1}));
  EXPECT_TRUE(options.camera.hflip && options.camera.vflip);
  EXPECT_EQ(options.encoder.bitrate_bps, 2'500'000);
  EXPECT_EQ(options.encoder.keyframe_interval, milliseconds(1500));
  EXPECT_EQ(options.live.when, (LiveWhen{false, true, true}));
  EXPECT_EQ(options.live.idle, Idle::kOff);
  EXPECT_EQ(options.live.min_on_air, std::chrono::minutes(90));
  using std::chrono::seconds;
  EXPECT_THAT(options.live.schedule,
              ElementsAre(ScheduleSpan{seconds(79200), seconds(23400)}, ScheduleSpan{seconds(43230), seconds(46800)}));
  EXPECT_EQ(options.live.outputs.at(0).max_session.count(), 0);
}

TEST_F(SettingsTest, ADropInChangesAnOutputByName) {
  auto from = sources("live: {outputs: [{name: a, url: \"rtmp://h/x\"}, {name: b, url: \"rtmp://h/y\"}]}");
  folder_.write("etc/nestbox.d/1.yaml", "live: {outputs: {b: {enabled: no}}}\n");
  const auto settings = load(from);
  EXPECT_TRUE(settings.options().live.outputs.at(0).enabled);
  EXPECT_FALSE(settings.options().live.outputs.at(1).enabled);
  EXPECT_THAT(get(settings, "live.outputs.b.enabled").where, EndsWith("nestbox.d/1.yaml:1:22"));
  EXPECT_THAT(get(settings, "live.outputs.a.enabled").where, StartsWith(file()));
  folder_.write("etc/nestbox.d/2.yaml", "live: {outputs: {c: {enabled: no}, a: {name: d}}}\n");
  EXPECT_THAT(lines(from), AllOf(HasSubstr("live.outputs.c: no output has this name"),
                                 HasSubstr("live.outputs.a.name: an output keeps its name")));
}

// Changes while running.

TEST_F(SettingsTest, SetChangesWritesAndSaysWhomToTell) {
  const auto from = sources("");
  auto settings = load(from);
  const auto change = settings.set("camera.brightness", "0.25");
  ASSERT_TRUE(change) << line(change);
  EXPECT_EQ(change->stages, Stages{Stage::kPicture});
  EXPECT_THAT(change->keys, ElementsAre("camera.brightness"));
  EXPECT_EQ(settings.options().camera.brightness, 0.25);
  EXPECT_EQ(settings.options().camera_at_night.brightness, 0.25);
  EXPECT_EQ(load(from).options(), settings.options());
  EXPECT_EQ(folder_.read("state/settings.yaml"),
            "# nestbox: settings changed while running; written by `nestbox set`.\ncamera:\n  brightness: 0.25\n...\n");
  EXPECT_EQ(folder_.read("state/settings.yaml.bak"), folder_.read("state/settings.yaml"));
}

TEST_F(SettingsTest, EveryStageHasAKeyThatTouchesItAlone) {
  auto settings = load(sources(""));
  const auto stages = [&](const char* key, const char* value) {
    const auto change = settings.set(key, value);
    EXPECT_TRUE(change) << line(change);
    return change ? change->stages : Stages{};
  };
  EXPECT_EQ(stages("overlay.text", "hello"), Stages{Stage::kText});
  EXPECT_EQ(stages("camera.night.gain", "2"), Stages{Stage::kPicture});
  EXPECT_EQ(stages("camera.hflip", "true"), Stages{Stage::kSource});
  EXPECT_EQ(stages("encoder.preset", "fast"), Stages{Stage::kEncoder});
  EXPECT_EQ(stages("live.when", "[manual, always]"), Stages{Stage::kOutputs});
  EXPECT_EQ(stages("web.allowed_hosts", "[a.example]"), Stages{Stage::kWeb});
  EXPECT_EQ(stages("log.level", "debug"), Stages{Stage::kLog});
  EXPECT_EQ(stages("camera", "{width: 640, height: 480}"), (Stages{Stage::kSource, Stage::kEncoder}));
  EXPECT_EQ(stages("log.level", "debug"), Stages{}) << "nothing is another than before";
}

TEST_F(SettingsTest, SetRefusesAndLeavesEverythingAsItWas) {
  const auto from = sources("encoder: {bitrate_min: 500k}");
  auto settings = load(from);
  const auto before = settings.options();
  EXPECT_EQ(line(settings.set("camera.widht", "640")), "camera.widht: no such key; did you mean camera.width?\n");
  EXPECT_EQ(line(settings.set("camera.width", "1")),
            "camera.width: 1 is out of range; allowed: a whole even number, 64 to 4608\n");
  EXPECT_EQ(line(settings.set("encoder.bitrate", "450k")),
            "encoder.bitrate: encoder.bitrate_min (500k) is above encoder.bitrate (450k); allowed: bitrate_min up to "
            "bitrate\n");
  EXPECT_EQ(line(settings.set("paths.state", "/tmp")),
            "paths.state: is read at the start only: change it in the configuration file, and restart nestbox\n");
  EXPECT_EQ(line(settings.set("camera", "{}")), "camera: is given no setting; allowed: a map of its keys\n");
  EXPECT_EQ(line(settings.set("", "1")), "\"\": is no key\n");
  EXPECT_EQ(settings.options(), before);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "state/settings.yaml"));
}

TEST_F(SettingsTest, WhatIsHeldAboveIsReadOnly) {
  auto from = sources("live: {outputs: [{name: a, url: \"rtmp://h/x\"}]}");
  from.environment = {{"NESTBOX_CAMERA_WIDTH", "640"}};
  from.set_options = {"live.outputs.a.enabled=no"};
  auto settings = load(from);
  const auto refused = settings.set("camera.width", "320");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().at(0).code, ConfigErrorCode::kHeld);
  EXPECT_EQ(line(refused),
            "camera.width: is held by NESTBOX_CAMERA_WIDTH, which stands above what is set here; change it there\n");
  EXPECT_THAT(line(settings.set("live.outputs.a.enabled", "yes")), HasSubstr("held by --set live.outputs.a.enabled"));
  EXPECT_TRUE(settings.set("camera.height", "360"));
}

TEST_F(SettingsTest, ResetTakesBackOneKeyASectionOrAll) {
  const auto from = sources("camera: {width: 640}");
  auto settings = load(from);
  ASSERT_TRUE(settings.set("camera", "{width: 320, height: 240, night: {gain: 2}}"));
  ASSERT_TRUE(settings.set("overlay.size", "30"));
  auto change = settings.reset("camera.width");
  ASSERT_TRUE(change) << line(change);
  EXPECT_THAT(change->keys, ElementsAre("camera.width"));
  EXPECT_EQ(settings.options().camera.width, 640);
  change = settings.reset("camera");
  ASSERT_TRUE(change);
  EXPECT_THAT(change->keys, ElementsAre("camera.height", "camera.night.gain"));
  EXPECT_EQ(settings.options().overlay.size, 30);
  change = settings.reset("");
  ASSERT_TRUE(change);
  EXPECT_THAT(change->keys, ElementsAre("overlay.size"));
  EXPECT_THAT(settings.diff(), IsEmpty());
  EXPECT_EQ(load(from).options(), settings.options());
  change = settings.reset("overlay.size");
  ASSERT_TRUE(change);
  EXPECT_THAT(change->keys, IsEmpty());
  EXPECT_EQ(line(settings.reset("overlay.sise")), "overlay.sise: no such key; did you mean overlay.size?\n");
}

TEST_F(SettingsTest, OneOutputIsSetAndReset) {
  const auto from = sources("live: {outputs: [{name: a, url: \"rtmp://h/x\"}, {name: b, url: \"rtmp://h/y\"}]}");
  auto settings = load(from);
  auto change = settings.set("live.outputs.b.enabled", "no");
  ASSERT_TRUE(change) << line(change);
  EXPECT_EQ(change->stages, Stages{Stage::kOutputs});
  EXPECT_TRUE(settings.options().live.outputs.at(0).enabled);
  EXPECT_FALSE(settings.options().live.outputs.at(1).enabled);
  EXPECT_EQ(load(from).options(), settings.options());
  ASSERT_TRUE(settings.set("live.outputs.b.max_session", "8h"));
  EXPECT_THAT(settings.diff(), ElementsAre(AllOf(Field(&Difference::key, "live.outputs.b.enabled"),
                                                 Field(&Difference::value, "no"), Field(&Difference::below, "true")),
                                           AllOf(Field(&Difference::key, "live.outputs.b.max_session"),
                                                 Field(&Difference::below, "11h50m"))));
  EXPECT_THAT(line(settings.set("live.outputs.c.enabled", "no")), HasSubstr("no output has this name"));
  EXPECT_THAT(line(settings.set("live.outputs.b.url", "rtmp://h/x?key=c4nary")), HasSubstr("carries a secret"));
  ASSERT_TRUE(settings.reset("live.outputs.b.enabled"));
  EXPECT_TRUE(settings.options().live.outputs.at(1).enabled);
  EXPECT_EQ(settings.options().live.outputs.at(1).max_session, std::chrono::hours(8));
}

TEST_F(SettingsTest, TheWholeListOfOutputsIsSetAndThenOneOfThem) {
  const auto from = sources("");
  auto settings = load(from);
  ASSERT_TRUE(settings.set("live.outputs", "[{name: a, url: \"rtmp://h/x\"}]"));
  ASSERT_TRUE(settings.set("live.outputs.a.enabled", "no"));
  EXPECT_FALSE(settings.options().live.outputs.at(0).enabled);
  EXPECT_EQ(load(from).options(), settings.options());
  EXPECT_EQ(line(settings.reset("live.outputs.a.enabled")),
            "live.outputs.a.enabled: was set as part of the whole list, and is reset with it; allowed: live.outputs\n");
  ASSERT_TRUE(settings.reset("live.outputs"));
  EXPECT_THAT(settings.options().live.outputs, IsEmpty());
}

TEST_F(SettingsTest, AnOutputTakenOutOfTheFileDoesNotTakeOtherSettingsWithIt) {
  auto from = sources("live: {outputs: [{name: a, url: \"rtmp://h/x\"}]}");
  auto settings = load(from);
  ASSERT_TRUE(settings.set("live.outputs.a.enabled", "no"));
  ASSERT_TRUE(settings.set("overlay.size", "30"));
  from = sources("");
  const auto change = settings.reload();
  ASSERT_TRUE(change) << line(change);
  EXPECT_EQ(settings.options().overlay.size, 30);
  EXPECT_THAT(settings.warnings(), ElementsAre(HasSubstr("an output \"a\" that is gone")));
  EXPECT_THAT(load(from).warnings(), SizeIs(1));
  EXPECT_TRUE(settings.reset("live.outputs.a"));
  EXPECT_THAT(load(from).warnings(), IsEmpty());
}

TEST_F(SettingsTest, DiffSaysWhatWasChangedAndWhatIsOverruled) {
  auto from = sources("camera: {width: 640}");
  {
    auto settings = load(from);
    ASSERT_TRUE(settings.set("camera.width", "320"));
    ASSERT_TRUE(settings.set("overlay.enabled", "false"));
  }
  from.environment = {{"NESTBOX_OVERLAY_ENABLED", "true"}};
  const auto differences = load(from).diff();
  ASSERT_THAT(differences, SizeIs(2));
  EXPECT_EQ(differences[0].key, "camera.width");
  EXPECT_EQ(differences[0].value, "320");
  EXPECT_EQ(differences[0].below, "640");
  EXPECT_EQ(differences[0].below_where, file() + ":1:17");
  EXPECT_EQ(differences[0].held_by, "");
  EXPECT_EQ(differences[1].key, "overlay.enabled");
  EXPECT_EQ(differences[1].held_by, "NESTBOX_OVERLAY_ENABLED");
}

TEST_F(SettingsTest, GetKnowsKeysSectionsAndOutputs) {
  const auto settings = load(sources("live: {outputs: [{name: a, url: \"rtmp://h/x\"}]}"));
  const auto width = get(settings, "camera.width");
  EXPECT_EQ(width.value, "1280");
  EXPECT_EQ(width.value_json, "1280");
  EXPECT_EQ(width.default_value, "1280");
  EXPECT_EQ(width.stages, (Stages{Stage::kSource, Stage::kEncoder}));
  EXPECT_EQ(get(settings, "encoder.bitrate").value_json, "\"3M\"");
  EXPECT_EQ(get(settings, "location").value_json, "null");
  EXPECT_EQ(get(settings, "camera.night.ev").value, "0.0") << "as by day";
  EXPECT_EQ(get(settings, "live.outputs").value_json,
            "[{\"name\": \"a\", \"url\": \"rtmp://h/x\", \"key_file\": \"\", \"enabled\": true, \"max_session\": "
            "\"11h50m\", \"ca_file\": \"\"}]");
  EXPECT_THAT(settings.get("encoder").value(), SizeIs(5));
  EXPECT_THAT(settings.get("camera.night").value(), SizeIs(2));
  EXPECT_THAT(settings.get("live.outputs.a").value(), SizeIs(6));
  EXPECT_THAT(settings.get().value(), Contains(Field(&Setting::key, "paths.state")));
  EXPECT_EQ(line(settings.get("live.outputs.b")), "live.outputs.b: no such key; did you mean live.outputs?\n");
  EXPECT_EQ(line(settings.get("camera.widht")), "camera.widht: no such key; did you mean camera.width?\n");
}

// Reload.

TEST_F(SettingsTest, ReloadTakesWhatChangedInTheFiles) {
  auto from = sources("camera: {width: 640}");
  from.set_options = {"overlay.size=40"};
  auto settings = load(from);
  ASSERT_TRUE(settings.set("camera.gain", "2"));
  sources("camera: {width: 800, gain: 3}\noverlay: {size: 50}");
  const auto change = settings.reload();
  ASSERT_TRUE(change) << line(change);
  EXPECT_THAT(change->keys, ElementsAre("camera.width"));
  EXPECT_EQ(settings.options().camera.width, 800);
  EXPECT_EQ(settings.options().camera.gain, 2);
  EXPECT_EQ(settings.options().overlay.size, 40);
}

TEST_F(SettingsTest, ReloadOfABadFileKeepsWhatIsRunning) {
  auto settings = load(sources("camera: {width: 640}"));
  const auto before = settings.options();
  sources("camera: {widht: 800}\nname: [");
  EXPECT_THAT(line(settings.reload()), HasSubstr("cannot be read as YAML"));
  sources("encoder: {bitrate_min: 5M}");
  EXPECT_THAT(line(settings.reload()), HasSubstr("is above"));
  std::filesystem::remove(file());
  EXPECT_THAT(line(settings.reload()), HasSubstr("no such file"));
  EXPECT_EQ(settings.options(), before);
  EXPECT_TRUE(settings.set("overlay.size", "30")) << "and it goes on as before";
}

TEST_F(SettingsTest, WhatIsReadAtTheStartOnlyWaitsForTheNext) {
  auto settings = load(sources("control: {socket: /run/a.sock}"));
  sources("control: {socket: /run/b.sock}\nname: owl");
  const auto change = settings.reload();
  ASSERT_TRUE(change) << line(change);
  EXPECT_THAT(change->keys, ElementsAre("name"));
  EXPECT_THAT(change->at_next_start, ElementsAre("control.socket"));
  EXPECT_FALSE(change->stages.contains(Stage::kFixed));
  EXPECT_EQ(settings.options().control.socket, "/run/a.sock");
  EXPECT_THAT(settings.reload().value().at_next_start, ElementsAre("control.socket"));
}

// settings.yaml in all its states.

TEST_F(SettingsTest, CutOffAtEveryByteTheLastGoodSettingsAreUsed) {
  const auto from = sources("");
  auto settings = load(from);
  ASSERT_TRUE(settings.set("camera", "{width: 640, height: 480, night: {gain: 12.5}}"));
  ASSERT_TRUE(settings.set("overlay.text", "owls: {time}"));
  const auto good = settings.options();
  const auto whole = folder_.read("state/settings.yaml");
  ASSERT_GT(whole.size(), 100U);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    folder_.write("state/settings.yaml", whole.substr(0, size));
    const auto again = load(from);
    ASSERT_EQ(again.options(), good) << size << " bytes";
    if (size + 1 < whole.size()) {
      EXPECT_THAT(again.warnings(), ElementsAre(AllOf(HasSubstr("settings.yaml: half written; the last good settings "
                                                                "are used"),
                                                      EndsWith("settings.yaml.bak"))))
          << size << " bytes";
    }
  }
}

TEST_F(SettingsTest, CutOffAtEveryByteWithoutACopyItStartsAllTheSame) {
  const auto from = sources("");
  const std::string by_hand = "camera: {width: 640, height: 480}\noverlay: {text: \"owls\"}\n";
  for (std::size_t size = 0; size <= by_hand.size(); ++size) {
    folder_.write("state/settings.yaml", by_hand.substr(0, size));
    EXPECT_TRUE(Settings::load(from)) << size << " bytes";
  }
}

TEST_F(SettingsTest, BothFilesBrokenLeavesTheLayersBelow) {
  const auto from = sources("overlay: {size: 40}");
  folder_.write("state/settings.yaml", "camera: [");
  folder_.write("state/settings.yaml.bak", "camera: {width: 1}\n");
  auto settings = load(from);
  EXPECT_EQ(settings.options().camera, CameraOptions());
  EXPECT_EQ(settings.options().overlay.size, 40);
  EXPECT_THAT(settings.warnings(), ElementsAre(AllOf(HasSubstr("settings.yaml:1:"),
                                                     HasSubstr("settings changed while running are not in effect"))));
  ASSERT_TRUE(settings.set("overlay.size", "30"));
  EXPECT_EQ(folder_.read("state/settings.yaml.broken"), "camera: [") << "kept for whoever wants to look";
  EXPECT_THAT(load(from).warnings(), IsEmpty());
}

TEST_F(SettingsTest, SettingsThatTheFileNowContradictsDoNotStopTheStart) {
  auto from = sources("");
  {
    auto settings = load(from);
    ASSERT_TRUE(settings.set("encoder.bitrate_min", "2M"));
  }
  from = sources("encoder: {bitrate: 1M}");
  const auto settings = load(from);
  EXPECT_EQ(settings.options().encoder.bitrate_min_bps, 400'000);
  EXPECT_THAT(settings.warnings(), ElementsAre(HasSubstr("is above encoder.bitrate (1M)")));
}

TEST_F(SettingsTest, SettingsMaySupplyWhatTheFileLacks) {
  auto from = sources("");
  {
    auto settings = load(from);
    ASSERT_TRUE(settings.set("live.schedule", "[{from: \"06:00\", to: \"20:00\"}]"));
  }
  from = sources("live: {when: schedule}");
  EXPECT_TRUE(load(from).options().live.when.schedule);
}

TEST_F(SettingsTest, TheStateFolderIsNoSettingOfItsOwn) {
  const auto from = sources("");
  folder_.write("state/settings.yaml", "paths: {state: /elsewhere}\n");
  const auto settings = load(from);
  EXPECT_EQ(settings.options().paths.state, state());
  EXPECT_THAT(settings.warnings(), ElementsAre(HasSubstr("paths.state: is read at the start only")));
}

TEST_F(SettingsTest, ReloadOfABrokenSettingsFileKeepsWhatWasSet) {
  auto settings = load(sources(""));
  ASSERT_TRUE(settings.set("overlay.size", "30"));
  for (const auto* const broken : {"overlay: {", "overlay: {sise: 3}\n", "overlay: {size: 1}\n"}) {
    folder_.write("state/settings.yaml", broken);
    const auto change = settings.reload();
    ASSERT_TRUE(change) << line(change);
    EXPECT_EQ(settings.options().overlay.size, 30);
    EXPECT_THAT(settings.warnings(), ElementsAre(HasSubstr("what was set before stays in effect")));
  }
  folder_.write("state/settings.yaml", "overlay: {size: 20}\n");
  ASSERT_TRUE(settings.reload());
  EXPECT_EQ(settings.options().overlay.size, 20);
  EXPECT_THAT(settings.warnings(), IsEmpty());
}

TEST_F(SettingsTest, WhatCannotBeKeptIsNotChanged) {
  Sources from;
  from.set_options = {"paths.state=" + (folder_ / "absent").string()};
  auto settings = load(from);
  const auto refused = settings.set("overlay.size", "30");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().at(0).code, ConfigErrorCode::kNotSaved);
  EXPECT_THAT(line(refused), HasSubstr("cannot be kept: create "));
  EXPECT_EQ(settings.options(), load(from).options());
}

// Printing.

TEST_F(SettingsTest, WhatIsPrintedLoadsToTheSame) {
  auto from = sources(R"(
name: owl
location: {latitude: 51.48, longitude: -3.18}
time_zone: Europe/London
privacy: [{polygon: [[0, 0], [0.123456789, 0], [0.2, 1]]}]
camera: {source: "scene:7", shutter: 33ms, gain: 1.5, ev: 1e-3, exposure_zone: [0.1, 0.1, 0.9, 0.9], denoise: off,
  brightness: -0.25, lens_position: 2, night: {shutter: auto, brightness: 1, denoise: high}}
encoder: {bitrate: 2500k}
audio: {source: "file:/a b's \"song\".mp3"}
overlay: {text: 'é # {name}: "{time}"'}
live: {when: [manual, schedule], idle: off, schedule: [{from: 22:00, to: 6:30}, {from: dawn-10m, to: sunset}, {from: sunrise, to: dusk+1h30m}],
  outputs: [{name: a, url: "rtmp://h/x?b=1", max_session: 90m}]}
web: {listen: "0.0.0.0:80", public_page: true, allowed_hosts: [a.example, "b.example:80"]}
log: {level: debug})");
  folder_.write("etc/nestbox.d/1.yaml", "live: {outputs: {a: {enabled: no}}}\n");
  from.environment = {{"NESTBOX_CAMERA_NIGHT_CONTRAST", "2"}};
  const auto settings = load(from);
  const auto printed = settings.print();
  const auto again = options_from_yaml(printed, "printed");
  ASSERT_TRUE(again) << line(again) << printed;
  EXPECT_EQ(*again, settings.options()) << printed;
  EXPECT_THAT(printed, HasSubstr("name: owl  # " + file() + ":2:7; default \"\"\n"));
  EXPECT_THAT(printed, HasSubstr("    contrast: 2.0  # NESTBOX_CAMERA_NIGHT_CONTRAST; default 1.0\n"));
  EXPECT_THAT(printed, HasSubstr("  height: 720  # default\n"));
}

}  // namespace
}  // namespace nestbox
