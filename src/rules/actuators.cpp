#include "nestbox/rules/actuators.h"

#include <algorithm>
#include <utility>

#include "nestbox/base/assert.h"

namespace nestbox {
namespace {

// Twenty steps a second: each too small to be seen as one, and few enough for a file in /sys to be written.
constexpr std::chrono::milliseconds kRampStep(50);

}  // namespace

CoilPulse::CoilPulse(std::chrono::nanoseconds length) : length_(length) {
  NESTBOX_ASSERT(length > std::chrono::nanoseconds::zero());
}

void CoilPulse::move(FilterPosition to, BootTime now) {
  advance(now);
  if (to == FilterPosition::kUnknown) {
    if (active_ != FilterPosition::kUnknown) rests_until_ = now + length_;
    active_ = pulsed_ = waiting_ = FilterPosition::kUnknown;
    return;
  }
  waiting_ = to == pulsed_ ? FilterPosition::kUnknown : to;
  advance(now);
}

CoilPulse::Levels CoilPulse::levels(BootTime now) {
  advance(now);
  return {active_ == FilterPosition::kInPath, active_ == FilterPosition::kOutOfPath};
}

std::optional<BootTime> CoilPulse::next(BootTime now) const {
  if (active_ != FilterPosition::kUnknown) return std::max(ends_, now);
  if (waiting_ != FilterPosition::kUnknown) return std::max(rests_until_.value_or(now), now);
  return std::nullopt;
}

void CoilPulse::advance(BootTime now) {
  if (active_ != FilterPosition::kUnknown && now >= ends_) {
    active_ = FilterPosition::kUnknown;
    rests_until_ = now + length_;  // from when the caller lets go of it, however late
  }
  if (active_ != FilterPosition::kUnknown || waiting_ == FilterPosition::kUnknown) return;
  if (rests_until_ && now < *rests_until_) return;
  active_ = pulsed_ = std::exchange(waiting_, FilterPosition::kUnknown);
  ends_ = now + length_;
}

LampRamp::LampRamp(LampOptions options) : options_(std::move(options)) {}

void LampRamp::apply(LampOptions options, BootTime now) {
  from_ = height(now);
  since_ = now;
  options_ = std::move(options);
}

void LampRamp::go_to(Lamp lamp, BootTime now) {
  if (lamp == lamp_) return;
  from_ = height(now);
  since_ = now;
  lamp_ = lamp;
}

double LampRamp::strength(BootTime now) const {
  const double height = this->height(now);
  if (options_.type == LampOptions::Type::kNone || height <= 0) return 0;
  if (options_.type == LampOptions::Type::kLevel) return 1;
  return options_.min + (options_.max - options_.min) * height;
}

std::optional<BootTime> LampRamp::next(BootTime now) const {
  const double goal = lamp_ == Lamp::kOn ? 1 : 0;
  if (options_.type != LampOptions::Type::kPwm || height(now) == goal) return std::nullopt;
  return now + kRampStep;
}

double LampRamp::height(BootTime now) const {
  const double goal = lamp_ == Lamp::kOn ? 1 : 0;
  if (options_.type != LampOptions::Type::kPwm || options_.ramp.count() <= 0) return goal;
  const double moved = std::max(0.0, to_seconds(now - since_) / to_seconds(options_.ramp));
  return goal > from_ ? std::min(goal, from_ + moved) : std::max(goal, from_ - moved);
}

}  // namespace nestbox
