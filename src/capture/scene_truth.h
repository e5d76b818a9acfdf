#pragma once
/// What really happened in a scene, for those who test detectors.
#include <cstdint>
#include <filesystem>
#include <string>

#include "nestbox/base/result.h"

namespace nestbox::capture {

/// The truth of the first `frames` pictures as JSON: clip, fps, size, frames, events [[start_s, end_s], ...] (end
/// exclusive; seconds from the first picture), visits, nuisance, label_source. All of it follows from the seed.
/// Covers the first kTruthEventsMax events.
std::string scene_truth_json(std::uint64_t seed, int framerate, int width, int height, std::uint64_t frames);
inline constexpr int kTruthEventsMax = 4096;

/// The truth up to now, on disk. Errors: kUnavailable.
Result<void> write_scene_truth(const std::filesystem::path& path, const std::string& json);

}  // namespace nestbox::capture
