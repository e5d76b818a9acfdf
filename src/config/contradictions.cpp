#include "contradictions.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "nestbox/rules/motion_zones.h"
#include "nestbox/rules/trigger_expression.h"
#include "scalars.h"

namespace nestbox::config {
namespace {

/// Whether nothing but movement in the picture, alone or with others, makes a visit.
bool needs_motion(const TriggerOptions& triggers) {
  const auto visit = TriggerExpression::parse(triggers.visit);
  if (!visit) return false;
  for (const auto active : {TriggerSet{}, TriggerSet{Trigger::kPir}, TriggerSet{Trigger::kButton},
                            TriggerSet{Trigger::kPir, Trigger::kButton}}) {
    if (visit->holds(active)) return false;
  }
  return true;
}

}  // namespace

std::vector<Contradiction> contradictions() {
  std::vector<Contradiction> all = {
      {{"encoder.bitrate_min", "encoder.bitrate"},
       [](const Options& o) {
         if (o.encoder.bitrate_min_bps <= o.encoder.bitrate_bps) return std::string();
         return fmt::format("encoder.bitrate_min ({}) is above encoder.bitrate ({})",
                            print_rate(o.encoder.bitrate_min_bps), print_rate(o.encoder.bitrate_bps));
       },
       "bitrate_min up to bitrate"},
      {{"camera.analysis_width", "camera.width"},
       [](const Options& o) {
         if (o.camera.analysis_width <= o.camera.width) return std::string();
         return fmt::format("camera.analysis_width ({}) is above camera.width ({})", o.camera.analysis_width,
                            o.camera.width);
       },
       "analysis_width up to width"},
      {{"visits.event_gap", "visits.max_length"},
       [](const Options& o) {
         if (o.visits.event_gap <= o.visits.max_length) return std::string();
         return fmt::format("visits.event_gap ({}) is above visits.max_length ({})", print_duration(o.visits.event_gap),
                            print_duration(o.visits.max_length));
       },
       "event_gap up to max_length"},
      {{"live.when", "live.schedule"},
       [](const Options& o) {
         if (!o.live.when.schedule || !o.live.schedule.empty()) return std::string();
         return std::string("live.when says schedule, and live.schedule is empty");
       },
       "a schedule such as [{from: \"06:30\", to: \"20:00\"}]"},
      {{"web.tls_cert", "web.tls_key"},
       [](const Options& o) {
         if (o.web.tls_cert.empty() == o.web.tls_key.empty()) return std::string();
         return std::string("web.tls_cert and web.tls_key go together, and one of them is missing");
       },
       "both or neither"},
  };
  auto of_lines = line_contradictions();
  std::move(of_lines.begin(), of_lines.end(), std::back_inserter(all));
  return all;
}

std::vector<std::string> doubts(const Options& options) {
  std::vector<std::string> doubts;
  if (options.motion.enabled && !is_anything_watched(options.motion.zones)) {
    doubts.emplace_back(
        "motion.zones leaves nothing of the picture to watch, so nothing that moves will be noticed: make a zone with "
        "watch: false smaller, or one with watch: true larger");
  }
  if (options.live.when.visit && !options.motion.enabled && needs_motion(options.triggers)) {
    doubts.emplace_back("live.when says visit, and motion.enabled is false: no visit will put anything on air");
  }
  return doubts;
}

}  // namespace nestbox::config
