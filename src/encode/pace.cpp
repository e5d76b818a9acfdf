#include "encode/pace.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace nestbox {
namespace {

constexpr std::chrono::seconds kPauseMin{1};  // a longer distance is a pause, not a frame rate
constexpr int kSmoothing = 8;                 // new interval: 1/8 of the latest, 7/8 of the one before
constexpr double kFasterAtOnce = 0.6;         // below this part of the smoothed interval it is no jitter
constexpr double kStep = 0.15;
constexpr double kScaleMin = 0.25, kScaleMax = 16;

}  // namespace

void Pace::observe(BootTime stamp) {
  const auto before = std::exchange(last_, stamp);
  if (!before || stamp <= *before || stamp - *before > kPauseMin) return;
  const auto latest = stamp - *before;
  const bool faster = to_seconds(latest) < kFasterAtOnce * to_seconds(interval_);
  interval_ = faster ? latest : interval_ + (latest - interval_) / kSmoothing;
  const double scale = std::clamp(to_seconds(interval_) / to_seconds(nominal_), kScaleMin, kScaleMax);
  if (std::abs(scale / scale_ - 1) > kStep) scale_ = scale;
}

}  // namespace nestbox
