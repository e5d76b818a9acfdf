#pragma once
/// A lamp whose strength the kernel sets: a PWM channel or a LED in /sys.
#include <memory>
#include <string>

#include "nestbox/base/result.h"

namespace nestbox {

/// Thread-bound.
class PwmLamp {
 public:
  /// `path` is a channel (/sys/class/pwm/pwmchip0/pwm0; exported where it is not yet) or a LED (/sys/class/leds/NAME).
  /// Dark at first. Errors: kNotFound, kUnavailable (permissions) with what mends it.
  static Result<PwmLamp> open(const std::string& path);
  PwmLamp(PwmLamp&&) noexcept;
  PwmLamp& operator=(PwmLamp&&) noexcept;
  ~PwmLamp();  ///< dark again
  /// 0 to 1.
  Result<void> set(double strength);
};

}  // namespace nestbox
