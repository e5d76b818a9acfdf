/// Memory, power, disk and clock.
#include <fmt/format.h>

#include "doctor_areas.h"

namespace nestbox::doctor {
namespace {

constexpr double kMiB = 1 << 20, kGiB = 1 << 30;
constexpr std::uint64_t kLittleMemory = 400ULL
                                        << 20;  // less than this is sold as 512 MB with a large share for graphics
constexpr std::uint64_t kMemoryLeft = 48ULL << 20;
constexpr std::uint64_t kDiskFull = 16ULL << 20, kDiskLow = 512ULL << 20;
constexpr double kCmaHeadroom = 2.0;         // the sensor's own raw pictures take about as much again
constexpr double kHot_C = 80, kWarm_C = 70;  // the firmware slows the board down from 80

// What the firmware's get_throttled says, by bit; its upper half is what has been since the start.
constexpr std::uint32_t kUndervoltageNow = 1U << 0, kSlowedNow = 1U << 1 | 1U << 2 | 1U << 3;
constexpr std::uint32_t kUndervoltageSince = 1U << 16, kSlowedSince = 1U << 17 | 1U << 18 | 1U << 19;

constexpr auto kPowerAdvice =
    "use the power supply made for this board and a short, thick cable; with PoE, a stronger splitter or a shorter run";

std::string mib(std::uint64_t bytes) {
  return fmt::format("{:.0f} MiB", static_cast<double>(bytes) / kMiB);
}

void examine_cma(const Facts& facts, Findings& findings) {
  const auto& memory = facts.memory;
  if (!memory.cma_total_bytes || !memory.cma_free_bytes) return;
  if (*memory.cma_total_bytes == 0) {
    return findings.note("cma_none", "the kernel sets no contiguous memory (CMA) aside", "");
  }
  // While the camera runs its buffers are taken already.
  const bool taken = facts.camera.state == PictureState::kRunning && facts.camera.delivering.rfind("libcamera", 0) == 0;
  const auto room = *memory.cma_free_bytes + (taken ? memory.picture_buffers_bytes : 0);
  const auto text =
      fmt::format("contiguous memory (CMA): {} free of {}; the pictures need about {}", mib(*memory.cma_free_bytes),
                  mib(*memory.cma_total_bytes), mib(memory.picture_buffers_bytes));
  constexpr auto kAdvice =
      "in config.txt write dtoverlay=vc4-kms-v3d,cma-256 (cma-128 on 512 MB) and start anew, or lower camera.width";
  if (room < memory.picture_buffers_bytes) {
    findings.fault("cma_short", text, kAdvice);
  } else if (static_cast<double>(*memory.cma_total_bytes) <
             kCmaHeadroom * static_cast<double>(memory.picture_buffers_bytes)) {
    findings.warning("cma_tight", text, kAdvice);
  } else {
    findings.good("cma", text);
  }
}

}  // namespace

void examine_memory(const Facts& facts, Findings& findings) {
  const auto& memory = facts.memory;
  findings.area = "memory";
  if (memory.total_bytes == 0) return findings.note("memory_unknown", "the memory could not be read", "");
  const auto text = fmt::format("{} of {} available", mib(memory.available_bytes), mib(memory.total_bytes));
  if (memory.available_bytes < kMemoryLeft) {
    findings.warning("memory_low", text, "end other programs; a desktop is no good neighbour on a small board");
  } else if (memory.total_bytes < kLittleMemory) {
    findings.note("memory_small", text + ": a small board", "keep camera.width at 1280 and use no desktop");
  } else {
    findings.good("memory", text);
  }
  examine_cma(facts, findings);
}

void examine_power(const Facts& facts, Findings& findings) {
  const auto& power = facts.power;
  findings.area = "power";
  const auto bits = power.throttled.value_or(0);
  if ((bits & kUndervoltageNow) != 0) {
    findings.fault("undervoltage", "the supply voltage is too low right now", kPowerAdvice);
  } else if ((bits & kUndervoltageSince) != 0 || power.undervoltage_alarm == true) {
    findings.warning("undervoltage_was", "the supply voltage has been too low since the start", kPowerAdvice);
  } else if (power.throttled || power.undervoltage_alarm) {
    findings.good("voltage", "the supply voltage has been good since the start");
  } else {
    findings.note("voltage_unknown", "nothing here measures the supply voltage", "");
  }
  constexpr auto kCool = "give it shade, air or a heat sink; lower camera.framerate";
  if ((bits & kSlowedNow) != 0) {
    findings.warning("slowed", "the firmware slows the processor down right now, for heat or voltage", kCool);
  } else if ((bits & kSlowedSince) != 0) {
    findings.note("slowed_was", "the firmware has slowed the processor down since the start, for heat or voltage",
                  kCool);
  }
  if (!power.celsius) return;
  const auto text = fmt::format("the processor is at {:.0f} degrees Celsius", *power.celsius);
  if (*power.celsius >= kHot_C) {
    findings.warning("hot", text, kCool);
  } else if (*power.celsius >= kWarm_C) {
    findings.note("warm", text, "on a summer's day it will be more");
  } else {
    findings.good("temperature", text);
  }
}

void examine_disk(const Facts& facts, Findings& findings) {
  const auto& disk = facts.disk;
  findings.area = "disk";
  if (!disk.absent_mount.empty()) {
    return findings.fault("mount_absent",
                          fmt::format("{} is not mounted, so nothing is kept in {}", disk.absent_mount, disk.path),
                          fmt::format("plug the disk in, then: sudo mount {}", disk.absent_mount));
  }
  if (!disk.exists) {
    return findings.fault("state_missing", disk.path + " is not there: settings and keys cannot be kept",
                          fmt::format("sudo install -d -o nestbox -g nestbox -m 750 {}", disk.path));
  }
  if (disk.read_only) {
    findings.fault("disk_read_only", disk.path + " can only be read: the card may be worn out",
                   "look at `dmesg`; copy what you need and put a new card in");
  } else if (!disk.writable && facts.service.is_root_or_service) {
    findings.fault("state_not_writable", disk.path + " cannot be written",
                   fmt::format("sudo chown -R nestbox:nestbox {}", disk.path));
  }
  if (disk.free_bytes) {
    const auto text = fmt::format("{:.1f} GiB free in {}", static_cast<double>(*disk.free_bytes) / kGiB, disk.path);
    if (*disk.free_bytes < kDiskFull) {
      findings.fault("disk_full", text, "make room: sudo apt clean, old films, old logs");
    } else if (*disk.free_bytes < kDiskLow) {
      findings.warning("disk_low", text, "make room: sudo apt clean, old films, old logs");
    } else {
      findings.good("disk", text);
    }
  }
  if (disk.on_card == true) {
    findings.note("disk_card", disk.path + " is on the SD card, which wears out with every write",
                  "for many recordings use a USB disk and paths.state");
  }
}

void examine_clock(const Facts& facts, Findings& findings) {
  findings.area = "clock";
  if (!facts.clock.synchronised) {
    findings.warning("clock",
                     "the clock is not set by the network: times on the picture may be wrong, and certificates "
                     "may seem to be expired",
                     "check the network, then: timedatectl status");
  } else {
    findings.good("clock", "the clock is set by the network");
  }
  if (!facts.clock.has_rtc) {
    findings.note("no_rtc",
                  "there is no clock with a battery: after a power cut the time is wrong until the network is "
                  "back",
                  "");
  }
}

}  // namespace nestbox::doctor
