#include "nestbox/rules/drift_control.h"

#include <algorithm>

namespace nestbox {
namespace {

constexpr double kMillion = 1e6;
constexpr double kSmoothingS = 2;
// Critically damped: the integral gain is a quarter of the proportional gain's square.
constexpr double kProportional = 1.0 / 20;  // a second
constexpr double kIntegral = kProportional * kProportional / 4;

double in_seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

double clamped(double ppm) {
  return std::clamp(ppm, -DriftControl::kStretchMaxPpm, DriftControl::kStretchMaxPpm);
}

}  // namespace

double DriftControl::update(std::chrono::nanoseconds ahead, std::chrono::nanoseconds elapsed) {
  const double elapsed_s = std::min(in_seconds(elapsed), kSmoothingS);
  smooth_s_ += (in_seconds(ahead) - smooth_s_) * elapsed_s / kSmoothingS;
  drift_ppm_ = clamped(drift_ppm_ + kMillion * kIntegral * smooth_s_ * elapsed_s);
  return clamped(drift_ppm_ + kMillion * kProportional * smooth_s_);
}

}  // namespace nestbox
