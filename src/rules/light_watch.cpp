#include "light_watch.h"

#include <algorithm>
#include <cmath>

namespace nestbox {
namespace {

constexpr double kDarkestLux = 1e-3;  // starlight; keeps logarithms finite

constexpr std::chrono::seconds kSuddenLasts(60);

// What a sensor tells of less is noise: such pictures agree with each other.
constexpr double kNoiseLux = 0.3;
constexpr double kAgreement = 1.12;
constexpr int kLooks = 3;
constexpr std::chrono::milliseconds kBetweenLooks(450), kBeforeFirstLook(900);

}  // namespace

void SmoothedLight::add(BootTime at, double lux) {
  const double log = std::log(std::max(lux, kDarkestLux));
  if (at_ && at <= *at_) return;
  const double weight = at_ ? 1 - std::exp(-to_seconds(at - *at_) / time_constant_s_) : 1;
  log_ += (log - log_) * weight;
  at_ = at;
}

double SmoothedLight::lux() const {
  return at_ ? std::exp(log_) : 0;
}

void Lasting::add(BootTime at, Says says) {
  if (says.ends) {
    since_.reset();
  } else if (says.begins && !since_) {
    since_ = at;
    sudden_ = false;
  }
  sudden_ = sudden_ || says.sudden;  // what crosses the threshold at once may still be on its way
}

std::chrono::nanoseconds Lasting::wanted(std::chrono::nanoseconds delay) const {
  return sudden_ ? std::max<std::chrono::nanoseconds>(delay, kSuddenLasts) : delay;
}

bool Lasting::for_as_long_as(std::chrono::nanoseconds delay, BootTime now) const {
  return since_ && now - *since_ >= wanted(delay);
}

void Settling::begin(BootTime now, std::chrono::nanoseconds extra) {
  *this = {};
  least_ = now + extra + kLeast;
  ends_ = now + extra + kMost;
  looked_ = now + extra + kBeforeFirstLook - kBetweenLooks;
}

void Settling::add(BootTime at, const MeasuredLight& light) {
  if (!looked_ || at - *looked_ < kBetweenLooks) return;
  looked_ = at;
  const double ratio = (light.lux + kNoiseLux) / (first_lux_ + kNoiseLux);
  if (looks_ == 0 || ratio > kAgreement || ratio < 1 / kAgreement) {
    first_lux_ = light.lux;
    sum_lux_ = 0;
    looks_ = 0;
    bounded_ = false;
  }
  sum_lux_ += light.lux;
  bounded_ = bounded_ || light.bound != MeasuredLight::Bound::kNone;
  ++looks_;
}

bool Settling::agreed() const {
  return looks_ >= kLooks;
}

std::optional<double> Settling::lux() const {
  if (!agreed() || bounded_) return std::nullopt;
  return sum_lux_ / looks_;
}

}  // namespace nestbox
