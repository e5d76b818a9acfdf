#include "nestbox/rules/bitrate_controller.h"

#include <algorithm>

namespace nestbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr double kShareOfThroughput = 0.8;  // room to work off what has piled up
constexpr double kCutMax = 0.3;             // of the rate, at once: one bad measurement must not cost everything
constexpr double kCutMin = 0.9;             // a cut that changes nothing helps nobody
constexpr milliseconds kCutInterval(400);   // until the new rate shows in what is measured
constexpr seconds kRaiseInterval(2);
constexpr seconds kPauseMin(3), kPauseMax(20);
constexpr seconds kProbeFails(6);  // trouble so soon after a step was made by that step
constexpr double kStepMin = 0.03, kStepMax = 0.15;
constexpr seconds kStrainMax(10);

}  // namespace

BitrateController::BitrateController(const Limits& limits)
    : limits_(limits), bitrate_bps_(limits.max_bps), pause_(kPauseMin), step_share_(kStepMin) {}

void BitrateController::set_limits(const Limits& limits) {
  const bool was_highest = bitrate_bps_ == limits_.max_bps;
  limits_ = limits;
  bitrate_bps_ = was_highest ? limits.max_bps : within_limits(static_cast<double>(bitrate_bps_));
}

std::int64_t BitrateController::update(BootTime now, std::span<const Link> links) {
  const nanoseconds elapsed = updated_at_ ? std::min<nanoseconds>(now - *updated_at_, seconds(1)) : nanoseconds::zero();
  updated_at_ = now;
  strains_.resize(links.size());
  watch_strain(links, elapsed);
  if (const auto throughput_bps = slowest(links)) {
    lower(now, *throughput_bps);
    congested_ = true;
  } else {
    if (congested_) raise_not_before_ = now + pause_;
    congested_ = false;
    raise(now);
  }
  return bitrate_bps_;
}

void BitrateController::watch_strain(std::span<const Link> links, nanoseconds elapsed) {
  const bool somebody_is_fine =
      std::any_of(links.begin(), links.end(), [](const Link& link) { return link.healthy && !link.congested; });
  for (std::size_t n = 0; n < links.size(); ++n) {
    auto& [congested_for, forsaken] = strains_[n];
    const bool at_lowest = bitrate_bps_ <= limits_.min_bps;
    const bool in_trouble = links[n].healthy && links[n].congested;
    if (in_trouble && (at_lowest || forsaken)) congested_for += elapsed;
    if (!in_trouble) congested_for -= elapsed / 2;
    congested_for = std::clamp<nanoseconds>(congested_for, nanoseconds::zero(), kStrainMax);
    if (congested_for == kStrainMax && somebody_is_fine) forsaken = true;
    if (congested_for == nanoseconds::zero() || !somebody_is_fine) forsaken = false;
  }
}

std::optional<double> BitrateController::slowest(std::span<const Link> links) const {
  std::optional<double> least_bps;
  for (std::size_t n = 0; n < links.size(); ++n) {
    if (!links[n].healthy || !links[n].congested || strains_[n].forsaken) continue;
    least_bps = std::min(least_bps.value_or(links[n].throughput_bps), links[n].throughput_bps);
  }
  return least_bps;
}

void BitrateController::lower(BootTime now, double throughput_bps) {
  if (lowered_at_ && now - *lowered_at_ < kCutInterval) return;
  if (!congested_) {
    const bool probe_failed = raised_at_ && now - *raised_at_ < kProbeFails;
    pause_ = probe_failed ? std::min<nanoseconds>(pause_ * 2, kPauseMax) : nanoseconds(kPauseMin);
  }
  lowered_at_ = now;
  step_share_ = kStepMin;
  const auto current = static_cast<double>(bitrate_bps_);
  const double taken = kShareOfThroughput * throughput_bps - static_cast<double>(limits_.audio_bps);
  bitrate_bps_ = within_limits(std::clamp(taken, current * kCutMax, current * kCutMin));
}

void BitrateController::raise(BootTime now) {
  if (bitrate_bps_ >= limits_.max_bps || now < raise_not_before_) return;
  if (raised_at_ && now - *raised_at_ < kRaiseInterval) return;
  raised_at_ = now;
  bitrate_bps_ = within_limits(static_cast<double>(bitrate_bps_) + step_share_ * static_cast<double>(limits_.max_bps));
  step_share_ = std::min(step_share_ * 2, kStepMax);
}

std::int64_t BitrateController::within_limits(double bitrate_bps) const {
  return std::clamp(static_cast<std::int64_t>(bitrate_bps), limits_.min_bps, limits_.max_bps);
}

}  // namespace nestbox
