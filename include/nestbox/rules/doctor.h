#pragma once
/// What `nestbox doctor` makes of what it found: facts in, findings out, for an owner who is no programmer.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nestbox/options/lines.h"
#include "nestbox/rules/light_trial.h"

namespace nestbox::doctor {

enum class Level : std::uint8_t {
  kGood,
  kNote,     ///< worth knowing; nothing has to be done
  kWarning,  ///< it works, and will not for long, or not well
  kFault,    ///< something does not work
};

struct Finding {
  std::string code;  ///< for programs: "camera_absent", "key_missing:youtube"
  std::string area;  ///< camera, encoder, lines, light, memory, power, disk, clock, network, service, system
  Level level = Level::kGood;
  std::string text;
  std::string advice;  ///< what to do; empty where there is nothing to do
};

/// A file in /dev that somebody needs.
struct DeviceNode {
  std::string path;     ///< "/dev/video0"
  std::string name;     ///< of the driver or card: "bcm2835-codec-encode"
  bool usable = false;  ///< may be opened for reading and writing by who asks
  bool operator==(const DeviceNode&) const = default;
};

struct SystemFacts {
  std::string version, ffmpeg_version;
  std::vector<std::string> libcamera;  ///< sonames that are installed: "libcamera.so.0.5"
  std::string model;                   ///< of the board; empty where there is none to read
  std::string os, kernel, machine;     ///< "Debian GNU/Linux 12 (bookworm)", "6.12.25", "aarch64"
};

enum class DaemonState : std::uint8_t {
  kRuns,
  kAbsent,
  kSilent,  ///< it may run, and could not be asked
};

/// Who looks, and whether the daemon is there.
struct ServiceFacts {
  DaemonState daemon = DaemonState::kAbsent;
  std::string trouble;                      ///< why it could not be asked, as far as that is known
  std::vector<std::string> configuration;   ///< what is wrong with it, a line each
  std::vector<std::string> problems;        ///< what the running daemon says of itself
  std::string user;                         ///< whose groups were looked at; empty: there is no such user
  std::vector<std::string> missing_groups;  ///< that exist here and that the user is not in
  std::optional<std::string> page;          ///< address of the page; empty text: not served
  bool is_root_or_service = false;          ///< everything could be looked at
};

enum class PictureState : std::uint8_t { kUnknown, kRunning, kStalled, kAbsent, kBusy };

struct CameraFacts {
  std::string configured;  ///< camera.source
  std::string delivering;  ///< what delivers at present, where the daemon runs
  PictureState state = PictureState::kUnknown;
  int width = 0, height = 0;
  double fps_wanted = 0, fps = 0;  ///< fps: measured; 0: not measured
  std::uint64_t rebuilds = 0;
  std::string last_error;
  std::vector<std::string> notes;
  std::vector<DeviceNode> media, video;
  std::vector<std::string> sensors;  ///< that a driver has found: "imx708_wide 10-001a"
  std::vector<std::string> usb;      ///< cameras on USB, by their cards' names
};

struct EncoderFacts {
  std::string configured;           ///< encoder.codec
  std::string running;              ///< "libx264"; empty: unknown
  std::vector<DeviceNode> devices;  ///< memory-to-memory devices that offer H.264
  bool asleep = false, failed = false;
  std::string last_error;
  std::uint64_t frames = 0, frames_dropped = 0;
  std::optional<double> daemon_cores;  ///< processors the daemon keeps busy: 0.4 is 40 % of one
  int cores = 0;
};

/// A chip of lines.
struct ChipFacts {
  std::string device;  ///< "/dev/gpiochip0"
  std::string label;   ///< "pinctrl-bcm2711"; empty: unknown
  std::optional<int> lines;
  bool usable = false;  ///< may be opened for reading and writing by who asks
  bool operator==(const ChipFacts&) const = default;
};

enum class LineState : std::uint8_t {
  kUnknown,  ///< the daemon does not run
  kOk,
  kBusy,
  kAbsent,
  kStuck,  ///< active all the time
};

struct LineFacts {
  std::string name;  ///< "pir"
  LineText setting;  ///< as the settings name it: "GPIO4"
  LineBias bias = LineBias::kNone;
  LineState state = LineState::kUnknown;
  std::string where;   ///< "GPIO4 of pinctrl-bcm2711 (gpiochip0)", as far as it is known
  std::string holder;  ///< who has it while it is busy: "onewire@0"
  std::string error;
};

struct GpioFacts {
  std::string chip = "auto";     ///< gpio.chip
  std::vector<ChipFacts> chips;  ///< that exist
  std::vector<LineFacts> lines;  ///< that are in use; without those called "none"
  // What else may have pins of a Raspberry Pi's header without holding their lines.
  bool i2c = false;             ///< GPIO2 and 3
  bool spi = false;             ///< GPIO7 to 11
  bool serial_console = false;  ///< GPIO14 and 15
};

/// The folder of a lamp on a PWM channel or a LED.
struct LampPathFacts {
  std::string path;
  bool exists = false;  ///< a channel that can be exported exists
  bool usable = false;  ///< its files may be written by who asks
};

struct LightFacts {
  LampOptions::Type lamp = LampOptions::Type::kNone;
  IrCutOptions::Type filter = IrCutOptions::Type::kNone;
  std::optional<LampPathFacts> lamp_path;  ///< with a lamp on a path
  std::string lamp_trouble;                ///< what the daemon says of it
  std::string mode, why;                   ///< "night", "0.8 lx for 15 s, and night is below 5 lx"; empty: unknown
  std::optional<LightVerdict> trial;
  std::string trial_trouble;  ///< why there is no verdict although one was asked for
};

struct MemoryFacts {
  std::uint64_t total_bytes = 0, available_bytes = 0;
  std::optional<std::uint64_t> cma_total_bytes, cma_free_bytes;
  std::uint64_t picture_buffers_bytes = 0;  ///< what the pictures that are held at once take
};

struct PowerFacts {
  std::optional<std::uint32_t> throttled;  ///< the firmware's bits
  std::optional<bool> undervoltage_alarm;  ///< the kernel's own, where the bits are not to be had
  std::optional<double> celsius;
};

struct DiskFacts {
  std::string path;  ///< paths.state
  bool exists = false, writable = false, read_only = false;
  std::string absent_mount;     ///< the mount point that should be there and is not
  std::optional<bool> on_card;  ///< on an SD card
  std::optional<std::uint64_t> free_bytes, total_bytes;
};

struct ClockFacts {
  bool synchronised = false;
  bool has_rtc = false;
};

enum class KeyState : std::uint8_t {
  kPresent,
  kMissing,
  kUnusable,  ///< `text` says why
  kHidden,    ///< who asks may not look
};

/// How far the way to a server is open.
enum class Reach : std::uint8_t {
  kNotTried,
  kFile,    ///< no server at all
  kOpen,    ///< the name is known and the server takes a TCP connection
  kSecure,  ///< and its certificate is good
  kClosed,  ///< `text` says why
};

struct OutputFacts {
  std::string name;
  bool enabled = true;
  std::string server;  ///< "a.rtmps.youtube.com:443"; never with a key
  KeyState key = KeyState::kPresent;
  std::string key_text;
  Reach reach = Reach::kNotTried;
  std::string reach_text;
  bool live = false;  ///< media is being taken right now
};

/// `--uplink`: what the way to a server takes.
struct UplinkFacts {
  std::string output, server;
  std::string trouble;  ///< why there is no figure; empty: there is one
  double seconds = 0;
  double throughput_bps = 0;
  bool saturated = false;    ///< more was offered than the way takes; else it takes at least this
  double retransmitted = 0;  ///< share of the sent segments, 0 to 1
  std::int64_t bitrate_bps = 0, bitrate_min_bps = 0;  ///< the settings in effect
};

struct Facts {
  SystemFacts system;
  ServiceFacts service;
  CameraFacts camera;
  EncoderFacts encoder;
  GpioFacts gpio;
  LightFacts light;
  MemoryFacts memory;
  PowerFacts power;
  DiskFacts disk;
  ClockFacts clock;
  std::vector<OutputFacts> outputs;
  std::optional<UplinkFacts> uplink;
};

/// What the encoder is to be told on a way that takes `throughput_bps`: room is left for the sound, the container and
/// the way's bad minutes.
struct ProposedRates {
  std::int64_t bitrate_bps = 0, bitrate_min_bps = 0;
};
ProposedRates propose_rates(double throughput_bps);

/// All findings, the worst first; of one level in the order of the areas. Reentrant.
std::vector<Finding> examine(const Facts& facts);
/// Whether one of them is a fault.
bool has_fault(const std::vector<Finding>& findings);

const char* level_text(Level level);  ///< "good", "note", "warning", "fault"

}  // namespace nestbox::doctor
