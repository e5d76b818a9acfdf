#pragma once
/// How a filter's coil and a lamp are driven over time.
#include <chrono>
#include <optional>

#include "nestbox/base/clock.h"
#include "nestbox/options/lines.h"
#include "nestbox/rules/light.h"

namespace nestbox {

/// The two ends of a coil that holds its filter without current: one pulse moves it, and nothing is ever held.
/// Pure. Thread-bound.
class CoilPulse {
 public:
  struct Levels {
    bool a = false, b = false;  ///< never both
    bool operator==(const Levels&) const = default;
  };
  explicit CoilPulse(std::chrono::nanoseconds length);
  /// kUnknown ends the pulse. A pulse in the other direction waits until the one in progress, and a rest after it, are
  /// over.
  void move(FilterPosition to, BootTime now);
  Levels levels(BootTime now);
  /// When levels() changes next by itself.
  std::optional<BootTime> next(BootTime now) const;
};

/// From one strength of the lamp to another without a jump: animals and the exposure meter get used to it.
/// Pure. Thread-bound.
class LampRamp {
 public:
  explicit LampRamp(LampOptions options);
  void apply(LampOptions options);
  enum class Lamp : bool { kOff, kOn };
  void go_to(Lamp lamp, BootTime now);
  /// 0, or from options.min to options.max.
  double strength(BootTime now) const;
  std::optional<BootTime> next(BootTime now) const;
};

}  // namespace nestbox
