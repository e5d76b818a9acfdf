/// Camera and encoder.
#include <fmt/format.h>

#include <algorithm>

#include "doctor_areas.h"

namespace nestbox::doctor {
namespace {

constexpr double kSlowShare = 0.8;      // of the frame rate that was asked for
constexpr double kDroppedShare = 0.01;  // of the frames
constexpr double kBusyShare = 0.85;     // of all processors

bool wants_camera(const CameraFacts& camera) {
  return camera.configured == "auto" || camera.configured == "demo" || camera.configured.starts_with("libcamera");
}

std::string because(const std::string& reason) {
  return reason.empty() ? "" : ": " + reason;
}

constexpr auto kCableAdvice =
    "switch the power off and seat the flat cable again at both ends, contacts the right way round; in config.txt "
    "camera_auto_detect=1 (or the dtoverlay of your camera) must stand; `rpicam-hello --list-cameras` says what is "
    "found";

void examine_devices(const CameraFacts& camera, Findings& findings) {
  std::vector<std::string> closed;
  for (const auto* nodes : {&camera.media, &camera.video}) {
    for (const auto& node : *nodes) {
      if (!node.usable) closed.push_back(node.path);
    }
  }
  if (!closed.empty()) {
    findings.warning("device_permissions", fmt::format("may not be opened: {}", fmt::join(closed, ", ")),
                     "who runs it must be in the group video: sudo usermod -aG video nestbox, then: sudo systemctl "
                     "restart nestbox");
  }
  if (camera.media.empty() && camera.usb.empty()) {
    findings.fault("no_camera_device", "the kernel has no camera device (/dev/media*)", kCableAdvice);
  } else if (camera.sensors.empty() && camera.usb.empty()) {
    findings.fault("no_sensor", "the kernel has found no camera sensor", kCableAdvice);
  } else {
    auto found = camera.sensors;
    found.insert(found.end(), camera.usb.begin(), camera.usb.end());
    findings.good("sensor", fmt::format("found by the kernel: {}", fmt::join(found, ", ")));
  }
}

void examine_picture(const CameraFacts& camera, Findings& findings) {
  const auto source = camera.delivering.empty() ? camera.configured : camera.delivering;
  switch (camera.state) {
    case PictureState::kUnknown:
      return findings.note("camera_unknown", "whether pictures come, only the running daemon knows", "");
    case PictureState::kStalled:
      return findings.fault("camera_stalled", source + ": no pictures come" + because(camera.last_error),
                            "it is opened anew by itself; if it stays so, switch the box off and on, then look at the "
                            "cable and the power supply");
    case PictureState::kAbsent:
      return findings.fault("camera_absent", source + ": no camera" + because(camera.last_error),
                            wants_camera(camera) ? kCableAdvice : "check camera.source in the configuration");
    case PictureState::kBusy:
      return findings.fault("camera_busy", source + ": in use by another program" + because(camera.last_error),
                            "end the other program (rpicam-vid, motion, a second nestboxd): sudo fuser -v /dev/media*");
    case PictureState::kRunning:
      break;
  }
  const auto what = fmt::format("{}, {} x {}, {:.1f} pictures/s", source, camera.width, camera.height, camera.fps);
  if (camera.fps > 0 && camera.fps < kSlowShare * camera.fps_wanted) {
    findings.warning("camera_slow", fmt::format("{}, of {:.0f} that were asked for", what, camera.fps_wanted),
                     "at night long exposures do this; by day lower camera.framerate or camera.width");
  } else if (source.starts_with("scene")) {
    findings.note("camera_simulated", what + ": a simulation, not your box", "set camera.source to auto");
  } else {
    findings.good("camera", what);
  }
}

/// Boards with an H.264 encoder of their own: Zero 2 W, 3 and 4. Nothing for boards that are not known.
std::optional<bool> has_hardware_encoder(const std::string& model) {
  if (model.find("Raspberry Pi") == std::string::npos) return std::nullopt;
  for (const auto* newer : {"Raspberry Pi 5", "Raspberry Pi 500", "Compute Module 5"}) {
    if (model.find(newer) != std::string::npos) return false;
  }
  return true;
}

std::string cost_text(const EncoderFacts& encoder) {
  if (!encoder.daemon_cores) return "";
  return fmt::format("; the daemon keeps {:.0f} % of one processor busy, of {}{}", 100 * *encoder.daemon_cores,
                     encoder.cores, encoder.asleep ? ", while the encoder sleeps" : "");
}

void examine_codec(const Facts& facts, Findings& findings) {
  const auto& encoder = facts.encoder;
  const auto usable = std::find_if(encoder.devices.begin(), encoder.devices.end(),
                                   [](const DeviceNode& device) { return device.usable; });
  const auto running = encoder.running.empty() ? "" : "in use: " + encoder.running + cost_text(encoder);
  if (usable != encoder.devices.end()) {
    return findings.good("encoder_hardware", fmt::format("{} ({}) offers H.264{}", usable->path, usable->name,
                                                         running.empty() ? "" : "; " + running));
  }
  if (!encoder.devices.empty()) {
    const auto& device = encoder.devices.front();
    return findings.warning("encoder_closed", device.path + " offers H.264 and may not be opened",
                            "sudo usermod -aG video nestbox, then: sudo systemctl restart nestbox");
  }
  const auto expected = has_hardware_encoder(facts.system.model);
  const auto software = "no device offers H.264, so libx264 encodes on the processors" + cost_text(encoder);
  if (expected == true) {
    findings.warning("encoder_missing", software + "; this model has a device for it",
                     "the driver bcm2835-codec is not there: use Raspberry Pi OS's own kernel");
  } else {
    findings.note("encoder_software", software, expected ? "that is how it is on this model" : "");
  }
}

}  // namespace

void examine_camera(const Facts& facts, Findings& findings) {
  const auto& camera = facts.camera;
  findings.area = "camera";
  examine_picture(camera, findings);
  if (wants_camera(camera)) {
    examine_devices(camera, findings);
    if (facts.system.libcamera.empty()) {
      findings.fault("no_libcamera", "libcamera is not installed, without which no camera can be used",
                     "sudo apt install libcamera-ipa, which brings the libcamera of your system");
    }
  }
  for (const auto& note : camera.notes) findings.note("camera_note", note, "");
  if (camera.rebuilds > 0) {
    findings.note("camera_rebuilds",
                  fmt::format("the camera was opened anew {} times since the start", camera.rebuilds),
                  "often: the cable, or the power supply");
  }
}

void examine_encoder(const Facts& facts, Findings& findings) {
  const auto& encoder = facts.encoder;
  findings.area = "encoder";
  if (encoder.failed) {
    findings.fault("encoder_failed", "the encoder does not work" + because(encoder.last_error),
                   "try `nestbox set encoder.codec libx264`; look at encoder and camera size in the configuration");
  }
  examine_codec(facts, findings);
  const auto offered = static_cast<double>(encoder.frames + encoder.frames_dropped);
  if (offered > 0 && static_cast<double>(encoder.frames_dropped) > kDroppedShare * offered) {
    findings.warning(
        "encoder_behind",
        fmt::format("the encoder let {} of {:.0f} pictures go: it cannot keep up", encoder.frames_dropped, offered),
        "lower camera.framerate or camera.width, or set encoder.preset to ultrafast");
  }
  if (encoder.daemon_cores && encoder.cores > 0 && *encoder.daemon_cores > kBusyShare * encoder.cores) {
    findings.warning("processor_full",
                     fmt::format("the daemon keeps {:.1f} of {} processors busy", *encoder.daemon_cores, encoder.cores),
                     "lower camera.framerate or camera.width");
  }
}

}  // namespace nestbox::doctor
