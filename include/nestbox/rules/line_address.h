#pragma once
/// How the settings name a line.
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "nestbox/base/result.h"

namespace nestbox {

struct LineAddress {
  std::string chip;                          ///< empty: the one of gpio.chip
  std::variant<unsigned, std::string> line;  ///< the offset on its chip, or the name that the chip gives it: "GPIO17"
  bool operator==(const LineAddress&) const = default;
};

/// "17", "GPIO17", "gpiochip1:17", "pinctrl-rp1:GPIO17"; nothing for "none". A chip is a device ("gpiochip0") or a
/// label. Errors: kInvalidArgument with what is wrong and what would be right.
Result<std::optional<LineAddress>> parse_line(std::string_view text);

}  // namespace nestbox
