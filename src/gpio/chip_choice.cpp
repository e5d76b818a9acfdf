#include "chip_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "nestbox/base/text.h"

namespace nestbox::gpio {
namespace {

// The chips whose lines are on the header of a Raspberry Pi: up to 3 and Zero 2, 4, 5. A Pi 5 has other chips besides,
// which switch its fan, its power and its radio: nobody is given one of those who did not ask for it by name.
constexpr std::array<std::string_view, 3> kHeaderLabels{"pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1"};

bool is_header(const ChipName& chip) {
  return std::find(kHeaderLabels.begin(), kHeaderLabels.end(), chip.label) != kHeaderLabels.end();
}

std::string described(const ChipPort::Listed& listed) {
  std::string text;
  for (const auto& chip : listed.chips)
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", chip.label, chip.device);
  if (text.empty()) text = "none";
  if (!listed.problem.empty()) text += fmt::format("; {}", listed.problem);
  return text;
}

Result<std::string> choose_by_itself(const ChipPort::Listed& listed) {
  const auto header = std::find_if(listed.chips.begin(), listed.chips.end(), is_header);
  if (header != listed.chips.end()) return header->device;
  // One that could not be opened may be the header's.
  if (listed.chips.size() == 1 && listed.problem.empty()) return listed.chips.front().device;
  return fail(ErrorKind::kNotFound, fmt::format("no chip is known to have a Raspberry Pi's lines; say with gpio.chip "
                                                "which one to take. There are: {}",
                                                described(listed)));
}

/// On the header, GPIO17 is line 17 whatever the kernel calls it: some kernels name lines after their second use.
std::optional<unsigned> header_offset(const Chip& chip, std::string_view name) {
  constexpr std::string_view kPrefix = "gpio";
  const std::string lower = lower_case(name);
  if (!is_header(chip.name()) || lower.rfind(kPrefix, 0) != 0) return std::nullopt;
  const auto rest = parse_line(std::string_view(lower).substr(kPrefix.size()));
  if (!rest || !*rest || !std::holds_alternative<unsigned>((*rest)->line)) return std::nullopt;
  return std::get<unsigned>((*rest)->line);
}

std::string chip_text(const ChipName& chip) {
  return chip.label == chip.device ? chip.label : fmt::format("{} ({})", chip.label, chip.device);
}

Result<unsigned> find_offset(Chip& chip, const LineAddress& address) {
  if (const auto* const name = std::get_if<std::string>(&address.line)) {
    if (const auto offset = chip.find(*name)) return *offset;
    const auto offset = header_offset(chip, *name);
    if (offset && *offset < chip.line_count()) return *offset;
    return fail(ErrorKind::kNotFound, fmt::format("{} has no line called {}; it has {} lines, of which gpioinfo shows "
                                                  "the names",
                                                  chip_text(chip.name()), *name, chip.line_count()));
  }
  const auto offset = std::get<unsigned>(address.line);
  if (offset < chip.line_count()) return offset;
  return fail(ErrorKind::kNotFound, fmt::format("{} has no line {}; its lines are 0 to {}", chip_text(chip.name()),
                                                offset, chip.line_count() - 1));
}

}  // namespace

Result<std::string> choose_chip(const std::string& wanted, const ChipPort::Listed& listed) {
  if (wanted == "auto") return choose_by_itself(listed);
  std::vector<const ChipName*> matching;
  for (const auto& chip : listed.chips) {
    if (chip.device == wanted) return chip.device;
    if (chip.label == wanted) matching.push_back(&chip);
  }
  if (matching.size() == 1) return matching.front()->device;
  return fail(ErrorKind::kNotFound,
              fmt::format("{} called {}; there are: {}", matching.empty() ? "no chip is" : "more than one chip is",
                          wanted, described(listed)));
}

Result<FoundLine> find_line(ChipPort& port, const std::string& chip, const LineAddress& address) {
  const auto device = choose_chip(address.chip.empty() ? chip : address.chip, port.list());
  if (!device) return tl::unexpected(device.error());
  auto opened = port.open(*device);
  if (!opened) return tl::unexpected(opened.error());
  const auto offset = find_offset(**opened, address);
  if (!offset) return tl::unexpected(offset.error());
  FoundLine found{std::move(*opened), *offset, {}};
  const std::string name = found.chip->line_name(*offset);
  found.where =
      fmt::format("{} of {}", name.empty() ? fmt::format("line {}", *offset) : name, chip_text(found.chip->name()));
  return found;
}

Error busy_error(const std::string& where, const std::string& holder) {
  return {ErrorKind::kBusy, fmt::format("{} is in use by {}; let only one of them have it", where,
                                        holder.empty() ? "somebody who gives no name" : holder)};
}

}  // namespace nestbox::gpio
