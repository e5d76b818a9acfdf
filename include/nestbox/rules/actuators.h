#pragma once
/// How a filter's coil and a lamp are driven over time.
#include <chrono>
#include <optional>

#include "nestbox/base/clock.h"
#include "nestbox/options/lines.h"
#include "nestbox/rules/light.h"

namespace nestbox {

/// The two ends of a coil that holds its filter without current: one pulse moves it, and nothing is ever held.
/// Pure: time comes with the calls. Thread-bound.
class CoilPulse {
 public:
  struct Levels {
    bool a = false, b = false;  ///< never both
    bool operator==(const Levels&) const = default;
  };
  /// `length` is positive.
  explicit CoilPulse(std::chrono::nanoseconds length);

  /// One pulse into that position, at once; while another pulse is in progress, after it and a rest as long as a
  /// pulse. Of a position that was already asked for nothing happens. kUnknown ends the pulse and forgets the position,
  /// so that any is asked for anew.
  void move(FilterPosition to, BootTime now);
  Levels levels(BootTime now);
  /// When levels() changes next by itself.
  std::optional<BootTime> next(BootTime now) const;

 private:
  void advance(BootTime now);

  std::chrono::nanoseconds length_;
  FilterPosition active_ = FilterPosition::kUnknown;   ///< of the pulse in progress
  FilterPosition pulsed_ = FilterPosition::kUnknown;   ///< of the last pulse, unless it was cut off
  FilterPosition waiting_ = FilterPosition::kUnknown;  ///< of the pulse that comes next
  BootTime ends_{};
  std::optional<BootTime> rests_until_;
};

/// From one strength of the lamp to another without a jump: animals and the exposure meter get used to it. A lamp that
/// knows only on and off (kLevel) jumps.
/// Pure: time comes with the calls. Thread-bound.
class LampRamp {
 public:
  explicit LampRamp(LampOptions options);
  /// From the strength of `now` on with other options.
  void apply(LampOptions options, BootTime now);
  enum class Lamp : bool { kOff, kOn };
  void go_to(Lamp lamp, BootTime now);
  /// 0, or from options.min to options.max; 1 for a lit lamp that knows only on and off.
  double strength(BootTime now) const;
  /// When strength() has changed enough to be set anew.
  std::optional<BootTime> next(BootTime now) const;

 private:
  double height(BootTime now) const;  ///< 0 (dark) to 1 (options.max)

  LampOptions options_;
  Lamp lamp_ = Lamp::kOff;
  double from_ = 0;  ///< height at since_
  BootTime since_{};
};

}  // namespace nestbox
