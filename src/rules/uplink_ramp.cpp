#include "nestbox/rules/uplink_ramp.h"

#include <algorithm>

namespace nestbox {
namespace {

constexpr double kFirst_bps = 500e3, kMost_bps = 25e6;
constexpr double kGrowth = 1.3;
// Of what the way takes. Much more, and the output drops whole groups of pictures and idles until the next keyframe.
constexpr double kHoldAbove = 1.15;
constexpr int kStepsInSpan = 30;
constexpr std::chrono::nanoseconds kShortestStep = std::chrono::milliseconds(300);
constexpr std::chrono::nanoseconds kFullFor = std::chrono::milliseconds(800);  // less is a hiccup
constexpr std::chrono::nanoseconds kClearFor = std::chrono::seconds(3);
constexpr std::chrono::nanoseconds kSample = std::chrono::seconds(1);
constexpr double kBitsInByte = 8;

}  // namespace

UplinkRamp::UplinkRamp(BootTime now, std::chrono::nanoseconds span)
    : began_at_(now),
      ends_at_(now + span),
      step_(std::max(kShortestStep, span / kStepsInSpan)),
      offered_bps_(kFirst_bps),
      stepped_at_(now) {}

std::optional<UplinkRamp::Figure> UplinkRamp::update(BootTime now, const Sight& sight) {
  if (full_) {
    keep_full(now, sight);
  } else {
    seek(now, sight);
  }
  if (now < ends_at_) return std::nullopt;
  if (samples_bps_.empty()) return Figure{best_bps_, false, to_seconds(now - began_at_)};
  const auto middle = samples_bps_.begin() + static_cast<std::ptrdiff_t>(samples_bps_.size() / 2);
  std::nth_element(samples_bps_.begin(), middle, samples_bps_.end());
  return Figure{*middle, true, to_seconds(kSample) * static_cast<double>(samples_bps_.size())};
}

void UplinkRamp::seek(BootTime now, const Sight& sight) {
  if (!sight.congested) {
    congested_since_.reset();
    best_bps_ = std::max(best_bps_, sight.throughput_bps);
    if (now - stepped_at_ < step_) return;
    offered_bps_ = std::min(kGrowth * offered_bps_, kMost_bps);
    stepped_at_ = now;
    return;
  }
  if (!congested_since_) congested_since_ = now;
  if (now - *congested_since_ < kFullFor) return;
  full_ = true;
  clear_since_.reset();
  sampled_at_ = now;
  taken_at_sample_ = sight.taken_bytes;
  offered_bps_ = std::max(kHoldAbove * sight.throughput_bps, kFirst_bps);
}

void UplinkRamp::keep_full(BootTime now, const Sight& sight) {
  if (sight.congested) clear_since_.reset();
  if (!sight.congested && !clear_since_) clear_since_ = now;
  if (clear_since_ && now - *clear_since_ >= kClearFor) {
    full_ = false;
    congested_since_.reset();
    samples_bps_.clear();
    best_bps_ = std::max(best_bps_, sight.throughput_bps);
    stepped_at_ = now;
    return;
  }
  if (now - sampled_at_ < kSample) return;
  samples_bps_.push_back(kBitsInByte * static_cast<double>(sight.taken_bytes - taken_at_sample_) /
                         to_seconds(now - sampled_at_));
  taken_at_sample_ = sight.taken_bytes;
  sampled_at_ = now;
  const auto newest_bps = std::max(samples_bps_.back(), sight.throughput_bps);
  if (!sight.congested) offered_bps_ = std::clamp(kHoldAbove * newest_bps, offered_bps_, kMost_bps);
}

}  // namespace nestbox
