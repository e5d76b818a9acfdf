#pragma once
/// Smoothed light, and for how long it has been beyond a threshold.
#include <chrono>
#include <optional>

#include "nestbox/base/clock.h"
#include "nestbox/rules/light_meter.h"

namespace nestbox {

/// A mean that forgets, of logarithms: light is told apart by its ratio. Thread-bound.
class SmoothedLight {
 public:
  explicit SmoothedLight(std::chrono::nanoseconds time_constant) : time_constant_s_(to_seconds(time_constant)) {}
  void add(BootTime at, double lux);
  void forget() { at_.reset(); }
  double lux() const;  ///< 0 while nothing was added

 private:
  double time_constant_s_;
  double log_ = 0;
  std::optional<BootTime> at_;
};

/// Since when something holds. A sudden change has to last longer than a slow one: dusk and dawn are slow, a hand or a
/// torch is not. Thread-bound.
class Lasting {
 public:
  struct Says {
    bool begins = false;  ///< it holds
    bool ends = false;    ///< it no longer does; between the two it stays as it was
    bool sudden = false;  ///< the change that led to it was, or what goes on is
  };
  void add(BootTime at, Says says);
  void forget() { since_.reset(); }
  std::optional<BootTime> since() const { return since_; }
  /// How long it has to last.
  std::chrono::nanoseconds wanted(std::chrono::nanoseconds delay) const;
  bool for_as_long_as(std::chrono::nanoseconds delay, BootTime now) const;

 private:
  std::optional<BootTime> since_;
  bool sudden_ = false;
};

/// Whether the exposure meter has come to rest after a change: three looks half a second apart agree. Thread-bound.
class Settling {
 public:
  static constexpr std::chrono::seconds kLeast{2}, kMost{8};

  /// `extra`: how long the change itself takes.
  void begin(BootTime now, std::chrono::nanoseconds extra);
  void add(BootTime at, const MeasuredLight& light);
  bool done(BootTime now) const { return now >= ends_ || (agreed() && now >= least_); }
  bool agreed() const;
  BootTime ends() const { return ends_; }
  /// What the looks that agree came to, where they do and are not bounds.
  std::optional<double> lux() const;

 private:
  BootTime least_{}, ends_{};
  std::optional<BootTime> looked_;
  double first_lux_ = 0, sum_lux_ = 0;
  int looks_ = 0;
  bool bounded_ = false;
};

}  // namespace nestbox
