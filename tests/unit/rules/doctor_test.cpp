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

TEST(ProposedRates, LeaveRoom) {
  EXPECT_EQ(propose_rates(5e6).bitrate_bps, 3'350'000);
  EXPECT_EQ(propose_rates(5e6).bitrate_min_bps, 1'000'000);
  EXPECT_EQ(propose_rates(100e6).bitrate_bps, 10'000'000);
  EXPECT_EQ(propose_rates(100e3).bitrate_bps, 150'000);
  EXPECT_LE(propose_rates(300e3).bitrate_min_bps, propose_rates(300e3).bitrate_bps);
}

}  // namespace
}  // namespace nestbox::doctor
