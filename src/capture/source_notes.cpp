#include "source_notes.h"

#include <fmt/format.h>

namespace nestbox::capture {
namespace {

struct Setting {
  std::string_view key;
  bool changed;
  std::string_view file_has_no;  ///< empty: a file follows it
  std::string_view scene_has_no;
};

}  // namespace

std::vector<std::string> unfollowed_settings(const CameraOptions& options, Unfollowed by) {
  const CameraOptions usual;
  const Setting settings[] = {
      {"shutter", options.shutter != usual.shutter, "shutter", ""},
      {"gain", options.gain != usual.gain, "gain", ""},
      {"ev", options.ev != usual.ev, "exposure to correct", ""},
      {"metering", options.metering != usual.metering, "light meter", "choice of light meters"},
      {"exposure_constraint", options.exposure_constraint != usual.exposure_constraint, "exposure to constrain",
       "exposure constraints"},
      {"exposure_zone", options.exposure_zone != usual.exposure_zone, "light meter", "exposure zone"},
      {"hdr", options.hdr != usual.hdr, "sensor", "high dynamic range"},
      {"awb", options.awb != usual.awb, "white balance to choose", ""},
      {"denoise", options.denoise != usual.denoise, "denoiser", "denoiser"},
      {"sharpness", options.sharpness != usual.sharpness, "sharpening", "sharpening"},
      {"autofocus_mode", options.autofocus_mode != usual.autofocus_mode, "lens", "lens"},
      {"lens_position", options.lens_position != usual.lens_position, "lens", "lens"},
      {"tuning_file", options.tuning_file != usual.tuning_file, "sensor to tune", "sensor to tune"},
  };
  std::vector<std::string> notes;
  for (const auto& setting : settings) {
    const auto& lacks = by == Unfollowed::kByFile ? setting.file_has_no : setting.scene_has_no;
    if (!setting.changed || lacks.empty()) continue;
    const auto* const source = by == Unfollowed::kByFile ? "file" : "scene";
    notes.push_back(fmt::format("camera.{}: a {} has no {}; it has no effect", setting.key, source, lacks));
  }
  return notes;
}

}  // namespace nestbox::capture
