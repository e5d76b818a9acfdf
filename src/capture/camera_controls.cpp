#include "camera_controls.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>

namespace nestbox::capture {
namespace {

constexpr double kMicroseconds = 1e6;

struct Word {
  std::string_view word;
  int value;
};
constexpr Word kMetering[] = {{"centre", 0}, {"spot", 1}, {"matrix", 2}};
constexpr Word kConstraints[] = {{"normal", 0}, {"highlights", 1}, {"shadows", 2}};
constexpr Word kWhiteBalances[] = {{"auto", 0},   {"incandescent", 1}, {"tungsten", 2}, {"fluorescent", 3},
                                   {"indoor", 4}, {"daylight", 5},     {"cloudy", 6},   {"greyworld", 0}};
constexpr Word kDenoise[] = {{"auto", 1}, {"off", 0}, {"fast", 1}, {"high", 2}};  // auto: what suits moving pictures
constexpr Word kAutofocus[] = {{"manual", 0}, {"auto", 1}, {"continuous", 2}};
constexpr int kSeveralExposures = 2, kOneExposure = 3;

template <std::size_t N>
int number_of(const Word (&words)[N], std::string_view word) {
  const auto* const found = std::find_if(words, words + N, [&](const Word& w) { return w.word == word; });
  return found == words + N ? 0 : found->value;
}

bool takes(const ControlRange& range, int value) {
  if (range.values.empty()) return range.max <= range.min || (value >= range.min && value <= range.max);
  return std::find(range.values.begin(), range.values.end(), value) != range.values.end();
}

class Chooser {
 public:
  Chooser(const CameraOptions& options, const CameraAbilities& abilities, bool in_software)
      : options_(options), abilities_(abilities), in_software_(in_software) {
    choice_.left = options;
  }

  void exposure();
  void pace();
  void modes();
  void colours();
  void crop(int width, int height);
  void focus();
  ControlChoice take() { return std::move(choice_); }

 private:
  const ControlRange* range(CameraControl control) const {
    const auto found = abilities_.controls.find(control);
    return found == abilities_.controls.end() ? nullptr : &found->second;
  }
  void send(CameraControl control, double value) { choice_.settings.push_back({control, value, {}}); }
  void note(std::string text) { choice_.notes.push_back(std::move(text)); }
  void has_no(std::string_view key, std::string_view what) {
    note(fmt::format("camera.{}: this camera has no {}; it has no effect", key, what));
  }
  double within(const ControlRange& range, double value, std::string_view key) {
    if (range.max <= range.min) return value;  // it does not say
    const double best = std::clamp(value, range.min, range.max);
    if (std::abs(best - value) > 1e-3 * std::abs(value)) {
      note(fmt::format("camera.{}: this camera takes {:g} to {:g}; {:g} is used", key, range.min, range.max, best));
    }
    return best;
  }
  /// A value that is always sent, so that going back to the default works too.
  void value(std::string_view key, CameraControl control, double wanted, double usual, std::string_view what) {
    if (const auto* const limits = range(control)) {
      send(control, within(*limits, wanted, key));
    } else if (wanted != usual) {
      has_no(key, what);
    }
  }
  template <std::size_t N>
  void word(std::string_view key, CameraControl control, const Word (&words)[N], const std::string& wanted,
            const std::string& usual, std::string_view what) {
    const auto* const limits = range(control);
    if (limits == nullptr) {
      if (wanted != usual) has_no(key, what);
    } else if (const int number = number_of(words, wanted); takes(*limits, number)) {
      send(control, number);
    } else if (wanted != usual) {
      note(fmt::format("camera.{}: this camera has no \"{}\"; it has no effect", key, wanted));
    }
  }
  /// As value(), for what conversion does in software where the camera does not.
  void colour(std::string_view key, CameraControl control, double CameraOptions::*field, std::string_view what) {
    const double usual = CameraOptions{}.*field;
    if (range(control) == nullptr && in_software_) return;
    value(key, control, options_.*field, usual, what);
    choice_.left.*field = usual;
  }

  const CameraOptions& options_;
  const CameraAbilities& abilities_;
  const bool in_software_;
  ControlChoice choice_;
};

void Chooser::exposure() {
  const auto send_or_automatic = [&](std::string_view key, CameraControl control, std::optional<double> wanted,
                                     std::string_view what) {
    const auto* const limits = range(control);
    if (limits == nullptr) {
      if (wanted) has_no(key, what);
      return;
    }
    send(control, wanted ? within(*limits, *wanted, key) : 0);
  };
  std::optional<double> shutter;
  if (options_.shutter) shutter = static_cast<double>(std::chrono::microseconds(*options_.shutter).count());
  const double frame_time = kMicroseconds / options_.framerate;
  if (shutter && *shutter > frame_time && range(CameraControl::kShutter) != nullptr) {
    note(
        fmt::format("camera.shutter: {:g} ms is longer than a picture may take with camera.framerate: {}; {:g} ms is "
                    "used",
                    *shutter / 1000, options_.framerate, std::floor(frame_time / 1000)));
    shutter = std::floor(frame_time / 1000) * 1000;
  }
  send_or_automatic("shutter", CameraControl::kShutter, shutter, "shutter to set");
  send_or_automatic("gain", CameraControl::kGain, options_.gain, "gain to set");
  value("ev", CameraControl::kExposureValue, options_.ev, 0, "exposure correction");
}

void Chooser::pace() {
  const auto* const limits = range(CameraControl::kFrameDuration);
  if (limits == nullptr) return;  // pictures above the rate are left out
  const double wanted = kMicroseconds / options_.framerate;
  const double sent = limits->max > limits->min ? std::clamp(wanted, limits->min, limits->max) : wanted;
  if (std::abs(sent - wanted) > 0.01 * wanted) {
    note(
        fmt::format("camera.framerate: this camera gives {:.4g} to {:.4g} pictures a second at this size; it runs at "
                    "{:.4g}",
                    kMicroseconds / limits->max, kMicroseconds / limits->min, kMicroseconds / sent));
  }
  send(CameraControl::kFrameDuration, sent);
}

void Chooser::modes() {
  const CameraOptions usual;
  word("metering", CameraControl::kMetering, kMetering, options_.metering, usual.metering, "light meters to choose");
  word("exposure_constraint", CameraControl::kExposureConstraint, kConstraints, options_.exposure_constraint,
       usual.exposure_constraint, "exposure constraints");
  if (options_.exposure_zone) has_no("exposure_zone", "light meter for a zone (camera.metering: spot is the nearest)");
  const auto* const hdr = range(CameraControl::kHdr);
  const auto has_hdr = [&](int mode) { return hdr != nullptr && takes(*hdr, mode); };
  if (!options_.hdr && hdr != nullptr) {
    send(CameraControl::kHdr, 0);
  } else if (options_.hdr && (has_hdr(kOneExposure) || has_hdr(kSeveralExposures))) {
    send(CameraControl::kHdr, has_hdr(kOneExposure) ? kOneExposure : kSeveralExposures);
  } else if (options_.hdr) {
    has_no("hdr", "high dynamic range");
  }
  word("awb", CameraControl::kWhiteBalance, kWhiteBalances, options_.awb, usual.awb, "white balance to choose");
  if (options_.awb == "greyworld" && range(CameraControl::kWhiteBalance) != nullptr) {
    note(
        "camera.awb: libcamera has no \"greyworld\" to choose, auto is used; for a camera without infra-red filter "
        "name the tuning file that ends in _noir.json (camera.tuning_file)");
  }
  word("denoise", CameraControl::kDenoise, kDenoise, options_.denoise, usual.denoise, "denoiser");
}

void Chooser::colours() {
  colour("brightness", CameraControl::kBrightness, &CameraOptions::brightness, "brightness to set");
  colour("contrast", CameraControl::kContrast, &CameraOptions::contrast, "contrast to set");
  colour("saturation", CameraControl::kSaturation, &CameraOptions::saturation, "saturation to set");
  value("sharpness", CameraControl::kSharpness, options_.sharpness, CameraOptions{}.sharpness, "sharpening");
}

/// `roi`, a part of the largest area with the picture's proportions, grown to these proportions itself.
SensorArea sensor_area(const SensorArea& all, const Rect& roi, int width, int height) {
  const double aspect = static_cast<double>(width) / height;
  const double full_width = std::min<double>(all.width, all.height * aspect), full_height = full_width / aspect;
  const double side = std::clamp(std::max(roi.right - roi.left, roi.bottom - roi.top), 0.01, 1.0);
  const double left = std::clamp((roi.left + roi.right - side) / 2, 0.0, 1 - side);
  const double top = std::clamp((roi.top + roi.bottom - side) / 2, 0.0, 1 - side);
  const auto round = [](double value) { return static_cast<int>(std::lround(value)); };
  return {all.left + round((all.width - full_width) / 2 + left * full_width),
          all.top + round((all.height - full_height) / 2 + top * full_height), round(side * full_width),
          round(side * full_height)};
}

void Chooser::crop(int width, int height) {
  const bool camera_can = range(CameraControl::kCrop) != nullptr && abilities_.crop_max &&
                          abilities_.crop_max->width > 0 && abilities_.crop_max->height > 0;
  if (!camera_can) {
    if (options_.roi && !in_software_) has_no("roi", "digital zoom");
    return;
  }
  const auto roi = options_.roi.value_or(Rect{});
  constexpr double kTolerance = 0.01;
  if (std::abs((roi.right - roi.left) - (roi.bottom - roi.top)) > kTolerance) {
    note("camera.roi: a part with other proportions than the picture would be distorted; more of the picture is shown");
  }
  choice_.settings.push_back({CameraControl::kCrop, 0, sensor_area(*abilities_.crop_max, roi, width, height)});
  choice_.left.roi.reset();
}

void Chooser::focus() {
  const CameraOptions usual;
  const bool manual = options_.autofocus_mode == "manual";
  if (range(CameraControl::kAutofocus) == nullptr && range(CameraControl::kLensPosition) == nullptr) {
    if (options_.autofocus_mode != usual.autofocus_mode) has_no("autofocus_mode", "lens that moves");
    if (options_.lens_position) has_no("lens_position", "lens that moves");
    return;
  }
  word("autofocus_mode", CameraControl::kAutofocus, kAutofocus, options_.autofocus_mode, usual.autofocus_mode,
       "autofocus");
  const bool once = options_.autofocus_mode == "auto" && range(CameraControl::kAutofocus) != nullptr;
  if (once && range(CameraControl::kFocusNow) != nullptr) send(CameraControl::kFocusNow, 0);
  if (!options_.lens_position) return;
  if (!manual) {
    note("camera.lens_position: it has an effect with camera.autofocus_mode: manual alone");
  } else {
    value("lens_position", CameraControl::kLensPosition, *options_.lens_position, -1, "lens to set");
  }
}

}  // namespace

ControlChoice choose_controls(const CameraOptions& options, const CameraAbilities& abilities, int width, int height,
                              bool in_software) {
  Chooser chooser(options, abilities, in_software);
  chooser.exposure();
  chooser.pace();
  chooser.modes();
  chooser.colours();
  chooser.crop(width, height);
  chooser.focus();
  return chooser.take();
}

ControlSettings changed_settings(const ControlSettings& before, const ControlSettings& now) {
  ControlSettings changed;
  std::copy_if(now.begin(), now.end(), std::back_inserter(changed), [&](const ControlSetting& setting) {
    return std::find(before.begin(), before.end(), setting) == before.end();
  });
  return changed;
}

}  // namespace nestbox::capture
