#pragma once
/// Which chip and which line of it a setting means.
#include <memory>
#include <string>

#include "chip_port.h"
#include "nestbox/rules/line_address.h"

namespace nestbox::gpio {

/// `wanted`: "auto", a device, or a label. Errors: kNotFound with the chips that are there.
Result<std::string> choose_chip(const std::string& wanted, const ChipPort::Listed& listed);

struct FoundLine {
  std::unique_ptr<Chip> chip;
  unsigned offset = 0;
  std::string where;  ///< "GPIO17 of pinctrl-rp1 (gpiochip0)"
};
/// Errors: as of choose_chip() and ChipPort::open(); kNotFound for a line that the chip does not have.
Result<FoundLine> find_line(ChipPort& port, const std::string& chip, const LineAddress& address);

/// kBusy, in words.
Error busy_error(const std::string& where, const std::string& holder);

}  // namespace nestbox::gpio
