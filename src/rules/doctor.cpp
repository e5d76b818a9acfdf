#include "nestbox/rules/doctor.h"

#include <fmt/format.h>

#include <algorithm>

#include "doctor_areas.h"

namespace nestbox::doctor {
namespace {

void examine_service(const Facts& facts, Findings& findings) {
  const auto& service = facts.service;
  findings.area = "service";
  for (const auto& line : service.configuration) {
    findings.fault("configuration", line, "mend that line, then: sudo systemctl restart nestbox");
  }
  switch (service.daemon) {
    case DaemonState::kRuns:
      findings.good("daemon", "the daemon runs");
      break;
    case DaemonState::kAbsent:
      findings.fault("daemon_not_running", service.trouble.empty() ? "the daemon does not run" : service.trouble,
                     "start it: sudo systemctl start nestbox; see why it stopped: journalctl -u nestbox -n 50");
      break;
    case DaemonState::kSilent:
      findings.fault("daemon_silent", "the daemon could not be asked: " + service.trouble, "sudo nestbox doctor");
      break;
  }
  for (const auto& problem : service.problems) findings.warning("problem", problem, "");
  if (!service.is_root_or_service) {
    findings.note("partial_view", "some things only root or the daemon may look at",
                  "for the whole picture: sudo nestbox doctor");
  }
  if (!service.missing_groups.empty()) {
    findings.warning("groups",
                     fmt::format("the user {} is not in {}: devices of these groups stay closed to it", service.user,
                                 fmt::join(service.missing_groups, ", ")),
                     fmt::format("sudo usermod -aG {} {}, then: sudo systemctl restart nestbox",
                                 fmt::join(service.missing_groups, ","), service.user));
  }
  if (service.page && service.page->empty()) {
    findings.warning("page_off", "the page is not served", "see web.listen; `nestbox status` says what is in its way");
  } else if (service.page) {
    findings.good("page", "the page is at " + *service.page);
  }
}

/// Boards whose processor is ARMv6: the packages are built for ARMv8.
bool is_armv6_board(const std::string& model) {
  const bool zero = model.find("Pi Zero") != std::string::npos && model.find("Zero 2") == std::string::npos;
  const bool first =
      model.find("Pi Model") != std::string::npos || model.find("Compute Module Rev") != std::string::npos;
  return zero || first;
}

void examine_system(const Facts& facts, Findings& findings) {
  const auto& system = facts.system;
  findings.area = "system";
  const auto& model = system.model.empty() ? std::string("no Raspberry Pi that could be read") : system.model;
  if (is_armv6_board(system.model)) {
    findings.fault("model", model + ": this board's processor (ARMv6) is not supported", "use a Zero 2 W, 3, 4 or 5");
  } else {
    findings.note("model", model, "");
  }
  if (system.machine == "armv7l" || system.machine == "armv6l") {
    findings.fault("32_bit", "this is a 32-bit system (" + system.machine + ")",
                   "install the 64-bit Raspberry Pi OS; the packages are arm64");
  }
  findings.note(
      "versions",
      fmt::format("nestbox {}, FFmpeg {}, {}, {}, kernel {} {}", system.version, system.ffmpeg_version,
                  system.libcamera.empty() ? "no libcamera" : fmt::format("{}", fmt::join(system.libcamera, " ")),
                  system.os.empty() ? "an unknown system" : system.os, system.kernel, system.machine),
      "");
}

}  // namespace

const char* level_text(Level level) {
  switch (level) {
    case Level::kGood:
      return "good";
    case Level::kNote:
      return "note";
    case Level::kWarning:
      return "warning";
    case Level::kFault:
      return "fault";
  }
  return "fault";
}

std::vector<Finding> examine(const Facts& facts) {
  Findings findings;
  examine_service(facts, findings);
  examine_camera(facts, findings);
  examine_encoder(facts, findings);
  examine_lines(facts, findings);
  examine_light(facts, findings);
  examine_memory(facts, findings);
  examine_power(facts, findings);
  examine_disk(facts, findings);
  examine_clock(facts, findings);
  examine_outputs(facts, findings);
  examine_uplink(facts, findings);
  examine_system(facts, findings);
  std::stable_sort(findings.all.begin(), findings.all.end(),
                   [](const Finding& a, const Finding& b) { return a.level > b.level; });
  return std::move(findings.all);
}

bool has_fault(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.level == Level::kFault; });
}

}  // namespace nestbox::doctor
