#include "nestbox/rules/doctor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace nestbox::doctor {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

/// A Raspberry Pi 4 with nothing to complain of.
Facts healthy() {
  Facts facts;
  facts.system = {"0.1.0", "5.1.6",  {"libcamera.so.0.5"}, "Raspberry Pi 4 Model B Rev 1.4", "Debian",
                  "6.12",  "aarch64"};
  facts.service.daemon = DaemonState::kRuns;
  facts.service.is_root_or_service = true;
  facts.service.user = "nestbox";
  facts.service.page = "http://127.0.0.1:8080/";
  facts.camera.configured = "auto";
  facts.camera.delivering = "libcamera:imx708";
  facts.camera.state = PictureState::kRunning;
  facts.camera.width = 1280;
  facts.camera.height = 720;
  facts.camera.fps = facts.camera.fps_wanted = 30;
  facts.camera.media = {{"/dev/media0", "unicam", true}};
  facts.camera.sensors = {"imx708_wide 10-001a"};
  facts.encoder.running = "h264_v4l2m2m";
  facts.encoder.devices = {{"/dev/video11", "bcm2835-codec-encode", true}};
  facts.encoder.frames = 1000;
  facts.encoder.daemon_cores = 0.3;
  facts.encoder.cores = 4;
  facts.memory = {1900 * kMiB, 1500 * kMiB, 256 * kMiB, 200 * kMiB, 14 * kMiB};
  facts.power.throttled = 0;
  facts.power.celsius = 48;
  facts.disk = {"/var/lib/nestbox", true, true, false, "", false, 8000 * kMiB, 16000 * kMiB};
  facts.clock = {true, true};
  facts.gpio.chips = {{"/dev/gpiochip0", "pinctrl-bcm2711", 58, true}};
  facts.gpio.lines = {
      {"pir", "GPIO4", LineBias::kPullDown, LineState::kOk, "GPIO4 of pinctrl-bcm2711 (gpiochip0)", "", ""},
      {"lamp", "18", LineBias::kNone, LineState::kOk, "GPIO18 of pinctrl-bcm2711 (gpiochip0)", "", ""}};
  facts.light.lamp = LampOptions::Type::kLevel;
  facts.light.filter = IrCutOptions::Type::kCoil;
  facts.light.trial = LightVerdict{};
  facts.light.trial->lamp = LightVerdict::Lamp::kWorks;
  facts.light.trial->filter = LightVerdict::Filter::kWorks;
  facts.outputs = {{"youtube", true, "a.rtmps.youtube.com:443", KeyState::kPresent, "", Reach::kSecure, "", false}};
  return facts;
}

const Finding* find(const std::vector<Finding>& findings, const std::string& code) {
  const auto found =
      std::find_if(findings.begin(), findings.end(), [&](const Finding& finding) { return finding.code == code; });
  return found == findings.end() ? nullptr : &*found;
}

TEST(Doctor, HasNothingToSayOfAHealthyBox) {
  const auto findings = examine(healthy());
  EXPECT_FALSE(has_fault(findings));
  for (const auto& finding : findings) EXPECT_LE(finding.level, Level::kNote) << finding.code << ": " << finding.text;
}

struct Ailment {
  const char* code;
  Level level;
  std::function<void(Facts&)> befall;
};

/// Each alone, on an otherwise healthy box.
const std::vector<Ailment>& ailments() {
  static const std::vector<Ailment> kAilments{
      {"configuration", Level::kFault, [](Facts& f) { f.service.configuration = {"nestbox.yaml:1:1: no such key"}; }},
      {"daemon_not_running", Level::kFault, [](Facts& f) { f.service.daemon = DaemonState::kAbsent; }},
      {"daemon_silent", Level::kFault, [](Facts& f) { f.service.daemon = DaemonState::kSilent; }},
      {"groups", Level::kWarning, [](Facts& f) { f.service.missing_groups = {"video"}; }},
      {"page_off", Level::kWarning, [](Facts& f) { f.service.page = ""; }},
      {"model", Level::kFault, [](Facts& f) { f.system.model = "Raspberry Pi Zero W Rev 1.1"; }},
      {"32_bit", Level::kFault, [](Facts& f) { f.system.machine = "armv7l"; }},
      {"no_libcamera", Level::kFault, [](Facts& f) { f.system.libcamera.clear(); }},
      {"camera_stalled", Level::kFault, [](Facts& f) { f.camera.state = PictureState::kStalled; }},
      {"camera_absent", Level::kFault, [](Facts& f) { f.camera.state = PictureState::kAbsent; }},
      {"camera_busy", Level::kFault, [](Facts& f) { f.camera.state = PictureState::kBusy; }},
      {"camera_slow", Level::kWarning, [](Facts& f) { f.camera.fps = 12; }},
      {"no_camera_device", Level::kFault, [](Facts& f) { f.camera.media.clear(); }},
      {"no_sensor", Level::kFault, [](Facts& f) { f.camera.sensors.clear(); }},
      {"device_permissions", Level::kWarning, [](Facts& f) { f.camera.media[0].usable = false; }},
      {"encoder_failed", Level::kFault, [](Facts& f) { f.encoder.failed = true; }},
      {"encoder_closed", Level::kWarning, [](Facts& f) { f.encoder.devices[0].usable = false; }},
      {"encoder_missing", Level::kWarning, [](Facts& f) { f.encoder.devices.clear(); }},
      {"encoder_behind", Level::kWarning, [](Facts& f) { f.encoder.frames_dropped = 50; }},
      {"processor_full", Level::kWarning, [](Facts& f) { f.encoder.daemon_cores = 3.8; }},
      {"no_chip", Level::kFault, [](Facts& f) { f.gpio.chips.clear(); }},
      {"chip_permissions", Level::kFault, [](Facts& f) { f.gpio.chips[0].usable = false; }},
      {"chip_permissions", Level::kNote,
       [](Facts& f) {
         f.gpio.chips.push_back({"/dev/gpiochip1", "", std::nullopt, false});
       }},
      {"line_busy:pir", Level::kFault, [](Facts& f) { f.gpio.lines[0].state = LineState::kBusy; }},
      {"line_absent:pir", Level::kFault, [](Facts& f) { f.gpio.lines[0].state = LineState::kAbsent; }},
      {"line_stuck:pir", Level::kWarning, [](Facts& f) { f.gpio.lines[0].state = LineState::kStuck; }},
      {"line_pin:pir", Level::kWarning, [](Facts& f) { f.gpio.lines[0].setting = "GPIO1"; }},
      {"line_pin:pir", Level::kWarning, [](Facts& f) { f.gpio.lines[0].setting = "2"; }},
      {"line_pin:lamp", Level::kNote, [](Facts& f) { f.gpio.lines[1].setting = "gpio3"; }},
      {"line_pin:lamp", Level::kWarning,
       [](Facts& f) {
         f.gpio.lines[1].setting = "GPIO3";
         f.gpio.i2c = true;
       }},
      {"line_pin:pir", Level::kWarning,
       [](Facts& f) {
         f.gpio.lines[0].setting = "GPIO9";
         f.gpio.spi = true;
       }},
      {"line_pin:pir", Level::kWarning,
       [](Facts& f) {
         f.gpio.lines[0].setting = "GPIO14";
         f.gpio.serial_console = true;
       }},
      {"lines_simulated", Level::kNote, [](Facts& f) { f.gpio.chip = "sim"; }},
      {"lamp_path", Level::kFault,
       [](Facts& f) {
         f.light.lamp_path = LampPathFacts{"/sys/class/pwm/pwmchip0/pwm0", false, false};
       }},
      {"lamp_permissions", Level::kFault,
       [](Facts& f) {
         f.light.lamp_path = LampPathFacts{"/sys/class/pwm/pwmchip0/pwm0", true, false};
       }},
      {"lamp_trouble", Level::kFault, [](Facts& f) { f.light.lamp_trouble = "duty_cycle: invalid argument"; }},
      {"lights_untried", Level::kNote, [](Facts& f) { f.light.trial.reset(); }},
      {"lights_trial", Level::kWarning, [](Facts& f) { f.light.trial_trouble = "no picture came"; }},
      {"lamp_weak", Level::kWarning, [](Facts& f) { f.light.trial->lamp = LightVerdict::Lamp::kWeak; }},
      {"lamp_not_seen", Level::kFault, [](Facts& f) { f.light.trial->lamp = LightVerdict::Lamp::kNotSeen; }},
      {"lamp_reflects", Level::kWarning, [](Facts& f) { f.light.trial->lamp = LightVerdict::Lamp::kReflects; }},
      {"lamp_unclear", Level::kNote,
       [](Facts& f) {
         f.light.trial->lamp = LightVerdict::Lamp::kUnclear;
         f.light.trial->light = LightVerdict::Light::kBright;
       }},
      {"filter_stays", Level::kFault, [](Facts& f) { f.light.trial->filter = LightVerdict::Filter::kStays; }},
      {"filter_swapped", Level::kFault, [](Facts& f) { f.light.trial->filter = LightVerdict::Filter::kSwapped; }},
      {"filter_unclear", Level::kNote, [](Facts& f) { f.light.trial->filter = LightVerdict::Filter::kUnclear; }},
      {"memory_low", Level::kWarning, [](Facts& f) { f.memory.available_bytes = 20 * kMiB; }},
      {"cma_short", Level::kFault,
       [](Facts& f) {
         f.camera.delivering.clear();
         f.camera.state = PictureState::kAbsent;
         f.memory.cma_free_bytes = 5 * kMiB;
       }},
      {"cma_tight", Level::kWarning, [](Facts& f) { f.memory.cma_total_bytes = 20 * kMiB; }},
      {"undervoltage", Level::kFault, [](Facts& f) { f.power.throttled = 0x50005; }},
      {"undervoltage_was", Level::kWarning, [](Facts& f) { f.power.throttled = 0x50000; }},
      {"undervoltage_was", Level::kWarning,
       [](Facts& f) {
         f.power = {std::nullopt, true, std::nullopt};
       }},
      {"slowed", Level::kWarning, [](Facts& f) { f.power.throttled = 0x8; }},
      {"hot", Level::kWarning, [](Facts& f) { f.power.celsius = 83; }},
      {"mount_absent", Level::kFault, [](Facts& f) { f.disk.absent_mount = "/media/disk"; }},
      {"state_missing", Level::kFault, [](Facts& f) { f.disk.exists = false; }},
      {"state_not_writable", Level::kFault, [](Facts& f) { f.disk.writable = false; }},
      {"disk_read_only", Level::kFault, [](Facts& f) { f.disk.read_only = true; }},
      {"disk_full", Level::kFault, [](Facts& f) { f.disk.free_bytes = 1 * kMiB; }},
      {"disk_low", Level::kWarning, [](Facts& f) { f.disk.free_bytes = 100 * kMiB; }},
      {"clock", Level::kWarning, [](Facts& f) { f.clock.synchronised = false; }},
      {"key_missing:youtube", Level::kWarning, [](Facts& f) { f.outputs[0].key = KeyState::kMissing; }},
      {"key_unusable:youtube", Level::kFault, [](Facts& f) { f.outputs[0].key = KeyState::kUnusable; }},
      {"reach_closed:youtube", Level::kFault, [](Facts& f) { f.outputs[0].reach = Reach::kClosed; }},
      {"uplink", Level::kFault,
       [](Facts& f) {
         f.uplink.emplace();
         f.uplink->trouble = "no network";
       }},
      {"uplink_too_slow", Level::kFault,
       [](Facts& f) { f.uplink = UplinkFacts{"youtube", "a:443", "", 30, 300e3, true, 0, 3'000'000, 400'000}; }},
      {"uplink_slow", Level::kWarning,
       [](Facts& f) { f.uplink = UplinkFacts{"youtube", "a:443", "", 30, 2e6, true, 0, 3'000'000, 400'000}; }},
      {"uplink_lossy", Level::kWarning,
       [](Facts& f) { f.uplink = UplinkFacts{"youtube", "a:443", "", 30, 20e6, false, 0.05, 3'000'000, 400'000}; }},
  };
  return kAilments;
}

TEST(Doctor, FindsEachAilmentAndSaysWhatToDo) {
  for (const auto& ailment : ailments()) {
    auto facts = healthy();
    ailment.befall(facts);
    const auto findings = examine(facts);
    const auto* const found = find(findings, ailment.code);
    ASSERT_NE(found, nullptr) << ailment.code;
    EXPECT_EQ(found->level, ailment.level) << ailment.code;
    EXPECT_FALSE(found->text.empty()) << ailment.code;
    EXPECT_FALSE(found->advice.empty()) << ailment.code;
    EXPECT_EQ(has_fault(findings), findings.front().level == Level::kFault) << "the worst comes first";
  }
}

TEST(Doctor, ABoardWithoutAnEncoderOfItsOwnIsNoFault) {
  auto facts = healthy();
  facts.system.model = "Raspberry Pi 5 Model B Rev 1.0";
  facts.encoder.devices.clear();
  const auto findings = examine(facts);
  ASSERT_NE(find(findings, "encoder_software"), nullptr);
  EXPECT_EQ(find(findings, "encoder_software")->level, Level::kNote);
}

TEST(Doctor, AFileNeedsNoCamera) {
  auto facts = healthy();
  facts.camera = {};
  facts.camera.configured = facts.camera.delivering = "file:/films/owl.mp4";
  facts.camera.state = PictureState::kRunning;
  facts.system.libcamera.clear();
  EXPECT_FALSE(has_fault(examine(facts)));
}

TEST(Doctor, SaysWhatHoldsABusyLineAndWhatToTakeOut) {
  struct Holder {
    const char *name, *remedy;
  };
  for (const auto& holder :
       {Holder{"onewire@0", "dtoverlay=w1-gpio"}, Holder{"w1-gpio", "dtoverlay=w1-gpio"},
        Holder{"spi0 CS0", "dtparam=spi=on"}, Holder{"i2c1", "i2c"}, Holder{"uart0", "enable_uart=1"},
        Holder{"ir-receiver@12", "dtoverlay=gpio-ir"}, Holder{"sysfs", "/sys/class/gpio"},
        Holder{"nestbox pir", "second nestboxd"}, Holder{"motion-lights.py", "end the program"}}) {
    auto facts = healthy();
    facts.gpio.lines[0].state = LineState::kBusy;
    facts.gpio.lines[0].holder = holder.name;
    const auto findings = examine(facts);
    const auto* const found = find(findings, "line_busy:pir");
    ASSERT_NE(found, nullptr);
    EXPECT_NE(found->text.find(holder.name), std::string::npos) << found->text;
    EXPECT_NE(found->advice.find(holder.remedy), std::string::npos) << found->advice;
  }
}

TEST(Doctor, PinsMeanSomethingOnTheHeaderAlone) {
  for (const auto* elsewhere : {"gpiochip1:2", "pinctrl-rp1:GPIO2", "GPIO27", "LED0", "GPIO22"}) {
    auto facts = healthy();
    facts.gpio.i2c = facts.gpio.spi = facts.gpio.serial_console = true;
    facts.gpio.lines[0].setting = elsewhere;
    EXPECT_EQ(find(examine(facts), "line_pin:pir"), nullptr) << elsewhere;
  }
}

TEST(Doctor, ABoxWithoutLinesHearsNothingOfThem) {
  auto facts = healthy();
  facts.gpio = {};
  facts.light = {};
  for (const auto& finding : examine(facts)) EXPECT_TRUE(finding.area != "lines" && finding.area != "light");
}

TEST(Doctor, SimulatedLinesNeedNoChip) {
  auto facts = healthy();
  facts.gpio.chip = "sim";
  facts.gpio.chips.clear();
  facts.gpio.lines[0].setting = "GPIO2";
  EXPECT_FALSE(has_fault(examine(facts)));
  EXPECT_EQ(find(examine(facts), "line_pin:pir"), nullptr);
}

TEST(Doctor, AFilterThatMovesTheWrongWayRoundIsMendedByItsKind) {
  auto facts = healthy();
  facts.light.trial->filter = LightVerdict::Filter::kSwapped;
  EXPECT_NE(find(examine(facts), "filter_swapped")->advice.find("line_a"), std::string::npos);
  facts.light.filter = IrCutOptions::Type::kLevel;
  EXPECT_NE(find(examine(facts), "filter_swapped")->advice.find("active"), std::string::npos);
}

TEST(Doctor, TellsHowStrongTheLampIsAndHowMuchIsBurntOut) {
  auto facts = healthy();
  facts.light.trial->lamp_factor = 841;
  facts.light.trial->burnt_by_lamp = 0.064;
  EXPECT_NE(find(examine(facts), "lamp")->text.find("841 times"), std::string::npos);
  facts.light.trial->lamp = LightVerdict::Lamp::kReflects;
  const auto findings = examine(facts);
  const auto* const reflects = find(findings, "lamp_reflects");
  EXPECT_NE(reflects->text.find("6 % of the picture"), std::string::npos) << reflects->text;
  EXPECT_NE(reflects->advice.find("move the lamp outside the housing or tilt it"), std::string::npos);
}

TEST(ProposedRates, LeaveRoom) {
  EXPECT_EQ(propose_rates(5e6).bitrate_bps, 3'350'000);
  EXPECT_EQ(propose_rates(5e6).bitrate_min_bps, 1'000'000);
  EXPECT_EQ(propose_rates(100e6).bitrate_bps, 10'000'000);
  EXPECT_EQ(propose_rates(100e3).bitrate_bps, 150'000);
  EXPECT_LE(propose_rates(300e3).bitrate_min_bps, propose_rates(300e3).bitrate_bps);
}

}  // namespace
}  // namespace nestbox::doctor
