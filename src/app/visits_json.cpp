#include "visits_json.h"

#include <cmath>
#include <string>

#include "json_values.h"

namespace nestbox {
namespace {

using Json = nlohmann::ordered_json;

/// Seconds to the millisecond: nobody needs more, and binary fractions do not read well.
double seconds_of(std::chrono::nanoseconds duration) {
  return std::round(to_seconds(duration) * 1000) / 1000 + 0.0;  // no "-0.0"
}

Json names_of(TriggerSet triggers) {
  auto names = Json::array();
  for (const auto trigger : kEveryTrigger) {
    if (triggers.contains(trigger)) names.push_back(std::string(trigger_name(trigger)));
  }
  return names;
}

Json to_json(const MotionReason& reason) {
  return {{"code", reason.code}, {"text", reason_text(reason)}, {"for_s", reason.for_s}, {"ago_s", reason.ago_s}};
}

Json events_of(const std::vector<MotionRecord>& events, WallTime visit_begin) {
  auto all = Json::array();
  for (const auto& event : events) all.push_back(to_json(event, visit_begin));
  return all;
}

}  // namespace

Json to_json(const VisitRecord& visit, const TimeZone& zone) {
  const auto time = [&](WallTime when) { return to_rfc3339(zone.to_local(when)); };
  return {{"id", visit.id},
          {"start", time(visit.begin)},
          {"end", visit.end ? Json(time(*visit.end)) : Json(nullptr)},
          {"clock_trusted", visit.clock_trusted},
          {"duration_s", visit.end ? Json(seconds_of(*visit.end - visit.begin)) : Json(nullptr)},
          {"triggers", names_of(visit.triggers)},
          {"zones", visit.zones},
          {"peak_score", visit.peak_score},
          {"clip", text_or_null(visit.clip)},
          {"photo", text_or_null(visit.photo)},
          {"starred", visit.starred},
          {"notes", visit.notes},
          {"species", text_or_null(visit.species)},
          {"openings", nullptr},  // of a feeder's lid, and of sensors: this box has none yet
          {"nuts", nullptr},
          {"minutes", nullptr},
          {"nuts_per_minute", nullptr},
          {"temperature_c", nullptr},
          {"continues", value_or_null(visit.continues)}};
}

Json to_json(const VisitPage& page, const TimeZone& zone) {
  auto visits = Json::array();
  for (const auto& visit : page.visits) visits.push_back(to_json(visit, zone));
  return {{"visits", std::move(visits)}, {"next", value_or_null(page.next)}};
}

Json to_json(const MotionRecord& event, WallTime visit_begin) {
  auto reasons = Json::array();
  for (const auto& reason : event.reasons) reasons.push_back(to_json(reason));
  return {{"start_s", seconds_of(event.begin - visit_begin)},
          {"end_s", seconds_of(event.end - visit_begin)},
          {"area", event.area},
          {"peak_score", event.peak_score},
          {"threshold", event.threshold},
          {"zone", text_or_null(event.zone)},
          {"reasons", std::move(reasons)}};
}

Json to_json(const WhyRecord& why) {
  const auto names = names_of(why.visit.triggers);
  return {{"id", why.visit.id},
          {"sentence", why_sentence(why.visit, why.events)},
          {"trigger", names.empty() ? Json(nullptr) : names.front()},
          {"events", events_of(why.events, why.visit.begin)},
          {"near_misses", events_of(why.near_misses, why.visit.begin)}};
}

}  // namespace nestbox
