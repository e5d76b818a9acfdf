#pragma once
/// The chips in /dev, and the kernel's stamps.
#include "chip_port.h"

namespace nestbox::gpio {

class KernelChips : public ChipPort {
 public:
  Listed list() override;
  Result<std::unique_ptr<Chip>> open(const std::string& device) override;
};

/// libgpiod's stamps are of CLOCK_MONOTONIC (Linux 5.7 and later), which stands still while the machine sleeps. One
/// that cannot be (an older kernel's, by the time of day) becomes now.
BootTime boot_time_of_stamp(std::chrono::nanoseconds monotonic);

/// What errno means for a line, "attempt: reason".
Error line_error(int error_number, const std::string& attempt);
/// The same for Chip::request().
Error request_error(int error_number, const LineWish& wish, const std::string& line);

}  // namespace nestbox::gpio
