// Every refusal, word for word: people read these lines, and so do scripts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "nestbox/config/settings.h"
#include "unit/config/refusal.h"

namespace nestbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::vector<ConfigErrorCode> codes_of(const std::string& yaml) {
  std::vector<ConfigErrorCode> codes;
  const auto options = options_from_yaml(yaml, "nestbox.yaml");
  if (options) return codes;
  for (const auto& error : options.error()) codes.push_back(error.code);
  return codes;
}

class EachRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(EachRefusal, SaysWhatWhereAndWhatWouldBeRight) {
  EXPECT_THAT(lines_of(GetParam().yaml), ElementsAre(GetParam().line)) << GetParam().yaml;
}

INSTANTIATE_TEST_SUITE_P(
    Keys, EachRefusal,
    testing::Values(
        Refusal{"camera:\n  widht: 640\n", "nestbox.yaml:2:3: camera.widht: no such key; did you mean camera.width?"},
        Refusal{"width: 640\n", "nestbox.yaml:1:1: width: no such key; did you mean camera.width?"},
        Refusal{"bitrate: 2M\n", "nestbox.yaml:1:1: bitrate: no such key; did you mean encoder.bitrate?"},
        Refusal{"kamera: {}\n", "nestbox.yaml:1:1: kamera: no such key; did you mean camera?"},
        Refusal{"posts: {enabled: true}\n", "nestbox.yaml:1:1: posts: no such key"},
        Refusal{
            "camera.width: 640\n",
            "nestbox.yaml:1:1: camera.width: a key in a file has no dots: each part stands on its own line below the "
            "other"},
        Refusal{"camera: 640\n", "nestbox.yaml:1:9: camera: is a section: its keys stand below it, indented"},
        Refusal{"- camera\n", "nestbox.yaml:1:1: is no map of settings such as \"name: owl-box\""},
        Refusal{"camera:\n  width: 640\n  width: 320\n",
                "nestbox.yaml:3:3: camera.width: given twice, first in line 2"},
        Refusal{"camera:\n  night: {width: 640}\n",
                "nestbox.yaml:2:11: camera.night.width: is not set for the night alone: the size of the picture is the "
                "same by day and by night, or the stream would break off at dusk"},
        Refusal{"camera:\n  night: {source: demo}\n",
                "nestbox.yaml:2:11: camera.night.source: is not set for the night alone: the source is the same by day "
                "and by night"},
        Refusal{"camera:\n  night: {night: {}}\n",
                "nestbox.yaml:2:11: camera.night.night: is not set for the night alone: a night has no night"},
        Refusal{"camera:\n  night: {framrate: 5}\n",
                "nestbox.yaml:2:11: camera.night.framrate: no such key; did you mean camera.night.framerate?"}));

INSTANTIATE_TEST_SUITE_P(
    Values, EachRefusal,
    testing::Values(
        Refusal{"camera: {width: wide}\n",
                "nestbox.yaml:1:17: camera.width: \"wide\" is not a whole number; allowed: a whole even number, 64 to "
                "4608"},
        Refusal{"camera: {width: 99999}\n",
                "nestbox.yaml:1:17: camera.width: 99999 is out of range; allowed: a whole even number, 64 to 4608"},
        Refusal{"camera: {width: 641}\n",
                "nestbox.yaml:1:17: camera.width: 641 is odd; allowed: a whole even number, 64 to 4608"},
        Refusal{
            "camera: {width: 99999999999999999999}\n",
            "nestbox.yaml:1:17: camera.width: \"99999999999999999999\" is not a whole number; allowed: a whole even "
            "number, 64 to 4608"},
        Refusal{
            "camera: {framerate: 29.97}\n",
            "nestbox.yaml:1:21: camera.framerate: \"29.97\" is not a whole number; allowed: a whole number, 1 to 120"},
        Refusal{"camera: {framerate: [30]}\n",
                "nestbox.yaml:1:21: camera.framerate: is not a whole number; allowed: a whole number, 1 to 120"},
        Refusal{"camera: {rotation: 90}\n", "nestbox.yaml:1:20: camera.rotation: 90 is out of range; allowed: 0 | 180"},
        Refusal{"camera: {hflip: maybe}\n",
                "nestbox.yaml:1:17: camera.hflip: \"maybe\" is not true or false; allowed: true | false"},
        Refusal{"camera: {brightness: nan}\n",
                "nestbox.yaml:1:22: camera.brightness: \"nan\" is not a number; allowed: a number, -1 to 1"},
        Refusal{"camera: {brightness: 0,5}\n", "nestbox.yaml:1:24: camera.5: no such key"},
        Refusal{"camera: {gain: high}\n",
                "nestbox.yaml:1:16: camera.gain: \"high\" is not a number; allowed: auto, or a number, 1 to 64"},
        Refusal{
            "camera: {shutter: 10}\n",
            "nestbox.yaml:1:19: camera.shutter: \"10\" is not a duration; allowed: auto, or a duration such as 500ms, "
            "10s, 5m or 1h30m, from 1ms to 10s"},
        Refusal{
            "camera: {roi: [0.5, 0, 0.5, 1]}\n",
            "nestbox.yaml:1:15: camera.roi: has no area; allowed: null, or [left, top, right, bottom], each from 0 to "
            "1, left before right, top before bottom"},
        Refusal{"camera: {awb: greyword}\n",
                "nestbox.yaml:1:15: camera.awb: \"greyword\" is not known; allowed: auto | incandescent | tungsten | "
                "fluorescent | indoor | daylight | cloudy | greyworld; did you mean greyworld?"},
        Refusal{"camera: {source: usb}\n",
                "nestbox.yaml:1:18: camera.source: \"usb\" is no source of pictures; allowed: auto | libcamera[:ID] | "
                "file:PATH[?loop=1][&pace=fast] | scene[:SEED] | demo"},
        Refusal{"camera: {source: \"file:/a.mp4?lop=1\"}\n",
                "nestbox.yaml:1:18: camera.source: \"file:/a.mp4?lop=1\" has an option that is not known, \"lop=1\"; "
                "allowed: auto | libcamera[:ID] | file:PATH[?loop=1][&pace=fast] | scene[:SEED] | demo"},
        Refusal{"encoder: {keyframe_interval: 3M}\n",
                "nestbox.yaml:1:30: encoder.keyframe_interval: \"3M\" is not a duration; allowed: a duration such as "
                "500ms, 10s, 5m or 1h30m, from 500ms to 10s"},
        Refusal{"encoder: {keyframe_interval: 60s}\n",
                "nestbox.yaml:1:30: encoder.keyframe_interval: 60s is out of range; allowed: a duration such as 500ms, "
                "10s, 5m or 1h30m, from 500ms to 10s"},
        Refusal{
            "encoder: {bitrate: 3000000}\n",
            "nestbox.yaml:1:20: encoder.bitrate: \"3000000\" is not a bit rate; allowed: a bit rate such as 2500k or "
            "4M (bits a second), from 100k to 50M"},
        Refusal{"encoder:\n  bitrate:\n",
                "nestbox.yaml:2:3: encoder.bitrate: has no value; allowed: a bit rate such as 2500k or 4M (bits a "
                "second), from 100k to 50M"},
        Refusal{"encoder: {codec: h265}\n",
                "nestbox.yaml:1:18: encoder.codec: \"h265\" is not known; allowed: auto | libx264 | h264_v4l2m2m"},
        Refusal{"audio: {source: loud}\n",
                "nestbox.yaml:1:17: audio.source: \"loud\" is no source of sound; allowed: silence | none | "
                "alsa:DEVICE | file:PATH"},
        Refusal{"name: Owl Box\n",
                "nestbox.yaml:1:7: name: \"Owl Box\" is no name for a box; allowed: lower-case letters, digits and "
                "hyphens, up to 63; or \"\" for the host name"},
        Refusal{
            "time_zone: Europe/Lundon\n",
            "nestbox.yaml:1:12: time_zone: \"Europe/Lundon\" is no time zone of this system; allowed: a name such as "
            "Europe/London, or \"\" for the system's"},
        Refusal{"location: {latitude: 91, longitude: 0}\n",
                "nestbox.yaml:1:22: location.latitude: 91 is out of range; allowed: a number, -90 to 90"},
        Refusal{"location: {latitude: 51}\n",
                "nestbox.yaml:1:11: location.longitude: is missing; allowed: a number, -180 to 180"},
        Refusal{"overlay: {text: \"{temperature}\"}\n",
                "nestbox.yaml:1:17: overlay.text: \"{temperature}\" has braces round something else than name, date or "
                "time; allowed: up to 200 characters; {name}, {date} and {time} (with the date) are filled in"},
        Refusal{"overlay: {text: \"a\\nb\"}\n",
                "nestbox.yaml:1:17: overlay.text: has more than one line, or a tab; allowed: up to 200 characters; "
                "{name}, {date} and {time} (with the date) are filled in"},
        Refusal{"privacy: [{polygon: [[0, 0], [1, 1]]}]\n",
                "nestbox.yaml:1:21: privacy[0].polygon: has 2 entries; allowed: a list of 3 to 32 corners [x, y]"},
        Refusal{
            "privacy: [{polygon: [[0, 0], [1, 1], [0, 2]]}]\n",
            "nestbox.yaml:1:42: privacy[0].polygon[2]: \"2\" is not a number from 0 to 1; allowed: [x, y], each from "
            "0 to 1, from the top left corner"},
        Refusal{"privacy: [{}]\n",
                "nestbox.yaml:1:11: privacy[0].polygon: is missing; allowed: a list of 3 to 32 corners [x, y]"},
        Refusal{"web: {listen: 8080}\n",
                "nestbox.yaml:1:15: web.listen: \"8080\" is no address to listen on; allowed: ADDRESS:PORT, such as "
                "127.0.0.1:8080 or [::1]:8080; port 0: any"},
        Refusal{"paths: {state: state}\n",
                "nestbox.yaml:1:16: paths.state: \"state\" is no absolute path; allowed: an absolute path"},
        Refusal{"log: {level: loud}\n",
                "nestbox.yaml:1:14: log.level: \"loud\" is not known; allowed: debug | info | warning | error"}));

INSTANTIATE_TEST_SUITE_P(
    Live, EachRefusal,
    testing::Values(
        Refusal{"live: {when: [manual, buton]}\n",
                "nestbox.yaml:1:23: live.when: \"buton\" is not known; allowed: never | always | visit | manual | "
                "schedule | button, or a list of them; did you mean button?"},
        Refusal{"live: {when: [never, always]}\n",
                "nestbox.yaml:1:15: live.when: \"never\" stands beside other words; allowed: never | always | visit | "
                "manual | schedule | button, or a list of them"},
        Refusal{"live: {schedule: [{from: noon, to: \"22:00\"}]}\n",
                "nestbox.yaml:1:26: live.schedule[0].from: \"noon\" is not a time of day; allowed: a time of day such "
                "as \"22:00\", or dawn, sunrise, sunset or dusk, also as dawn-10m or dusk+1h, up to 6h away"},
        Refusal{"live: {schedule: [{from: \"24:00\", to: \"22:00\"}]}\n",
                "nestbox.yaml:1:26: live.schedule[0].from: \"24:00\" is not a time of day; allowed: a time of day such "
                "as \"22:00\", or dawn, sunrise, sunset or dusk, also as dawn-10m or dusk+1h, up to 6h away"},
        Refusal{"live: {schedule: [{from: dawn-10, to: \"22:00\"}]}\n",
                "nestbox.yaml:1:26: live.schedule[0].from: \"dawn-10\" is not a time of day; allowed: a time of day "
                "such as \"22:00\", or dawn, sunrise, sunset or dusk, also as dawn-10m or dusk+1h, up to 6h away"},
        Refusal{"live: {schedule: [{from: dawn+-1h, to: \"22:00\"}]}\n",
                "nestbox.yaml:1:26: live.schedule[0].from: \"dawn+-1h\" is not a time of day; allowed: a time of day "
                "such as \"22:00\", or dawn, sunrise, sunset or dusk, also as dawn-10m or dusk+1h, up to 6h away"},
        Refusal{"live: {schedule: [{from: dusk+7h, to: \"22:00\"}]}\n",
                "nestbox.yaml:1:26: live.schedule[0].from: dusk+7h is out of range; allowed: a time of day such as "
                "\"22:00\", or dawn, sunrise, sunset or dusk, also as dawn-10m or dusk+1h, up to 6h away"},
        Refusal{"live: {schedule: [{from: \"06:00\", to: dusk+20m}]}\n",
                "nestbox.yaml:1:18: live.schedule: live.schedule says dusk, and location is not set; allowed: a "
                "location such as {latitude: 51.48, longitude: -3.18}"},
        Refusal{"live: {when: [manual, button]}\n",
                "nestbox.yaml:1:14: live.when: live.when says button, and gpio.button has no line; allowed: a button "
                "such as {line: 17}"},
        Refusal{"live: {outputs: [{name: You Tube, url: \"rtmp://h/app\"}]}\n",
                "nestbox.yaml:1:25: live.outputs[0].name: \"You Tube\" is no name of an output; allowed: lower-case "
                "letters, digits and hyphens, 1 to 32"},
        Refusal{
            "live: {outputs: [{name: a}]}\n",
            "nestbox.yaml:1:18: live.outputs[0].url: is missing; allowed: rtmp://, rtmps://, srt://, udp://, tcp://, "
            "http:// or https:// without the stream key, or file:PATH with a PATH that ends in .flv, .mkv, .mp4 or "
            ".ts"},
        Refusal{"live: {outputs: [{name: a, url: \"rtmp://h/app\", enable: no}]}\n",
                "nestbox.yaml:1:49: live.outputs[0].enable: no such key; did you mean enabled?"},
        Refusal{"live: {outputs: {a: {enabled: no}}}\n",
                "nestbox.yaml:1:18: live.outputs.a: no output has this name"}));

INSTANTIATE_TEST_SUITE_P(
    Contradictions, EachRefusal,
    testing::Values(
        Refusal{"encoder: {bitrate_min: 5M}\n",
                "nestbox.yaml:1:24: encoder.bitrate_min: encoder.bitrate_min (5M) is above encoder.bitrate (3M); "
                "allowed: bitrate_min up to bitrate"},
        Refusal{"camera: {width: 160}\n",
                "nestbox.yaml:1:17: camera.width: camera.analysis_width (320) is above camera.width (160); allowed: "
                "analysis_width up to width"},
        Refusal{
            "live: {when: [manual, schedule]}\n",
            "nestbox.yaml:1:14: live.when: live.when says schedule, and live.schedule is empty; allowed: a schedule "
            "such as [{from: \"06:30\", to: \"20:00\"}]"},
        Refusal{
            "web: {tls_cert: /c.pem}\n",
            "nestbox.yaml:1:17: web.tls_cert: web.tls_cert and web.tls_key go together, and one of them is missing; "
            "allowed: both or neither"},
        Refusal{"live:\n  outputs:\n    - {name: a, url: \"rtmp://h/x\"}\n    - {name: a, url: \"rtmp://h/y\"}\n",
                "nestbox.yaml:4:7: live.outputs[1].name: two outputs are called \"a\"; allowed: names that differ"}));

INSTANTIATE_TEST_SUITE_P(
    Text, EachRefusal,
    testing::Values(
        Refusal{"camera:\n\twidth: 640\n", "nestbox.yaml:2:1: a tab indents this line; YAML takes spaces only"},
        Refusal{"name: b\xfc"
                "hne\n",
                "nestbox.yaml:1:8: this is not UTF-8; save the file as UTF-8"},
        Refusal{"name: \x01\n", "nestbox.yaml:1:7: a control character (0x01) stands here; this is no text file"},
        Refusal{"name: a\n---\nname: b\n", "nestbox.yaml:2:1: a second document begins here; one file is one document"},
        Refusal{"base: &b {width: 640}\ncamera:\n  <<: *b\n",
                "nestbox.yaml:3:3: camera: merge keys (<<) are not used here; write the keys out"},
        Refusal{"name: !!str a\n", "nestbox.yaml:1:7: name: tags (!...) are not used here"},
        Refusal{"? [a, b]\n: c\n", "nestbox.yaml:1:3: a key must be a plain word"},
        Refusal{"privacy: &a [*a]\n", "nestbox.yaml:1:14: privacy: this alias stands inside what it names"}));

TEST(Errors, AllComeAtOnce) {
  const auto lines = lines_of(
      "name: BAD\ncamera:\n  widht: 1\n  width: 3\n  width: 4\nencoder: {bitrate: fast, bitrate_min: 5M}\nweb: "
      "{tls_cert: /c.pem}\n");
  ASSERT_THAT(lines, SizeIs(6));
  EXPECT_THAT(lines[0], HasSubstr(":5:3: camera.width: given twice"));
  EXPECT_THAT(lines[1], HasSubstr(":1:7: name:"));
  EXPECT_THAT(lines[2], HasSubstr(":3:3: camera.widht:"));
  EXPECT_THAT(lines[3], HasSubstr(":4:10: camera.width:"));
  EXPECT_THAT(lines[4], HasSubstr(":6:20: encoder.bitrate:"));
  EXPECT_THAT(lines[5], HasSubstr("go together"));
}

TEST(Errors, AContradictionWithAValueThatIsWrongAnywayIsNotSaid) {
  EXPECT_THAT(codes_of("encoder: {bitrate: fast, bitrate_min: 5M}\n"), ElementsAre(ConfigErrorCode::kBadValue));
}

TEST(Errors, AreBounded) {
  std::string yaml;
  for (int i = 0; i < 1000; ++i) yaml += "k" + std::to_string(i) + ": 1\n";
  const auto lines = lines_of(yaml);
  ASSERT_THAT(lines, SizeIs(101));
  EXPECT_EQ(lines.back(), "and 900 more errors");
}

TEST(Errors, SyntaxIsPlacedAndSaidInOurWords) {
  const auto lines = lines_of("camera:\n  width: [640\nname: x\n");
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_THAT(lines[0], HasSubstr("nestbox.yaml:"));
  EXPECT_THAT(lines[0], HasSubstr("cannot be read as YAML"));
}

TEST(Errors, HaveCodesForPrograms) {
  EXPECT_THAT(codes_of("posts: {}\n"), ElementsAre(ConfigErrorCode::kUnknownKey));
  EXPECT_THAT(codes_of("name: a\nname: b\n"), ElementsAre(ConfigErrorCode::kDuplicateKey));
  EXPECT_THAT(codes_of("camera: {width: 1}\n"), ElementsAre(ConfigErrorCode::kBadValue));
  EXPECT_THAT(codes_of("encoder: {bitrate_min: 5M}\n"), ElementsAre(ConfigErrorCode::kContradiction));
  EXPECT_THAT(codes_of("\t- a\n"), ElementsAre(ConfigErrorCode::kNotYaml));
  EXPECT_STREQ(code_text(ConfigErrorCode::kUnknownKey), "unknown_key");
  EXPECT_STREQ(code_text(ConfigErrorCode::kHeld), "held");
}

// Secrets: the address is refused, the way out is named, and the secret is not repeated.

class EachSecret : public testing::TestWithParam<const char*> {};

TEST_P(EachSecret, IsRefusedAndNotRepeated) {
  const std::string url = GetParam();
  const auto yaml = "live: {outputs: [{name: a, url: \"" + url + "\"}]}\n";
  EXPECT_THAT(codes_of(yaml), ElementsAre(ConfigErrorCode::kSecret)) << url;
  const auto lines = lines_of(yaml);
  ASSERT_THAT(lines, SizeIs(1)) << url;
  EXPECT_THAT(lines[0], HasSubstr("live.outputs[0].url: carries a secret ("));
  EXPECT_THAT(lines[0], HasSubstr("nestbox key set NAME"));
  for (const auto* const secret : {"hunter2", "ab1c", "abcd-efgh", "live_1", "FB-1", "c4nary"}) {
    EXPECT_THAT(lines[0], Not(HasSubstr(secret))) << url;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Addresses, EachSecret,
    testing::Values("rtmp://me:hunter2@host/app", "rtmps://a.rtmps.youtube.com/live2/ab1c-efgh-ijkl-mnop-qrst",
                    "rtmps://a.rtmps.youtube.com:443/live2/abcd-efgh-ijkl-mnop",
                    "rtmps://b.rtmps.youtube.com:443/live2?backup=1/ab1c-efgh-ijkl-mnop",
                    "rtmp://b.rtmp.youtube.com/live2?backup=1/c4nary", "rtmp://A.RTMP.YouTube.com/live2/c4nary",
                    "rtmp://live.twitch.tv/app/live_123456_abcdef", "rtmp://lhr03.contribute.live-video.net/app/c4nary",
                    "rtmps://live-api-s.facebook.com:443/rtmp/FB-123-0-Abc?s_bl=1&s_sw=0",
                    "rtmps://live-api-s.facebook.com:443/rtmp?s_bl=c4nary", "rtmp://own.example/live/FB-123-0-Abc",
                    "rtmp://own.example/live?key=c4nary", "rtmp://own.example/live?a=1&Token=c4nary",
                    "srt://own.example:9000?passphrase=c4nary", "rtmp://own.example/live/ab1c-efgh-ijkl-mnop"));

TEST(Secrets, CleanAddressesPass) {
  for (const auto* const url :
       {"rtmps://a.rtmps.youtube.com/live2", "rtmps://a.rtmps.youtube.com:443/live2/",
        "rtmps://b.rtmps.youtube.com:443/live2?backup=1", "rtmp://live.twitch.tv/app",
        "rtmps://live-api-s.facebook.com:443/rtmp/", "rtmp://own.example/live/nest-barn-owls-live",
        "rtmp://127.0.0.1:1935/live/owl", "rtmp://me@own.example/live", "srt://own.example:9000?streamid=owl",
        "file:/var/tmp/owl.flv", "rtmp://notyoutube.com/live2/owl", "udp://239.1.1.1:5000"}) {
    EXPECT_THAT(lines_of(std::string("live: {outputs: [{name: a, url: \"") + url + "\"}]}\n"), IsEmpty()) << url;
  }
}

TEST(Secrets, AKeyBesideAnOutputIsRefusedByName) {
  EXPECT_THAT(
      lines_of("live: {outputs: [{name: owl, url: \"rtmp://h/app\", key: c4nary}]}\n"),
      ElementsAre("nestbox.yaml:1:51: live.outputs[0].key: a secret does not stand in this file: remove it, and "
                  "give it by: nestbox key set owl"));
}

TEST(Secrets, AKeyInPlaceOfItsFileIsNotRepeated) {
  const auto lines = lines_of("live: {outputs: [{name: owl, url: \"rtmp://h/app\", key_file: c4nary}]}\n");
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_THAT(lines[0], HasSubstr("nestbox key set"));
  EXPECT_THAT(lines[0], Not(HasSubstr("c4nary")));
}

}  // namespace
}  // namespace nestbox
