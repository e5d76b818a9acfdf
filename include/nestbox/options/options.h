#pragma once
/// Everything the owner can set, as plain values with their defaults; one struct for each section of the YAML.
/// config fills them, the stages read them. The defaults here are the defaults: config/nestbox.yaml is held equal to
/// them by a test.
#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "nestbox/options/lines.h"

namespace nestbox {

using std::chrono::milliseconds;

/// A place on the picture; both in [0, 1], from the top left corner.
struct Point {
  double x = 0, y = 0;
  bool operator==(const Point&) const = default;
};
using Polygon = std::vector<Point>;  ///< at least 3 corners

/// A part of the picture: left, top, right, bottom in [0, 1].
struct Rect {
  double left = 0, top = 0, right = 1, bottom = 1;
  bool operator==(const Rect&) const = default;
};

struct LocationOptions {
  double latitude = 0, longitude = 0;  ///< degrees, north and east positive; never leave the box
  bool operator==(const LocationOptions&) const = default;
};

struct CameraOptions {
  std::string source = "auto";  ///< auto | libcamera[:ID] | file:PATH[?loop=1][&pace=fast] | scene[:SEED] | demo
  bool allow_simulated = false;
  int width = 1280, height = 720;
  int framerate = 30;
  int analysis_width = 320;
  bool hflip = false, vflip = false;
  int rotation = 0;                     ///< 0 or 180
  std::optional<milliseconds> shutter;  ///< empty: auto
  std::optional<double> gain;           ///< empty: auto
  double ev = 0;
  std::string metering = "centre";
  std::string exposure_constraint = "normal";
  std::optional<Rect> exposure_zone;
  bool hdr = false;
  std::string awb = "auto";
  std::string denoise = "auto";
  double brightness = 0, contrast = 1, saturation = 1, sharpness = 1;
  std::optional<Rect> roi;
  std::string autofocus_mode = "auto";
  std::optional<double> lens_position;  ///< dioptres
  std::string tuning_file;
  bool operator==(const CameraOptions&) const = default;
};

/// What camera.night says by default: longer exposures, and colours that infra-red light does not tint.
inline CameraOptions default_camera_at_night() {
  CameraOptions camera;
  camera.framerate = 15;
  camera.awb = "greyworld";
  return camera;
}

struct EncoderOptions {
  std::string codec = "auto";
  std::int64_t bitrate_bps = 3'000'000, bitrate_min_bps = 400'000;
  milliseconds keyframe_interval{2000};
  std::string preset = "superfast";
  bool operator==(const EncoderOptions&) const = default;
};

struct AudioOptions {
  std::string source = "silence";  ///< silence | none | alsa:DEVICE | file:PATH
  bool operator==(const AudioOptions&) const = default;
};

struct OverlayOptions {
  bool enabled = true;
  std::string text = "{name}  {time}";
  std::string position = "bottom-left";  ///< {top,bottom}-{left,right}
  int size = 24;                         ///< height of the letters' line in rows of a picture 720 rows high
  bool operator==(const OverlayOptions&) const = default;
};

/// A part of the picture with a name. With at least one zone to watch, what lies in none of them is not looked at;
/// a zone to ignore wins over one to watch.
struct MotionZone {
  std::string name;  ///< [a-z0-9-], unique
  bool watch = true;
  Polygon polygon;
  bool operator==(const MotionZone&) const = default;
};

/// What the camera looks at: which disturbances are to be expected.
enum class MotionPreset : std::uint8_t {
  kNestBox,  ///< the inside of a box: no leaves, no weather; a bird may fill the picture or darken all of it
  kFeeder,   ///< close to the animals, the world behind it: quick birds, leaves, changing light
  kGarden,   ///< far from the animals: leaves, rain, insects near the lamp
};

struct MotionOptions {
  bool enabled = true;
  MotionPreset preset = MotionPreset::kGarden;
  int sensitivity = 50;            ///< 0 to 100; higher notices fainter animals
  double min_area = 0.002;         ///< share of the picture that moves at least, [0, 1]
  milliseconds min_duration{200};  ///< for so long, before it is an event
  std::vector<MotionZone> zones;
  bool operator==(const MotionOptions&) const = default;
};

struct TriggerOptions {
  std::string visit = "motion";  ///< an expression of motion, pir, lid, button; see rules/trigger_expression.h
  bool operator==(const TriggerOptions&) const = default;
};

struct VisitOptions {
  bool record = true;
  milliseconds pre_capture{5'000}, post_capture{10'000}, event_gap{15'000};
  milliseconds max_length = std::chrono::minutes(10);
  bool operator==(const VisitOptions&) const = default;
};

/// How much must stay free on the disk: a share of it, or bytes.
struct FreeSpace {
  double share = 0.10;
  std::int64_t bytes = 0;  ///< counts when it is not 0
  bool operator==(const FreeSpace&) const = default;
};

struct RetainOptions {
  int days = 30;  ///< 0: for ever
  FreeSpace min_free;
  std::int64_t max_size_bytes = 0;  ///< of all recordings together; 0: no limit
  bool operator==(const RetainOptions&) const = default;
};

/// When outputs are live; live if any says so. All false: never.
struct LiveWhen {
  bool always = false, manual = false, schedule = false, visit = false, button = false;
  bool operator==(const LiveWhen&) const = default;
};

/// Dawn and dusk are civil: the sun is 6 degrees below the horizon.
enum class SunEvent : std::uint8_t { kDawn, kSunrise, kSunset, kDusk };

/// A time of every day: by the clock, or by the sun over Options::location.
struct DayMoment {
  std::optional<SunEvent> sun;   ///< empty: by the clock
  std::chrono::seconds clock{};  ///< since midnight, local time; without `sun`
  milliseconds offset{};         ///< after the sun's event; negative: before it

  DayMoment() = default;
  template <class Rep, class Period>
  DayMoment(std::chrono::duration<Rep, Period> since_midnight) : clock(since_midnight) {}
  DayMoment(SunEvent event, milliseconds after = milliseconds(0)) : sun(event), offset(after) {}
  bool operator==(const DayMoment&) const = default;
};

/// From one time of day to another, perhaps past midnight; see rules/day_schedule.h.
struct ScheduleSpan {
  DayMoment from, to;
  bool operator==(const ScheduleSpan&) const = default;
};

struct OutputOptions {
  std::string name;      ///< [a-z0-9-], unique
  std::string url;       ///< without the key
  std::string key_file;  ///< empty: keys/NAME in paths.state, or the systemd credential NAME; may then be missing
  bool enabled = true;
  milliseconds max_session = std::chrono::hours(11) + std::chrono::minutes(50);  ///< 0: unlimited
  std::string ca_file;  ///< PEM of one's own server's authority; empty: the system's
  bool operator==(const OutputOptions&) const = default;
};

enum class Idle : std::uint8_t { kSlate, kOff };

struct LiveOptions {
  LiveWhen when;
  Idle idle = Idle::kSlate;
  milliseconds min_on_air = std::chrono::minutes(2);
  std::vector<ScheduleSpan> schedule;
  std::vector<OutputOptions> outputs;
  bool operator==(const LiveOptions&) const = default;
};

struct WebOptions {
  std::string listen = "127.0.0.1:8080";
  std::vector<std::string> allowed_hosts;
  bool public_page = false;
  std::string tls_cert, tls_key;
  bool operator==(const WebOptions&) const = default;
};

struct ControlOptions {
  std::string socket = "/run/nestbox/control.sock";
  bool operator==(const ControlOptions&) const = default;
};

struct PathsOptions {
  std::string state = "/var/lib/nestbox";
  bool operator==(const PathsOptions&) const = default;
};

struct LogOptions {
  std::string level = "info";  ///< debug | info | warning | error
  bool operator==(const LogOptions&) const = default;
};

struct Options {
  std::string name;  ///< empty: the host name
  std::optional<LocationOptions> location;
  std::string time_zone;  ///< IANA name; empty: the system's
  CameraOptions camera;
  CameraOptions camera_at_night = default_camera_at_night();  ///< camera, with camera.night laid over it
  DayNightOptions day_night;
  GpioOptions gpio;
  std::vector<Polygon> privacy;
  EncoderOptions encoder;
  AudioOptions audio;
  OverlayOptions overlay;
  MotionOptions motion;
  TriggerOptions triggers;
  VisitOptions visits;
  LiveOptions live;
  RetainOptions retain;
  WebOptions web;
  ControlOptions control;
  PathsOptions paths;
  LogOptions log;
  bool operator==(const Options&) const = default;
};

/// The camera's settings that count by day, or by night.
inline const CameraOptions& camera_now(const Options& options, DayNight mode) {
  return mode == DayNight::kNight ? options.camera_at_night : options.camera;
}

}  // namespace nestbox
