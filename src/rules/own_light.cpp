#include "own_light.h"

#include <algorithm>
#include <cstddef>

namespace nestbox {
namespace {

constexpr double kLeastFactor = 1, kMostFactor = 20;  // beyond, something else has changed meanwhile
constexpr double kLeastLuxToLearn = 0.5;              // below, a ratio is one of noise
constexpr double kLampMargin = 0.1;                   // drift and noise of the lamp's own light

// Exposure holds luma at a level that says 35 lx and no more; day's threshold times the factor has to stay below it.
constexpr double kMostFactorOfLuma = 1.5;

}  // namespace

void OwnLight::learn(const Change& change) {
  const auto& before = change.before;
  const auto& after = change.after;
  if (before.lamp != after.lamp && before.filter == after.filter) {
    const double more = change.lux_after - change.lux_before;
    lamp_lux_ = learnt_lamp_lux_ = std::max(0.0, after.lamp ? more : -more);
    return;
  }
  const bool moved = before.filter != FilterPosition::kUnknown && before.filter != after.filter;
  if (!moved || before.lamp || after.lamp || std::min(change.lux_before, change.lux_after) < kLeastLuxToLearn) return;
  const bool out = after.filter == FilterPosition::kOutOfPath;
  const double factor = out ? change.lux_after / change.lux_before : change.lux_before / change.lux_after;
  factors_[learnt_++ % factors_.size()] = std::clamp(factor, kLeastFactor, kMostFactor);
  auto sorted = factors_;
  const auto end = sorted.begin() + static_cast<std::ptrdiff_t>(std::min(learnt_, sorted.size()));
  const auto middle = sorted.begin() + (end - sorted.begin()) / 2;
  std::nth_element(sorted.begin(), middle, end);
  filter_factor_ = *middle;
}

void OwnLight::lamp_is_at_most(double lux) {
  if (lamp_lux_) lamp_lux_ = std::min(*lamp_lux_, lux);
}

bool OwnLight::lamp_has_faded() const {
  return lamp_lux_ && *lamp_lux_ < learnt_lamp_lux_ * (1 - kLampMargin);
}

void OwnLight::forget_filter() {
  filter_factor_ = kFilterFactor;
  learnt_ = 0;
}

double OwnLight::daylight(const MeasuredLight& measured, const LightOutputs& outputs) const {
  const double without_lamp = outputs.lamp ? measured.lux - lamp_lux_.value_or(measured.lux) : measured.lux;
  const double factor = measured.luma_alone ? std::min(filter_factor_, kMostFactorOfLuma) : filter_factor_;
  return std::max(0.0, without_lamp) / (outputs.filter == FilterPosition::kOutOfPath ? factor : 1);
}

bool OwnLight::exceeds_lamp(double measured_lux) const {
  return lamp_lux_ && measured_lux > *lamp_lux_ * (1 + kLampMargin);
}

bool OwnLight::drowns(double lux, bool luma_alone) const {
  return luma_alone || !lamp_lux_ || lux * filter_factor_ < *lamp_lux_ * kLampMargin;
}

}  // namespace nestbox
