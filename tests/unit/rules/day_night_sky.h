#pragma once
/// A year of days at one place: sun, sky, weather, moon, and what else makes light and dark.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "day_night_plant.h"

namespace nestbox::test {

constexpr double kDayS = 86'400;

/// A place and what hangs there.
struct Place {
  const char* name;
  double latitude;
  double box;  ///< share of the light outside that is in the box
  PlantOptions plant;
};

/// Mean light of a clear sky on level ground by the sun's altitude, in lux. Points of the usual tables of natural
/// illuminance (horizon about 400 to 700 lx, end of civil twilight 3.4, of nautical twilight 0.008, moonless night
/// 0.001), equal ratios between them.
inline double sky_lux(double altitude_deg) {
  static constexpr std::array<std::array<double, 2>, 12> kPoints{{{-90, 0.001},
                                                                  {-18, 0.001},
                                                                  {-12, 0.008},
                                                                  {-9, 0.17},
                                                                  {-6, 3.4},
                                                                  {-3, 50},
                                                                  {0, 500},
                                                                  {5, 4'000},
                                                                  {10, 10'000},
                                                                  {30, 45'000},
                                                                  {60, 100'000},
                                                                  {90, 125'000}}};
  std::size_t upper = 1;
  while (upper + 1 < kPoints.size() && altitude_deg > kPoints[upper][0]) ++upper;
  const auto &a = kPoints[upper - 1], &b = kPoints[upper];
  const double share = (altitude_deg - a[0]) / (b[0] - a[0]);
  return a[1] * std::pow(b[1] / a[1], share);
}

/// The sun of one day; within a degree, which is enough for a plant.
class Sun {
 public:
  Sun(double latitude_deg, int day) {
    const double rad = std::numbers::pi / 180;
    const double declination = -23.44 * rad * std::cos(2 * std::numbers::pi * (day + 10) / 365.25);
    constant_ = std::sin(latitude_deg * rad) * std::sin(declination);
    swing_ = std::cos(latitude_deg * rad) * std::cos(declination);
  }
  double altitude_deg(double second) const {
    const double hour_angle = 2 * std::numbers::pi * (second / kDayS - 0.5);
    return std::asin(constant_ + swing_ * std::cos(hour_angle)) * 180 / std::numbers::pi;
  }

 private:
  double constant_, swing_;
};

/// What passes within a day.
struct Happening {
  enum class What : std::uint8_t { kHeadlights, kBirdInHole, kVisit, kCloseToLamp } what;
  double begin = 0, end = 0;  ///< seconds of the day
  double size = 0;            ///< lux, share let through, nothing, factor
};

/// A day: clouds that drift, perhaps a thunderstorm or two, cars, birds, an animal close to the lamp.
class Day {
 public:
  Day(const Place& place, int day, std::uint64_t seed)
      : sun_(place.latitude, day), chance_(seed * 1'000 + static_cast<std::uint64_t>(day)), box_(place.box) {
    cover_ = chance_.between(0, 1.6);
    for (auto& wave : waves_) wave = {chance_.between(150, 4'000), chance_.between(0, 7), chance_.between(0, 0.25)};
    moon_ = 0.25 * std::pow(std::max(0.0, std::cos(2 * std::numbers::pi * day / 29.53)), 3);
    for (double at = chance_.between(0, 6) * kDayS; at < kDayS; at += chance_.between(1'800, 5'400))
      storms_.push_back(at);
    if (storms_.size() > 2) storms_.resize(2);
    drift_ = chance_.between(0.87, 1.15);
    add(Happening::What::kHeadlights, 8, 2, 50, [&] { return std::pow(10, chance_.between(0.5, 3.5)); });
    add(Happening::What::kBirdInHole, 25, 1, 25, [&] { return chance_.between(0.02, 0.4); });
    add(Happening::What::kVisit, 12, 20, 500, [] { return 0.0; });
    add(Happening::What::kCloseToLamp, 2, 200, 14'000, [&] { return chance_.between(0.7, 4); });
    std::sort(happenings_.begin(), happenings_.end(), [](auto& a, auto& b) { return a.begin < b.begin; });
  }

  /// Inside the box, without what passes.
  double daylight_lux(double second) const {
    double cloud = cover_;
    for (const auto& wave : waves_) cloud += wave.height * cover_ * std::sin(second / wave.length + wave.phase);
    for (const double storm : storms_) {
      const double since = second - storm;  // it darkens in 7 minutes, lasts for 20 and clears in 9
      if (since > 0 && since < 2'160) cloud += 4 * std::min({1.0, since / 420, (2'160 - since) / 540});
    }
    return box_ * (sky_lux(sun_.altitude_deg(second)) * std::exp(-std::max(0.0, cloud)) + moon_);
  }
  double altitude_deg(double second) const { return sun_.altitude_deg(second); }
  double drift() const { return drift_; }
  const std::vector<Happening>& happenings() const { return happenings_; }

 private:
  template <class Size>
  void add(Happening::What what, int most, double shortest, double longest, Size size) {
    const int count = static_cast<int>(chance_.between(0, most + 1));
    for (int n = 0; n < count; ++n) {
      const double begin = std::floor(chance_.between(0, kDayS - longest));
      const double share = chance_.uniform();
      happenings_.push_back({what, begin, begin + std::floor(shortest + (longest - shortest) * share * share), size()});
    }
  }
  struct Wave {
    double length = 1, phase = 0, height = 0;
  };

  Sun sun_;
  Chance chance_;
  double box_, cover_ = 0, moon_ = 0, drift_ = 1;
  std::array<Wave, 4> waves_{};
  std::vector<double> storms_;
  std::vector<Happening> happenings_;
};

}  // namespace nestbox::test
