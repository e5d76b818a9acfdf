/// The built `nestbox` against a control server whose answers the test writes.
#include "command_line_fixture.h"

#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/source_dir.h"

namespace nestbox::tune {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr auto kGoodStatus = R"({"version":"0.1.0","name":"kestrel","state":"ok","uptime_s":274000.4,
  "clock_synchronised":true,"mode":null,
  "camera":{"source":"file:/clips/owl.mp4","state":"running","width":1280,"height":720,"fps":29.97,"frames":9000,
            "frames_lost":0,"rebuilds":0,"notes":[],"last_error":null},
  "drops":{"vision":0,"encode":0,"record":0},"visit_id":215,
  "motion":{"enabled":true,"active":true,"score":2.1,"threshold":0.2,"events":14},
  "encoder":{"codec":"libx264","state":"running","bitrate_bps":2940000,"frames":9000,"last_error":null},
  "outputs":[
   {"name":"youtube","state":"live","bytes":123,"lag_s":0.2,"throughput_bps":2912345.0,"reconnects":0,
    "packets_dropped":0,"retry_in_s":null,"last_error":null},
   {"name":"own-server","state":"backoff","bytes":0,"lag_s":0,"throughput_bps":0,"reconnects":3,"packets_dropped":0,
    "retry_in_s":3.2,"last_error":"connection refused"}],
  "disk":{"free_bytes":12340000000,"used_bytes":1,"state":"ok"},"memory":{"resident_bytes":84000000},"problems":[]})";

TEST_F(CommandLineTest, StatusOfABoxThatIsWell) {
  answer(kGoodStatus);
  const auto run = nestbox({"status"});
  EXPECT_EQ(run.exit_status, 0);
  EXPECT_EQ(run.err, "");
  EXPECT_EQ(run.out,
            "kestrel: ok, up 3 d 4 h\n"
            "\n"
            "  camera    file:/clips/owl.mp4, 1280 x 720, 30.0 frames/s\n"
            "  motion    something moves; 14 events so far; visit 215 goes on\n"
            "  encoder   libx264, 2.9 Mbit/s\n"
            "  disk      12.3 GB free\n"
            "  memory    84 MB\n"
            "\n"
            "outputs\n"
            "  youtube     sending 2.9 Mbit/s; check Studio\n"
            "  own-server  retry in 4 s: connection refused\n");
  EXPECT_EQ(asked(), "status {}");
}

TEST_F(CommandLineTest, StatusShowsProblemsFirst) {
  answer(R"({"name":"barn","state":"degraded","uptime_s":42,"clock_synchronised":false,"mode":"night",
    "camera":{"source":"auto","state":"absent","width":0,"height":0,"fps":0,"last_error":"no camera is connected"},
    "drops":{"encode":3,"record":2},
    "encoder":{"codec":"libx264","state":"sleeping","bitrate_bps":0},
    "outputs":[{"name":"tube","state":"failed","last_error":"the key file can be read by others"},
               {"name":"spare","state":"off"},{"name":"third","state":"connecting"}],
    "disk":{"free_bytes":900000,"state":"full"},
    "problems":[{"code":"camera_absent","text":"no camera is connected","since":"2026-11-20T12:53:18+01:00"},
                {"code":"disk_full","text":null,"since":null}]})");
  const auto run = nestbox({"status"});
  EXPECT_EQ(run.exit_status, 0) << "degraded is an answer, not a failure";
  EXPECT_EQ(run.out,
            "barn: degraded, up 42 s, by night\n"
            "\n"
            "  ! no camera is connected (since 2026-11-20 12:53)\n"
            "  ! disk_full\n"
            "\n"
            "  camera    auto: no camera, tried again: no camera is connected\n"
            "  encoder   libx264, asleep: nobody wants its pictures\n"
            "  lost      3 frames for the encoder, 2 frames for clips\n"
            "  disk      900 kB free, full\n"
            "  clock     not set by the network yet: times may be wrong\n"
            "\n"
            "outputs\n"
            "  tube      failed: the key file can be read by others\n"
            "  spare     off\n"
            "  third     connecting\n");
}

TEST_F(CommandLineTest, SimulatedAndStillPicturesAreNeverCalledLive) {
  answer(
      R"({"name":"demo","state":"ok","camera":{"source":"scene:7","state":"running","width":640,"height":360,"fps":30},
    "encoder":{"codec":"libx264","state":"running","bitrate_bps":400000},
    "outputs":[{"name":"a","state":"live","throughput_bps":400000},{"name":"b","state":"slate","throughput_bps":180000},
               {"name":"c","state":"live","lag_s":2.34,"packets_dropped":12,"reconnects":1}]})");
  const auto run = nestbox({"status"});
  EXPECT_THAT(run.out, HasSubstr("scene:7, 640 x 360, 30.0 frames/s, simulated\n"));
  EXPECT_THAT(run.out, HasSubstr("  a         sending a simulated picture 400 kbit/s; check Studio\n"));
  EXPECT_THAT(run.out, HasSubstr("  b         sending a still picture 180 kbit/s\n"));
  EXPECT_THAT(run.out, HasSubstr("check Studio; 2.3 s behind; 12 packets dropped; reconnected 1 x\n"));
  EXPECT_THAT(run.out, Not(HasSubstr("live")));

  answer(R"({"name":"demo","camera":{"source":"auto","state":"absent","content":"slate"},
    "outputs":[{"name":"a","state":"live","throughput_bps":400000}]})");
  const auto without_camera = nestbox({"status"});
  EXPECT_THAT(without_camera.out, HasSubstr("  a         sending a still picture 400 kbit/s; check Studio\n"));
  answer(R"({"name":"demo","camera":{"source":"file:/x","state":"running","content":"simulated"},
    "outputs":[{"name":"a","state":"live"}]})");
  EXPECT_THAT(nestbox({"status"}).out, HasSubstr("sending a simulated picture; check Studio\n"));
}

TEST_F(CommandLineTest, StatusBearsAnythingThatIsMissingOrOdd) {
  for (const auto* body : {"{}", "null", "[]", "{\"camera\":7,\"outputs\":{},\"problems\":[7,null]}",
                           "{\"outputs\":[null,{\"state\":\"dreaming\"}],\"uptime_s\":-1e300,\"drops\":[]}"}) {
    answer(body);
    const auto run = nestbox({"status"});
    EXPECT_EQ(run.exit_status, 0) << body;
    EXPECT_THAT(run.out, HasSubstr("camera    no source: state unknown")) << body;
    EXPECT_THAT(run.err, IsEmpty());
  }
}

TEST_F(CommandLineTest, WhatAServerSentCannotMoveTheCursor) {
  answer(R"({"name":"x","outputs":[{"name":"y","state":"failed","last_error":"\u001b[2Jgone\u009b31m\r"}]})");
  EXPECT_THAT(nestbox({"status"}).out, HasSubstr("failed: ?[2Jgone?31m?\n"));
}

TEST_F(CommandLineTest, JsonIsTheBodyUnchanged) {
  const std::string body = R"({"z":1.50,"name":"Küken","a":[1,  2]})";
  answer(body);
  EXPECT_EQ(nestbox({"--json", "status"}).out, body + '\n');
  EXPECT_EQ(nestbox({"status", "--json"}).out, body + '\n');
  const std::string error = R"({"error":{"code":"unknown_key","message":"no such key"}})";
  answer(error, 2);
  const auto run = nestbox({"get", "x", "--json"});
  EXPECT_EQ(run.out, error + '\n');
  EXPECT_EQ(run.exit_status, 2);
}

TEST_F(CommandLineTest, ArgumentsReachTheDaemon) {
  answer(R"({"changed":["a"],"settings":[],"changes":[]})");
  nestbox({"set", "camera.ev", "-0.5"});
  EXPECT_EQ(asked(), R"(set {"key":"camera.ev","value":"-0.5"})");
  nestbox({"set", "live.when", "[always, manual]"});
  EXPECT_EQ(asked(), R"(set {"key":"live.when","value":"[always, manual]"})");
  nestbox({"set", "overlay.text", "status"});
  EXPECT_EQ(asked(), R"(set {"key":"overlay.text","value":"status"})");
  nestbox({"set", "overlay.text", ""});
  EXPECT_EQ(asked(), R"(set {"key":"overlay.text","value":""})");
  nestbox({"get"});
  EXPECT_EQ(asked(), R"(get {"key":null})");
  nestbox({"get", "status"});
  EXPECT_EQ(asked(), R"(get {"key":"status"})");
  nestbox({"reset", "camera.ev"});
  EXPECT_EQ(asked(), R"(reset {"key":"camera.ev"})");
  nestbox({"reset"});
  EXPECT_EQ(asked(), R"(reset {"key":null})");
  nestbox({"reload"});
  EXPECT_EQ(asked(), "reload {}");
  nestbox({"diff"});
  EXPECT_EQ(asked(), "diff {}");
  nestbox({"live", "start"});
  EXPECT_EQ(asked(), R"(live {"action":"start","output":null})");
  nestbox({"live", "stop", "youtube"});
  EXPECT_EQ(asked(), R"(live {"action":"stop","output":"youtube"})");
}

TEST_F(CommandLineTest, SettingsAreATable) {
  answer(R"({"settings":[
    {"key":"encoder.bitrate","value":"2500k","default":"3M","from":"settings.yaml","stage":"encoder","help":"Bits."},
    {"key":"camera.shutter","value":null,"default":null,"from":"default"},
    {"key":"live.when","value":["always","manual"],"default":"never","from":"--set"},
    {"key":"privacy","value":[{"polygon":[[0,0],[0.5,0]]}],"default":[],"from":"x"}]})");
  EXPECT_EQ(nestbox({"get"}).out,
            "KEY              VALUE                            DEFAULT  FROM\n"
            "encoder.bitrate  2500k                            3M       settings.yaml\n"
            "camera.shutter   -                                -        default\n"
            "live.when        [always, manual]                 never    --set\n"
            "privacy          [{polygon: [[0, 0], [0.5, 0]]}]  []       x\n");
}

TEST_F(CommandLineTest, OneSettingIsExplained) {
  answer(R"({"settings":[{"key":"encoder.bitrate","value":"2500k","default":"3M","from":"settings.yaml",
             "stage":["encoder","outputs"],"allowed":"100k to 20M","help":"The most that is sent."}]})");
  EXPECT_EQ(nestbox({"get", "encoder.bitrate"}).out,
            "encoder.bitrate = 2500k\n"
            "  default:  3M\n"
            "  from:     settings.yaml\n"
            "  allowed:  100k to 20M\n"
            "  touches:  encoder, outputs\n"
            "  what:     The most that is sent.\n");
}

TEST_F(CommandLineTest, DifferencesAndChanges) {
  answer(
      R"({"changes":[{"key":"camera.ev","value":"0.5","was":"0"},{"key":"overlay.text","value":"Küken","was":"",
             "held_by":"NESTBOX_OVERLAY_TEXT"}]})");
  EXPECT_EQ(nestbox({"diff"}).out,
            "camera.ev     0   ->  0.5\n"
            "overlay.text  \"\"  ->  Küken  (overruled by NESTBOX_OVERLAY_TEXT)\n");
  answer(R"({"changes":[]})");
  EXPECT_THAT(nestbox({"diff"}).out, StartsWith("Nothing was changed"));
  answer(R"({"changed":["camera.width"],"rebuilt":["camera","encoder"],"notes":["the stream began anew"]})");
  EXPECT_EQ(nestbox({"set", "camera.width", "640"}).out,
            "Changed: camera.width.\nTook effect in: camera, encoder.\nNote: the stream began anew\n");
  answer(R"({"changed":[],"rebuilt":[],"notes":[]})");
  EXPECT_EQ(nestbox({"reload"}).out, "Read again; nothing changed.\n");
}

TEST_F(CommandLineTest, ErrorsSayWhatWouldBeRight) {
  answer(R"({"error":{"code":"bad_value","message":"camera.framerate: 300 is out of range","key":"camera.framerate",
             "allowed":"1 to 120","nearest":null}})",
         2);
  const auto bad_value = nestbox({"set", "camera.framerate", "300"});
  EXPECT_EQ(bad_value.exit_status, 2);
  EXPECT_EQ(bad_value.out, "");
  EXPECT_EQ(bad_value.err,
            "nestbox: camera.framerate: 300 is out of range\n"
            "  key:      camera.framerate\n"
            "  allowed:  1 to 120\n");
  answer(
      R"({"error":{"message":"no such key","key":"camera.frmerate","allowed":["a","b"],"nearest":"camera.framerate"}})",
      2);
  EXPECT_EQ(nestbox({"get", "camera.frmerate"}).err,
            "nestbox: no such key\n  key:      camera.frmerate\n  allowed:  a, b\n  nearest:  camera.framerate\n");
  answer(R"({"error":{"message":"a.yaml:1:1: one\nb.yaml:2:2: two","key":null,"allowed":null,"nearest":null}})", 2);
  EXPECT_EQ(nestbox({"reload"}).err, "nestbox: a.yaml:1:1: one\n         b.yaml:2:2: two\n");
  answer("{}", 1);
  const auto speechless = nestbox({"reload"});
  EXPECT_EQ(speechless.exit_status, 1);
  EXPECT_THAT(speechless.err, HasSubstr("failed, and not why"));
}

// --- light and lines -----------------------------------------------------------------------------------------------

TEST_F(CommandLineTest, StatusSaysWhyItIsNightAndWhichLinesAreNotWell) {
  answer(R"({"name":"owl","state":"degraded","mode":"night","camera":{"source":"file:/x","state":"running"},
    "encoder":{"codec":"libx264","state":"running"},
    "light":{"mode_why":"0.8 lx for 15 s, and night is below 5 lx","lux":0.75,"filter":"out_of_path","lamp":0.6,
             "switches_today":3,"by":"auto"},
    "lines":[{"name":"pir","value":null,"state":"busy","holder":"onewire"},
             {"name":"button","value":true,"state":"stuck","holder":null},
             {"name":"live_light","value":false,"state":"ok","holder":null},
             {"name":"status_led","value":null,"state":"absent","holder":null,"last_error":"there is no chip \"x\""}]})");
  EXPECT_EQ(nestbox({"status"}).out,
            "owl: degraded, by night\n"
            "\n"
            "  camera    file:/x\n"
            "  light     night: 0.8 lx for 15 s, and night is below 5 lx\n"
            "            now 0.75 lx, filter out of the path, lamp at 60 %, filter moved 3 x in 24 h\n"
            "  lines     pir: in use by onewire\n"
            "            button: stuck: active all the time, so it counts as idle; check its wiring\n"
            "            status_led: not there, tried again: there is no chip \"x\"\n"
            "  encoder   libx264\n");
}

TEST_F(CommandLineTest, StatusSaysOfTheLightOnlyWhatIsKnown) {
  answer(R"({"mode":"day","light":{"mode_why":"set by hand","lux":null,"filter":null,"lamp":null,
             "switches_today":null,"by":"day"},"lines":[]})");
  const auto by_hand = nestbox({"status"});
  EXPECT_THAT(by_hand.out, HasSubstr("  light     day: set by hand\n  encoder"));
  answer(R"({"light":{"lux":12340.6,"filter":"in_path","lamp":0}})");
  EXPECT_THAT(nestbox({"status"}).out, HasSubstr("  light     now 12341 lx, filter in the path, lamp dark\n"));
  answer(R"({"light":{"lux":4.26,"filter":"unknown"}})");
  EXPECT_THAT(nestbox({"status"}).out, HasSubstr("  light     now 4.3 lx, filter not moved yet\n"));
  for (const auto* nothing : {R"({"light":null,"lines":null})", R"({"light":7,"lines":[null,7,{}]})"}) {
    answer(nothing);
    EXPECT_THAT(nestbox({"status"}).out, AllOf(Not(HasSubstr("light")), Not(HasSubstr("lines")))) << nothing;
  }
}

TEST_F(CommandLineTest, SimulatedLinesAreSetAndRead) {
  answer(R"({"line":"pir","value":1})");
  EXPECT_EQ(nestbox({"sim", "set", "pir", "1"}).out, "pir = 1\n");
  EXPECT_EQ(asked(), R"(sim {"action":"set","line":"pir","value":1})");
  nestbox({"sim", "set", "pir", "0"});
  EXPECT_EQ(asked(), R"(sim {"action":"set","line":"pir","value":0})");
  answer(R"({"line":"lamp","value":0})");
  EXPECT_EQ(nestbox({"sim", "get", "lamp"}).out, "lamp = 0\n");
  EXPECT_EQ(asked(), R"(sim {"action":"get","line":"lamp"})");
  EXPECT_EQ(nestbox({"sim", "get", "lamp", "--json"}).out, "{\"line\":\"lamp\",\"value\":0}\n");
  answer(R"({"error":{"code":"bad_value","message":"gpio.chip is auto: only simulated lines can be driven"}})", 2);
  const auto real = nestbox({"sim", "set", "pir", "1"});
  EXPECT_EQ(real.exit_status, 2);
  EXPECT_EQ(real.err, "nestbox: gpio.chip is auto: only simulated lines can be driven\n");
}

// --- live test -----------------------------------------------------------------------------------------------------

TEST_F(CommandLineTest, LiveTestShowsProgressAndVerdict) {
  house_.handler().script([](const Call& call, const FakeHandler::Done& done) {
    call.progress(R"({"seconds":1,"state":"connecting","throughput_bps":null})");
    done({1, R"({"verdict":"too_slow","text":null,"throughput_bps":512000,"needed_bps":3160000})", {}});
  });
  const auto run = nestbox({"live", "test", "youtube"});
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_EQ(run.err, "connecting\n");
  EXPECT_EQ(run.out,
            "The way to the server is too slow: lower encoder.bitrate.\n"
            "  measured  512 kbit/s\n"
            "  needed    3.2 Mbit/s\n");
  EXPECT_EQ(asked(), R"(live {"action":"test","output":"youtube"})");
}

TEST_F(CommandLineTest, EveryVerdictHasItsWords) {
  std::vector<std::string> seen;
  for (const std::string verdict : {"sending", "no_network", "no_name", "tls", "refused", "too_slow", "lost"}) {
    answer(R"({"verdict":")" + verdict + R"("})", verdict == "sending" ? 0 : 1);
    const auto run = nestbox({"live", "test"});
    EXPECT_EQ(run.exit_status, verdict == "sending" ? 0 : 1);
    EXPECT_THAT(seen, Not(testing::Contains(run.out)));
    seen.push_back(run.out);
  }
  answer(R"({"verdict":"tls","text":"its certificate is for another name"})", 1);
  EXPECT_EQ(nestbox({"live", "test"}).out, "its certificate is for another name\n");
  answer(R"({"error":{"message":"there is no output \"tub\"","nearest":"tube"}})", 2);
  const auto unknown = nestbox({"live", "test", "tub"});
  EXPECT_EQ(unknown.exit_status, 2);
  EXPECT_THAT(unknown.err, HasSubstr("nearest:  tube"));
}

// --- snapshot ------------------------------------------------------------------------------------------------------

class SnapshotTest : public CommandLineTest {
 protected:
  SnapshotTest() {
    house_.handler().script([jpeg = jpeg_](const Call& call, const FakeHandler::Done& done) {
      if (call.command == "status") return done({0, R"({"name":"kestrel"})", {}});
      done({0, R"({"width":1280,"height":720,"taken_at":"2026-11-20T12:53:18+01:00"})", jpeg});
    });
  }
  std::string content(const std::string& name) {
    return read_file(house_.folder().file(name), 10'000'000).value_or("missing");
  }
  const std::string jpeg_ = "\xFF\xD8" + std::string(200'000, '\n') + "\xFF\xD9";
};

TEST_F(SnapshotTest, IsNamedByBoxAndTimeAndNeverOverTheOneBefore) {
  const auto first = nestbox({"snapshot"});
  EXPECT_EQ(first.exit_status, 0) << first.err;
  EXPECT_EQ(first.out, "kestrel_2026-11-20_12-53-18.jpg  1280 x 720, 200 kB\n");
  EXPECT_TRUE(content("kestrel_2026-11-20_12-53-18.jpg") == jpeg_);
  EXPECT_THAT(nestbox({"snapshot"}).out, StartsWith("kestrel_2026-11-20_12-53-18-2.jpg"));
  EXPECT_TRUE(content("kestrel_2026-11-20_12-53-18-2.jpg") == jpeg_);
}

TEST_F(SnapshotTest, GoesWhereItIsTold) {
  std::ofstream(house_.folder().file("now.jpg")) << "old";
  std::filesystem::create_symlink("now.jpg", house_.folder().file("latest.jpg"));
  EXPECT_EQ(nestbox({"snapshot", "-o", "latest.jpg"}).exit_status, 0);
  EXPECT_TRUE(content("now.jpg") == jpeg_);
  EXPECT_TRUE(std::filesystem::is_symlink(house_.folder().file("latest.jpg")));

  const auto to_stdout = nestbox({"snapshot", "-o", "-"});
  EXPECT_EQ(to_stdout.exit_status, 0);
  EXPECT_TRUE(to_stdout.out == jpeg_);
  EXPECT_EQ(nestbox({"snapshot", "-o", "/dev/null"}).exit_status, 0);
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST_F(SnapshotTest, SaysWhyItCannot) {
  EXPECT_THAT(nestbox({"snapshot", "-o", "."}).err, HasSubstr(". is a folder; name a file in it"));
  const auto nowhere = nestbox({"snapshot", "-o", "none/such.jpg"});
  EXPECT_EQ(nowhere.exit_status, 1);
  EXPECT_THAT(nowhere.err, HasSubstr("none/such.jpg"));
  EXPECT_EQ(nestbox({"snapshot", "-o", "-", "--json"}).exit_status, 2);
  answer(R"({"error":{"code":"timeout","message":"no picture came within 2 s"}})", 1);
  const auto none = nestbox({"snapshot", "-o", "x.jpg"});
  EXPECT_EQ(none.exit_status, 1);
  EXPECT_EQ(none.err, "nestbox: no picture came within 2 s\n");
  EXPECT_EQ(content("x.jpg"), "missing");
}

// --- keys from a pipe ----------------------------------------------------------------------------------------------

TEST_F(CommandLineTest, KeyComesThroughAPipe) {
  for (const auto* typed : {"abcd-efgh-1234\n", "abcd-efgh-1234", "abcd-efgh-1234\r\n"}) {
    const auto run = nestbox({"key", "set", "youtube"}, typed);
    EXPECT_EQ(run.exit_status, 0) << run.err;
    EXPECT_EQ(run.out, "The key youtube is stored; only the daemon can read it.\n");
    EXPECT_EQ(run.err, "") << "no prompt where nobody sits";
    EXPECT_EQ(house_.handler().asked().back().secret.reveal(), "abcd-efgh-1234");
    EXPECT_EQ(asked(), R"(key {"action":"set","name":"youtube"})");
  }
}

TEST_F(CommandLineTest, KeysThatCannotBeMeantAreNotSent) {
  for (const auto& typed : {std::string(""), std::string("\n"), std::string("ab\x1b[200~cd\n"),
                            std::string("\xff\xfe\xfd\xfc\n"), std::string(5000, 'x') + '\n'}) {
    const auto run = nestbox({"key", "set", "youtube"}, typed);
    EXPECT_EQ(run.exit_status, 2) << typed;
    EXPECT_THAT(run.err, StartsWith("nestbox: "));
  }
  EXPECT_EQ(asked(), "nothing");
}

// --- bad usage, and no daemon --------------------------------------------------------------------------------------

TEST_F(CommandLineTest, BadUsageIsExitTwoWithTheNearest) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"statsu"}, "nestbox: there is no command \"statsu\"\n  nearest:  status\nSee nestbox --help.\n"},
      {{"live", "strat"}, "nestbox: there is no command \"strat\"\n  nearest:  start\nSee nestbox live --help.\n"},
      {{"weather"},
       "nestbox: there is no command \"weather\"\n"
       "  allowed:  status, analyze, replay, doctor, focus, live, snapshot, visits, why, star, note, species, day, "
       "set, "
       "get, "
       "diff, reset, reload, setup, passwd, key, sim\n"
       "See nestbox --help.\n"},
      {{},
       "nestbox: a word is missing: nestbox "
       "status|analyze|replay|doctor|focus|live|snapshot|visits|why|star|note|species|day|set|get|diff|reset|reload|"
       "setup|"
       "passwd|key|sim\n"
       "See nestbox --help.\n"},
      {{"live"}, "nestbox: a word is missing: nestbox live start|stop|test\nSee nestbox live --help.\n"},
      {{"sim"}, "nestbox: a word is missing: nestbox sim set|get\nSee nestbox sim --help.\n"},
      {{"sim", "set", "pir", "on"},
       "nestbox: set: 0|1: \"on\" is neither 1 (active) nor 0\nSee nestbox sim set --help.\n"},
      {{"set", "a"}, "nestbox: set: VALUE is required\nSee nestbox set --help.\n"},
      {{"set", "a", "b", "c"},
       "nestbox: \"c\" is one word too many; quote a value that has spaces\nSee nestbox set --help.\n"},
      {{"status", "--jsn"}, "nestbox: there is no option --jsn\nSee nestbox status --help.\n"},
  };
  for (const auto& [words, message] : cases) {
    const auto run = nestbox(words);
    EXPECT_EQ(run.exit_status, 2) << message;
    EXPECT_EQ(run.err, message);
    EXPECT_EQ(run.out, "");
  }
  EXPECT_EQ(asked(), "nothing");
}

constexpr auto kLook = R"({"light":"day","sharpness":20.5,"peak":41.0,"peaks":{"day":41.0,"infrared":35.25},
  "focus_measure":812,"focus_measure_peak":900,"lens":null,"width":1280,"height":720,"crop_width":480,"crop_height":360})";

TEST_F(CommandLineTest, FocusShowsFigurePeaksAndTheCamerasOwnUntilThereIsNoPicture) {
  std::atomic<int> looks{0};
  house_.handler().script([&](const Call&, const auto& done) {
    if (++looks <= 2) return done({0, kLook, {}});
    done({1, R"({"error":{"code":"no_picture","message":"there is no camera picture"}})", {}});
  });
  const auto run = nestbox({"focus"});
  EXPECT_EQ(run.exit_status, 1);
  constexpr auto kLine = " 20.5 [#########.........] peak  41.0  (day; infra-red 35.2)  camera 812 of 900\n";
  EXPECT_EQ(run.out, std::string(kLine) + kLine);
  EXPECT_THAT(run.err, HasSubstr("there is no camera picture"));
  const auto asked = house_.handler().asked();
  EXPECT_EQ(asked.front().arguments_json, R"({"light":"day"})") << "a run of its own begins no peak anew";
}

TEST_F(CommandLineTest, FocusBeginsAPeakAnewWhenToldTo) {
  answer(R"({"error":{"code":"no_picture","message":"there is no camera picture"}})", 1);
  EXPECT_EQ(nestbox({"focus", "--infrared", "--reset"}).exit_status, 1);
  EXPECT_EQ(asked(), R"(focus {"action":"reset","light":"infrared"})");
}

TEST_F(CommandLineTest, FocusLocksALensOrSaysHowToTurnIt) {
  answer(R"({"dioptres":6.7,"changed":["camera.lens_position"]})");
  const auto held = nestbox({"focus", "lock", "6.7"});
  EXPECT_EQ(held.exit_status, 0);
  EXPECT_EQ(held.out, "The lens is held at 6.7 dioptres.\n");
  EXPECT_EQ(asked(), R"(focus {"action":"lock","dioptres":"6.7"})");
  EXPECT_EQ(nestbox({"--json", "focus", "lock", "6.7"}).out, R"({"dioptres":6.7,"changed":["camera.lens_position"]})"
                                                             "\n");
  answer(R"({"error":{"code":"no_lens","message":"no motor"}})", 1);
  const auto none = nestbox({"focus", "lock", "6.7"});
  EXPECT_EQ(none.exit_status, 1);
  EXPECT_THAT(none.err, AllOf(HasSubstr("Turn it by hand"), HasSubstr("nail varnish")));
  answer(R"({"error":{"code":"bad_value","message":"0 to 15 dioptres"}})", 2);
  EXPECT_EQ(nestbox({"focus", "lock", "20"}).exit_status, 2);
}

TEST_F(CommandLineTest, HelpAndVersionNeedNoDaemon) {
  const auto help = CommandLine{.arguments = {"--help"}}.run();
  EXPECT_EQ(help.exit_status, 0);
  EXPECT_THAT(help.out,
              AllOf(HasSubstr("status"), HasSubstr("Exit status: 0 good"), HasSubstr("/run/nestbox/control.sock")));
  const auto help_of_live = CommandLine{.arguments = {"live", "--help"}}.run();
  EXPECT_THAT(help_of_live.out, HasSubstr("Try the way to the server for 20 s"));
  const auto version = CommandLine{.arguments = {"--version"}}.run();
  EXPECT_EQ(version.exit_status, 0);
  EXPECT_THAT(version.out, ContainsRegex("^nestbox [0-9]+\\.[0-9]+\\.[0-9]+\n$"));
}

TEST_F(CommandLineTest, NoDaemonIsExitThreeWithWhatToDo) {
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"status"}, {"key", "set", "x"}, {"snapshot"}, {"live", "test"}}) {
    auto all = words;
    all.insert(all.begin(), {"--socket", house_.folder().file("none.sock")});
    const auto run = CommandLine{.arguments = all, .input = "key\n"}.run();
    EXPECT_EQ(run.exit_status, 3);
    EXPECT_EQ(run.out, "");
    EXPECT_THAT(run.err, AllOf(HasSubstr("nestboxd is not running: there is no socket at"),
                               HasSubstr("systemctl start nestbox")));
  }
  const auto json = CommandLine{.arguments = {"--json", "--socket", house_.folder().file("none.sock"), "status"}}.run();
  EXPECT_EQ(json.exit_status, 3);
  EXPECT_EQ(nlohmann::json::parse(json.out)["error"]["code"], "not_running");
}

TEST_F(CommandLineTest, WhoIsNotInTheGroupIsToldHowToGetIn) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can try as somebody else";
  constexpr uid_t kNobody = 65534;
  // Where nobody may reach the program, whichever folder it was built in.
  const auto program = house_.folder().path() / "nestbox";
  std::filesystem::copy_file(nestbox_program(), program);
  std::filesystem::permissions(house_.folder().path(), std::filesystem::perms(0755));
  const auto run =
      CommandLine{.arguments = {"--socket", house_.path(), "status"}, .program = program, .user = kNobody}.run();
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_THAT(run.err, HasSubstr("you need to be in group nestbox: sudo usermod -aG nestbox nobody"));
}

TEST_F(CommandLineTest, DaemonThatDiesMeanwhileIsAFailure) {
  house_.handler().script([this](const Call&, const FakeHandler::Done& done) {
    boost::asio::post(house_.loop().context(), [done] { done({0, "{}", {}}); });
    house_.stop_from_loop();
  });
  const auto run = nestbox({"status"});
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_THAT(run.err, HasSubstr("went away before it had answered"));
}

TEST_F(CommandLineTest, BashCompletesCommandsKeysAndOutputs) {
  house_.handler().script([](const Call& call, const FakeHandler::Done& done) {
    if (call.command == "status")
      return done({0, R"({"outputs":[{"name":"youtube"},{"name":"yard"}],"lines":[{"name":"pir"}]})", {}});
    done(
        {0, R"({"settings":[{"key":"camera.ev","value":"a \"b\""},{"key":"camera.width"},{"key":"web.listen"}]})", {}});
  });
  const auto complete = [this](std::vector<std::string> words) {
    std::string line = "source " NESTBOX_SOURCE_DIR "/scripts/completion/nestbox.bash; COMP_WORDS=('" +
                       nestbox_program().string() + "' --socket '" + house_.path() + "'";
    for (const auto& word : words) line += " '" + word + "'";
    line += "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _nestbox; echo \"${COMPREPLY[*]}\"";
    return CommandLine{.arguments = {"-c", line}, .program = "/bin/bash"}.run().out;
  };
  EXPECT_EQ(complete({"s"}), "status snapshot star species set setup sim\n");
  EXPECT_EQ(complete({"live", ""}), "start stop test\n");
  EXPECT_EQ(complete({"live", "test", "y"}), "youtube yard\n");
  EXPECT_EQ(complete({"key", "set", "yo"}), "youtube\n");
  EXPECT_EQ(complete({"sim", ""}), "set get\n");
  EXPECT_EQ(complete({"sim", "set", ""}), "pir\n");
  EXPECT_EQ(complete({"sim", "set", "pir", ""}), "0 1\n");
  EXPECT_EQ(complete({"--json", "set", "camera."}), "camera.ev camera.width\n");
  EXPECT_EQ(complete({"set", "camera.ev", ""}), "\n");
  EXPECT_EQ(complete({"status", "--j"}), "--json\n");
}

TEST_F(CommandLineTest, FullDiskUnderTheOutputIsAFailure) {
  answer(kGoodStatus);
  auto all =
      std::string("exec '") + nestbox_program().string() + "' --socket '" + house_.path() + "' status > /dev/full";
  const auto run = CommandLine{.arguments = {"-c", all}, .program = "/bin/sh"}.run();
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_THAT(run.err, HasSubstr("could not be written"));
}

}  // namespace
}  // namespace nestbox::tune
