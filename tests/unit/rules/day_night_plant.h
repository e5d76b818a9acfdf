#pragma once
/// What a DayNightController works on: light, a lamp, a filter, and a camera whose exposure follows. Simulated.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

#include "nestbox/rules/day_night.h"

namespace nestbox::test {

/// Chance that is the same in every run and on every machine.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15U + 1) {}
  /// [0, 1)
  double uniform() {
    state_ += 0x9E3779B97F4A7C15U;
    auto mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBU;
    return static_cast<double>((mixed ^ (mixed >> 31)) >> 11) * 0x1p-53;
  }
  double between(double low, double high) { return low + (high - low) * uniform(); }
  /// Nearly normal, of variance 1.
  double noise() { return (uniform() + uniform() + uniform() + uniform() - 2) * std::sqrt(3.0); }

 private:
  std::uint64_t state_;
};

enum class Reports : std::uint8_t { kLux, kExposure, kLumaAlone };

struct PlantOptions {
  Reports reports = Reports::kLux;
  double filter_factor = 3;  ///< light with infra-red over light without
  double lamp_lux = 60;      ///< what the lamp gives in the filter's absence, in lux of the sensor
  double lamp_through_filter = 0.01;
  double lamp_ramp_s = 0;
  double noise = 0.02;  ///< of the mean of one picture
};

/// The light that falls on the box, told from outside.
struct Scene {
  double daylight_lux = 0;  ///< inside the box, visible
  double other_lux = 0;     ///< headlights, a torch
  double blocked = 1;       ///< share that a bird in the hole, or a hand before the lens, lets through
  double reflection = 1;    ///< how much more of the lamp comes back for an animal close to it
  double infra_red = 1;     ///< how much more of it than usual is in the daylight
};

/// Sensor and automatic exposure. Exposure x gain runs from 0.1 ms to 0.67 s, ten times as long as without gain, and
/// follows the light with a time constant of 0.4 s; so it has settled after 1 s to 2 s.
class Camera {
 public:
  explicit Camera(const PlantOptions& options, std::uint64_t seed) : options_(options), chance_(seed) {}

  LightSample look(BootTime at, double lux) {
    const double wanted = std::clamp(kTarget / std::max(linear_for(lux, 1), 1e-9), kLeast, kMost);
    const double passed = seen_ ? to_seconds(at - *seen_) : 10;
    seen_ = at;
    log_ += (std::log(wanted) - log_) * (1 - std::exp(-passed / 0.4));
    const double product = std::exp(log_);
    const double read_noise = 0.0002 * std::max(1.0, product / kLongest);
    const double linear = std::clamp(
        linear_for(lux, product) * (1 + options_.noise * chance_.noise()) + read_noise * std::abs(chance_.noise()), 0.0,
        1.0);
    LightSample sample;
    sample.at = at;
    sample.luma = linear < 0.018 ? linear * 4.5 : 1.099 * std::pow(linear, 0.45) - 0.099;
    sample.burnt_share = std::clamp((linear - 0.5) * 2, 0.0, 1.0);
    const double exposure_s = std::min(product, kLongest);
    if (options_.reports == Reports::kLux) sample.lux = kLux * linear / kLinear * kSeconds / product;
    if (options_.reports != Reports::kLumaAlone) {
      sample.exposure = std::chrono::nanoseconds(static_cast<std::int64_t>(exposure_s * 1e9));
      sample.gain = product / exposure_s;
    }
    return sample;
  }

 private:
  static constexpr double kLux = 998, kLinear = 12744.0 / 65535, kSeconds = 27.685e-3;  // see light_meter.cpp
  static constexpr double kTarget = 0.17, kLeast = 1e-4, kMost = 0.66666, kLongest = 66.666e-3;
  static double linear_for(double lux, double product) { return kLinear * lux / kLux * product / kSeconds; }

  PlantOptions options_;
  Chance chance_;
  std::optional<BootTime> seen_;
  double log_ = std::log(kLongest);
};

/// Filter, lamp and camera around a scene.
class Plant {
 public:
  explicit Plant(PlantOptions options = {}, std::uint64_t seed = 1) : options_(options), camera_(options, seed) {}

  void follow(const DayNightController::Decision& decision, BootTime now) {
    if (decision.filter != FilterPosition::kUnknown) {
      if (filter_ != decision.filter) ++movements_;
      filter_ = decision.filter;
    }
    if (decision.lamp != lamp_) lamp_since_ = now;
    lamp_ = decision.lamp;
  }
  LightSample look(BootTime now, const Scene& scene) { return camera_.look(now, at_sensor(now, scene)); }

  FilterPosition filter() const { return filter_; }
  bool lamp() const { return lamp_; }
  int movements() const { return movements_; }

 private:
  double at_sensor(BootTime now, const Scene& scene) const {
    const bool out = filter_ == FilterPosition::kOutOfPath;
    const double ramped =
        options_.lamp_ramp_s > 0 ? std::min(1.0, to_seconds(now - lamp_since_) / options_.lamp_ramp_s) : 1;
    const double lit = lamp_ ? ramped : 1 - ramped;
    const double lamp = options_.lamp_lux * lit * scene.reflection * (out ? 1 : options_.lamp_through_filter);
    return (scene.daylight_lux + scene.other_lux) * scene.blocked *
               (out ? std::max(1.0, options_.filter_factor * scene.infra_red) : 1) +
           lamp;
  }

  PlantOptions options_;
  Camera camera_;
  FilterPosition filter_ = FilterPosition::kOutOfPath;  ///< a coil filter stays where it was before the restart
  bool lamp_ = false;
  BootTime lamp_since_{};
  int movements_ = 0;
};

}  // namespace nestbox::test
