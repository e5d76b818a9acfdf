#include "doctor_report.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "json_values.h"
#include "nestbox/base/secret.h"

namespace nestbox {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const doctor::Finding& finding) {
  return {{"code", finding.code},
          {"area", finding.area},
          {"level", doctor::level_text(finding.level)},
          {"text", finding.text},
          {"advice", text_or_null(finding.advice)}};
}

Json to_json(const std::vector<doctor::DeviceNode>& nodes) {
  auto array = Json::array();
  for (const auto& node : nodes) array.push_back({{"path", node.path}, {"name", node.name}, {"usable", node.usable}});
  return array;
}

Json system_json(const doctor::SystemFacts& system) {
  return {{"version", system.version},     {"ffmpeg", system.ffmpeg_version},
          {"libcamera", system.libcamera}, {"model", text_or_null(system.model)},
          {"os", text_or_null(system.os)}, {"kernel", system.kernel},
          {"machine", system.machine}};
}

Json measured_json(const doctor::Facts& facts) {
  return {{"memory_total_bytes", facts.memory.total_bytes},
          {"memory_available_bytes", facts.memory.available_bytes},
          {"cma_total_bytes", value_or_null(facts.memory.cma_total_bytes)},
          {"cma_free_bytes", value_or_null(facts.memory.cma_free_bytes)},
          {"picture_buffers_bytes", facts.memory.picture_buffers_bytes},
          {"throttled", value_or_null(facts.power.throttled)},
          {"celsius", value_or_null(facts.power.celsius)},
          {"disk_free_bytes", value_or_null(facts.disk.free_bytes)},
          {"processors", facts.encoder.cores},
          {"processors_busy", value_or_null(facts.encoder.daemon_cores)},
          {"fps", facts.camera.fps},
          {"frames", facts.encoder.frames},
          {"frames_dropped", facts.encoder.frames_dropped}};
}

Json chips_json(const std::vector<doctor::ChipFacts>& chips) {
  auto array = Json::array();
  for (const auto& chip : chips)
    array.push_back({{"path", chip.device},
                     {"label", text_or_null(chip.label)},
                     {"lines", value_or_null(chip.lines)},
                     {"usable", chip.usable}});
  return array;
}

Json devices_json(const doctor::Facts& facts) {
  return {{"media", to_json(facts.camera.media)},
          {"video", to_json(facts.camera.video)},
          {"sensors", facts.camera.sensors},
          {"encoders", to_json(facts.encoder.devices)},
          {"chips", chips_json(facts.gpio.chips)}};
}

const char* word(LightVerdict::Lamp lamp) {
  switch (lamp) {
    case LightVerdict::Lamp::kAbsent:
      return "absent";
    case LightVerdict::Lamp::kWorks:
      return "works";
    case LightVerdict::Lamp::kWeak:
      return "weak";
    case LightVerdict::Lamp::kNotSeen:
      return "not_seen";
    case LightVerdict::Lamp::kReflects:
      return "reflects";
    case LightVerdict::Lamp::kUnclear:
      return "unclear";
  }
  return "unclear";
}

const char* word(LightVerdict::Filter filter) {
  switch (filter) {
    case LightVerdict::Filter::kAbsent:
      return "absent";
    case LightVerdict::Filter::kWorks:
      return "works";
    case LightVerdict::Filter::kStays:
      return "stays";
    case LightVerdict::Filter::kSwapped:
      return "swapped";
    case LightVerdict::Filter::kUnclear:
      return "unclear";
  }
  return "unclear";
}

Json to_json(const std::optional<LightVerdict>& trial) {
  if (!trial) return nullptr;
  return {{"lamp", word(trial->lamp)},
          {"filter", word(trial->filter)},
          {"lamp_factor", trial->lamp_factor},
          {"filter_factor", trial->filter_factor},
          {"burnt_by_lamp", trial->burnt_by_lamp},
          {"luma_with_lamp", trial->luma_with_lamp}};
}

Json to_json(const std::optional<doctor::UplinkFacts>& uplink) {
  if (!uplink || !uplink->trouble.empty()) return nullptr;
  const auto proposed = doctor::propose_rates(uplink->throughput_bps);
  return {{"output", uplink->output},
          {"seconds", uplink->seconds},
          {"throughput_bps", uplink->throughput_bps},
          {"saturated", uplink->saturated},
          {"retransmitted", uplink->retransmitted},
          {"proposed_bitrate_bps", proposed.bitrate_bps},
          {"proposed_bitrate_min_bps", proposed.bitrate_min_bps}};
}

}  // namespace

std::string to_json(const doctor::Facts& facts, const std::vector<doctor::Finding>& findings) {
  auto list = Json::array();
  for (const auto& finding : findings) list.push_back(to_json(finding));
  const Json body{{"findings", list},
                  {"daemon_running", facts.service.daemon == doctor::DaemonState::kRuns},
                  {"system", system_json(facts.system)},
                  {"measured", measured_json(facts)},
                  {"devices", devices_json(facts)},
                  {"lights", to_json(facts.light.trial)},
                  {"uplink", to_json(facts.uplink)}};
  return redacted(body.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace nestbox
