#pragma once
/// A sun good to a few minutes, for tests of what is made of it.
#include <cmath>
#include <numbers>

#include "nestbox/base/clock.h"

namespace nestbox {

/// An Almanac: declination and equation of time by their first terms (the sun's longitude from its mean anomaly).
struct SimpleSun {
  double latitude_deg, longitude_deg;

  double operator()(WallTime time) const {
    constexpr double kDegree = std::numbers::pi / 180;
    constexpr double kObliquity_deg = 23.44;
    // Days since 2000-01-01 12:00 UTC.
    const double days = to_seconds(time.time_since_epoch()) / 86400 - 10957.5;
    const double mean_longitude = (280.460 + 0.9856474 * days) * kDegree;
    const double anomaly = (357.528 + 0.9856003 * days) * kDegree;
    const double longitude = mean_longitude + (1.915 * std::sin(anomaly) + 0.020 * std::sin(2 * anomaly)) * kDegree;
    const double declination = std::asin(std::sin(kObliquity_deg * kDegree) * std::sin(longitude));
    const double ascension = std::atan2(std::cos(kObliquity_deg * kDegree) * std::sin(longitude), std::cos(longitude));
    const double sidereal = (280.46062 + 360.98564737 * days + longitude_deg) * kDegree;
    const double latitude = latitude_deg * kDegree;
    const double sine = std::sin(latitude) * std::sin(declination) +
                        std::cos(latitude) * std::cos(declination) * std::cos(sidereal - ascension);
    return std::asin(sine) / kDegree;
  }
};

}  // namespace nestbox
