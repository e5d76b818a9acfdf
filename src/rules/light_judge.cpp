#include "light_judge.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace nestbox {
namespace {

// Mean luma as it is encoded. An exposure meter brings any scene that it can see to about 0.3.
constexpr double kDarkLuma = 0.12;
constexpr double kSeen = 1.25;  // light that differs by this factor differs
constexpr double kGamma = 2.2;
constexpr double kBlackLux = 0.02;    // what a camera reports of a black picture, or less
constexpr double kNoiseLight = 5e-4;  // the same, as linear light: a luma of 0.03

/// What the light of all shots can be told by.
enum class Measure : std::uint8_t { kLux, kExposure, kLuma };

Measure measure_of(const std::vector<LightShot>& shots) {
  const auto all = [&](auto known) { return std::all_of(shots.begin(), shots.end(), known); };
  if (all([](const LightShot& shot) { return shot.lux.has_value(); })) return Measure::kLux;
  if (all([](const LightShot& shot) { return shot.exposure_s.has_value(); })) return Measure::kExposure;
  return Measure::kLuma;
}

class Judge {
 public:
  explicit Judge(const std::vector<LightShot>& shots)
      : shots_(shots),
        measure_(measure_of(shots)),
        open_(light({LightView::kDark, LightView::kDarkAgain, LightView::kOpenAgain})) {}

  bool is_lamp_seen() const { return light({LightView::kLit}) >= kSeen * open_; }
  LightVerdict verdict(const LightTrial::Parts& parts) {
    if (!is_steady()) {
      verdict_.light = LightVerdict::Light::kUnsteady;
    } else if (!is_dark(shots_.front())) {
      verdict_.light = LightVerdict::Light::kBright;
    }
    // The lamp last: with a filter that moves the wrong way round it is seen through what should hide it.
    if (parts.filter) verdict_.filter = filter();
    if (parts.lamp) verdict_.lamp = lamp();
    return verdict_;
  }

 private:
  const LightShot* shot(LightView view) const {
    const auto found = std::find_if(shots_.begin(), shots_.end(), [&](const auto& shot) { return shot.view == view; });
    return found == shots_.end() ? nullptr : &*found;
  }
  double light(const LightShot& shot) const {
    if (measure_ == Measure::kLux) return std::max(*shot.lux, kBlackLux);
    const double linear = std::max(std::pow(shot.luma, kGamma), kNoiseLight);
    return measure_ == Measure::kExposure ? linear / *shot.exposure_s : linear;
  }
  /// The mean of those that were taken.
  double light(std::initializer_list<LightView> views) const {
    double sum = 0;
    int count = 0;
    for (const auto view : views) {
      const auto* const taken = shot(view);
      if (taken == nullptr) continue;
      sum += light(*taken);
      ++count;
    }
    return sum / std::max(count, 1);
  }
  /// Views that are the same but for the time.
  bool is_steady() const {
    const double first = light({LightView::kDark});
    return std::all_of(shots_.begin(), shots_.end(), [&](const LightShot& other) {
      if (other.view != LightView::kDarkAgain && other.view != LightView::kOpenAgain) return true;
      const double later = light(other);
      return std::max(first, later) < kSeen * std::min(first, later);
    });
  }

  LightVerdict::Filter filter() {
    using Filter = LightVerdict::Filter;
    const auto* const lit_through = shot(LightView::kLitThroughFilter);
    const double open = lit_through != nullptr ? light({LightView::kLit}) : open_;
    const double through = light({LightView::kLitThroughFilter, LightView::kThroughFilter});
    verdict_.filter_factor = open / through;
    if (verdict_.light == LightVerdict::Light::kUnsteady) return Filter::kUnclear;
    if (verdict_.filter_factor >= kSeen) return Filter::kWorks;
    if (verdict_.filter_factor <= 1 / kSeen) return Filter::kSwapped;
    return lit_through != nullptr && is_lamp_seen() ? Filter::kStays : Filter::kUnclear;
  }

  LightVerdict::Lamp lamp() {
    using Lamp = LightVerdict::Lamp;
    const bool swapped = verdict_.filter == LightVerdict::Filter::kSwapped;
    const auto* const through = shot(LightView::kLitThroughFilter);
    const auto& lit = swapped && through != nullptr ? *through : *shot(LightView::kLit);
    verdict_.lamp_factor = light(lit) / open_;
    verdict_.burnt_by_lamp = std::max(0.0, lit.burnt_share - shots_.front().burnt_share);
    verdict_.luma_with_lamp = lit.luma;
    if (verdict_.light == LightVerdict::Light::kUnsteady) return Lamp::kUnclear;
    const bool bright = verdict_.light == LightVerdict::Light::kBright;
    if (verdict_.lamp_factor < kSeen) return bright ? Lamp::kUnclear : Lamp::kNotSeen;
    if (verdict_.burnt_by_lamp > LightVerdict::kReflection) return Lamp::kReflects;
    return is_dark(lit) ? Lamp::kWeak : Lamp::kWorks;
  }

  const std::vector<LightShot>& shots_;
  const Measure measure_;
  const double open_;  ///< light without the lamp, the filter out of the path
  LightVerdict verdict_;
};

}  // namespace

bool is_dark(const LightShot& shot) {
  return shot.luma < kDarkLuma;
}

bool is_lamp_seen(const std::vector<LightShot>& shots) {
  return Judge(shots).is_lamp_seen();
}

LightVerdict judge_lights(const std::vector<LightShot>& shots, const LightTrial::Parts& parts) {
  return Judge(shots).verdict(parts);
}

}  // namespace nestbox
