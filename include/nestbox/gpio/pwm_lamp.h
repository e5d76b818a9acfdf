#pragma once
/// A lamp whose strength the kernel sets: a PWM channel or a LED in /sys.
#include <memory>
#include <string>

#include "nestbox/base/result.h"

namespace nestbox {

/// Thread-bound; nothing blocks for longer than a system call.
class PwmLamp {
 public:
  /// `path` is a channel (/sys/class/pwm/pwmchip0/pwm0; exported where it is not yet) or a LED (/sys/class/leds/NAME).
  /// Dark at first. A channel without a period gets one of 1 ms; its polarity stays the owner's. Errors: kNotFound with
  /// what is there; kUnavailable (permissions, or not ready yet: try again) with what mends it.
  static Result<PwmLamp> open(const std::string& path);
  PwmLamp(PwmLamp&&) noexcept;
  PwmLamp& operator=(PwmLamp&&) noexcept;
  ~PwmLamp();  ///< dark again
  /// 0 to 1. Errors: kNotFound when the lamp has gone, kUnavailable.
  Result<void> set(double strength);

 private:
  class Control;
  explicit PwmLamp(std::unique_ptr<Control> control);
  std::unique_ptr<Control> control_;
};

}  // namespace nestbox
