#include "scene_truth.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "nestbox/base/file.h"
#include "scene_script.h"

namespace nestbox::capture {
namespace {

/// The first picture at or after `time_s`, in seconds.
double on_frame(double time_s, int framerate) {
  return std::ceil(time_s * framerate - 1e-9) / framerate;
}

std::string nuisances(double end_s, const SceneSwitches& switches) {
  constexpr double kDisturbs_s = 2;
  const double own_lamp_until_s = switches.told_from_s.value_or(end_s);
  std::string list;
  const auto add = [&](std::string_view what, double start_s, double until_s) {
    if (start_s >= end_s) return;
    fmt::format_to(std::back_inserter(list), "{}[\"{}\", {:.3f}, {:.3f}]", list.empty() ? "" : ", ", what, start_s,
                   std::min(until_s, end_s));
  };
  const auto add_own_lamp = [&](std::string_view what, double at_s) {
    if (at_s < own_lamp_until_s) add(what, at_s, at_s + kDisturbs_s);
  };
  for (int day = 0; day * DayPlan::kWhole < end_s && day < kTruthEventsMax; ++day) {
    const double dusk = day * DayPlan::kWhole + DayPlan::kDay, night = dusk + DayPlan::kDusk;
    const double dawn = night + DayPlan::kNight;
    add("clouds", dusk - DayPlan::kDay, dusk);
    add("dusk", dusk, night);
    add_own_lamp("lamp_on", dusk + 0.75 * DayPlan::kDusk);
    add("dawn", dawn, dawn + DayPlan::kDawn);
    add_own_lamp("lamp_off", dawn + 0.4 * DayPlan::kDawn);
  }
  for (const auto& one : switches.list) add(one.what, one.at_s, one.at_s + kDisturbs_s);
  return list;
}

}  // namespace

std::string scene_truth_json(std::uint64_t seed, int framerate, int width, int height, std::uint64_t frames,
                             const SceneSwitches& switches) {
  const double end_s = static_cast<double>(frames) / framerate;
  std::string events, visits;
  VisitPlan plan(seed);
  for (int i = 0; i < kTruthEventsMax; ++i, plan.advance()) {
    const auto& visit = plan.current();
    const double start_s = on_frame(visit.start_s, framerate);
    const double stop_s = std::min(on_frame(visit.end_s, framerate), end_s);
    if (start_s >= end_s) break;
    const auto* const comma = i == 0 ? "" : ", ";
    fmt::format_to(std::back_inserter(events), "{}[{:.3f}, {:.3f}]", comma, start_s, stop_s);
    fmt::format_to(std::back_inserter(visits),
                   "{}{{\"id\": {}, \"visitor\": \"{}\", \"start\": {:.3f}, \"end\": {:.3f}}}", comma, i,
                   visitor_name(visit.visitor), start_s, stop_s);
  }
  return fmt::format(
      "{{\n \"clip\": \"scene:{}\",\n \"fps\": {},\n \"size\": [{}, {}],\n \"frames\": {},\n \"events\": [{}],\n"
      " \"visits\": [{}],\n \"nuisance\": [{}],\n \"label_source\": \"exact, by construction\"\n}}\n",
      seed, framerate, width, height, frames, events, visits, nuisances(end_s, switches));
}

Result<void> write_scene_truth(const std::filesystem::path& path, const std::string& json) {
  constexpr unsigned kMode = 0644;
  return write_file_atomically(path, json, kMode);
}

}  // namespace nestbox::capture
