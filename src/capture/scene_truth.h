#pragma once
/// What really happened in a scene, for those who test detectors.
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nestbox/base/result.h"

namespace nestbox::capture {

inline constexpr int kTruthEventsMax = 4096;

/// What the daemon did with its lamp and filter, which no seed knows.
struct SceneSwitches {
  struct Switch {
    std::string_view what;  ///< "lamp_on", "lamp_off", "filter_in", "filter_out"; a literal
    double at_s = 0;
  };
  std::optional<double> told_from_s;  ///< from then on the script's own lamp counts no more
  std::vector<Switch> list;           ///< the first kTruthEventsMax

  void add(std::string_view what, double at_s) {
    if (list.size() < kTruthEventsMax) list.push_back({what, at_s});
  }
};

/// The truth of the first `frames` pictures as JSON: clip, fps, size, frames, events [[start_s, end_s], ...] (end
/// exclusive; seconds from the first picture), visits, nuisance, label_source. All of it follows from the seed and the
/// switches. Covers the first kTruthEventsMax events.
std::string scene_truth_json(std::uint64_t seed, int framerate, int width, int height, std::uint64_t frames,
                             const SceneSwitches& switches = {});

/// The truth up to now, on disk. Errors: kUnavailable.
Result<void> write_scene_truth(const std::filesystem::path& path, const std::string& json);

}  // namespace nestbox::capture
