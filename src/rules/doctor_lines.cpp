/// Chips and lines.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <variant>

#include "doctor_areas.h"
#include "nestbox/base/text.h"
#include "nestbox/rules/line_address.h"

namespace nestbox::doctor {
namespace {

/// What the kernel calls those who hold a line, and what hands it to them.
struct Holder {
  std::string_view part_of_name, what, remedy;
};
constexpr std::array kHolders{
    Holder{"onewire", "the 1-Wire bus", "remove dtoverlay=w1-gpio, or move it: dtoverlay=w1-gpio,gpiopin=26"},
    Holder{"w1", "the 1-Wire bus", "remove dtoverlay=w1-gpio, or move it: dtoverlay=w1-gpio,gpiopin=26"},
    Holder{"spi", "the SPI bus", "remove dtparam=spi=on and overlays for SPI devices"},
    Holder{"i2c", "an I2C bus", "remove dtparam=i2c_arm=on or dtoverlay=i2c-gpio"},
    Holder{"sda", "an I2C bus", "remove dtoverlay=i2c-gpio"},
    Holder{"scl", "an I2C bus", "remove dtoverlay=i2c-gpio"},
    Holder{"uart", "a serial port", "remove enable_uart=1 and overlays for UARTs"},
    Holder{"rts", "a serial port", "remove overlays for UARTs with ctsrts"},
    Holder{"cts", "a serial port", "remove overlays for UARTs with ctsrts"},
    Holder{"ir-receiver", "an infra-red receiver", "remove dtoverlay=gpio-ir"},
    Holder{"shutdown", "the shutdown button of an overlay", "remove dtoverlay=gpio-shutdown"},
    Holder{"poweroff", "an overlay that switches the power", "remove dtoverlay=gpio-poweroff"},
    Holder{"power_ctrl", "an overlay that switches the power", "remove dtoverlay=gpio-poweroff"},
    Holder{"fan", "an overlay for a fan", "remove dtoverlay=gpio-fan, or move it: dtoverlay=gpio-fan,gpiopin=26"},
    Holder{"pps", "a clock's pulse", "remove dtoverlay=pps-gpio"},
};

std::string busy_advice(const LineFacts& line) {
  const auto holder = lower_case(line.holder);
  if (holder.find("nestbox") != std::string::npos) {
    return "a second nestboxd, or another line of this one, has it: systemctl status nestbox; look for the same line "
           "twice in the settings";
  }
  if (holder == "sysfs") {
    return fmt::format(
        "a program has exported it through /sys/class/gpio and not given it back: end that program, or start the box "
        "anew; or give {} another line",
        line.name);
  }
  const auto known = std::find_if(kHolders.begin(), kHolders.end(), [&](const Holder& one) {
    return holder.find(one.part_of_name) != std::string::npos;
  });
  if (known == kHolders.end()) {
    return fmt::format("end the program that has it (gpioinfo shows who has which line), or give {} another line",
                       line.name);
  }
  return fmt::format("in config.txt {} ({}), then start anew; or give {} another line", known->remedy, known->what,
                     line.name);
}

constexpr unsigned kNoPin = 1000;

/// Which GPIO of a Raspberry Pi's header it is; nothing on chips that are named in the settings, and on others.
std::optional<unsigned> header_gpio(const GpioFacts& gpio, const LineFacts& line) {
  const auto address = parse_line(line.setting);
  if (gpio.chip == "sim" || !address || !*address || !(*address)->chip.empty()) return std::nullopt;
  if (const auto* const offset = std::get_if<unsigned>(&(*address)->line)) return *offset;
  const auto name = lower_case(std::get<std::string>((*address)->line));
  const auto bare = parse_line(name.starts_with("gpio") ? std::string_view(name).substr(4) : "none");
  if (!bare || !*bare || !std::holds_alternative<unsigned>((*bare)->line)) return std::nullopt;
  return std::get<unsigned>((*bare)->line);
}

void examine_pin(const GpioFacts& gpio, const LineFacts& line, Findings& findings) {
  const auto pin = header_gpio(gpio, line).value_or(kNoPin);
  const auto code = "line_pin:" + line.name;
  const auto text = [&](std::string_view what) { return fmt::format("{} is on GPIO{}, {}", line.name, pin, what); };
  if (pin <= 1) {
    findings.warning(code, text("by which the board reads the memory of its add-on boards"),
                     "give it another line, of GPIO4 to GPIO27");
  } else if (pin <= 3 && gpio.i2c) {
    findings.warning(code, text("which the I2C bus has"),
                     "in config.txt remove dtparam=i2c_arm=on and start anew, or give it another line");
  } else if (pin <= 3) {
    constexpr auto kResistor = "where the board has a resistor of 1.8 kilohms to 3.3 V";
    constexpr auto kAdvice = "that suits a switch to ground alone (active: low); for all else take another line";
    if (line.bias == LineBias::kPullDown) {
      findings.warning(code, text(kResistor) + ", against which a pull-down cannot win", kAdvice);
    } else {
      findings.note(code, text(kResistor), kAdvice);
    }
  } else if (pin >= 7 && pin <= 11 && gpio.spi) {
    findings.warning(code, text("which the SPI bus has"),
                     "in config.txt remove dtparam=spi=on and start anew, or give it another line");
  } else if ((pin == 14 || pin == 15) && gpio.serial_console) {
    findings.warning(code, text("where the serial console is"),
                     "switch that console off (sudo raspi-config, Interface Options, Serial Port), or give it another "
                     "line");
  }
}

std::string absent_advice(const GpioFacts& gpio, const LineFacts& line) {
  const bool no_chip_is_open = !gpio.chips.empty() && std::none_of(gpio.chips.begin(), gpio.chips.end(),
                                                                   [](const auto& chip) { return chip.usable; });
  if (no_chip_is_open)
    return "first let the chips be opened: sudo usermod -aG gpio nestbox, then: sudo systemctl restart nestbox";
  return fmt::format("look at the line of {} in the settings, and at gpio.chip; gpioinfo shows all chips and lines",
                     line.name);
}

void examine_line(const GpioFacts& gpio, const LineFacts& line, Findings& findings) {
  const auto& where = line.where.empty() ? line.setting : line.where;
  switch (line.state) {
    case LineState::kUnknown:
      findings.note("line_unknown:" + line.name,
                    fmt::format("{}: {}; whether it works, only the running daemon knows", line.name, where), "");
      break;
    case LineState::kOk:
      findings.good("line:" + line.name, fmt::format("{}: {}", line.name, where));
      break;
    case LineState::kBusy:
      findings.fault("line_busy:" + line.name,
                     fmt::format("{}: {} is in use by {}", line.name, where,
                                 line.holder.empty() ? "somebody else" : "\"" + line.holder + "\""),
                     busy_advice(line));
      break;
    case LineState::kAbsent:
      findings.fault("line_absent:" + line.name,
                     fmt::format("{}: {}", line.name, line.error.empty() ? where + " is not there" : line.error),
                     absent_advice(gpio, line));
      break;
    case LineState::kStuck:
      findings.warning("line_stuck:" + line.name,
                       fmt::format("{}: {} has been active all the time, so nobody heeds it", line.name, where),
                       "look for a short, a wire that has come off, and whether active (high or low) is the right way "
                       "round; a PIR sensor with too long a delay does the same");
      break;
  }
  examine_pin(gpio, line, findings);
}

void examine_chips(const GpioFacts& gpio, Findings& findings) {
  if (gpio.chips.empty()) {
    return findings.fault(
        "no_chip", "the kernel has no chip of lines (/dev/gpiochip*)",
        "on a Raspberry Pi use its own system's kernel; elsewhere a USB adapter, or gpio.chip: sim to "
        "try things out");
  }
  std::vector<std::string> closed, open;
  for (const auto& chip : gpio.chips) {
    const auto text = chip.label.empty() ? chip.device : fmt::format("{} ({})", chip.label, chip.device);
    (chip.usable ? open : closed).push_back(chip.lines ? fmt::format("{}, {} lines", text, *chip.lines) : text);
  }
  if (!closed.empty()) {
    const auto text = fmt::format("may not be opened: {}", fmt::join(closed, "; "));
    constexpr auto kAdvice =
        "who runs it must be in the group gpio: sudo usermod -aG gpio nestbox, then: sudo systemctl restart nestbox";
    if (open.empty()) {
      findings.fault("chip_permissions", text, kAdvice);
    } else {
      findings.note("chip_permissions", text, kAdvice);
    }
  }
  if (!open.empty()) findings.good("chips", fmt::format("chips of lines: {}", fmt::join(open, "; ")));
}

}  // namespace

void examine_lines(const Facts& facts, Findings& findings) {
  const auto& gpio = facts.gpio;
  findings.area = "lines";
  if (gpio.lines.empty()) return;
  if (gpio.chip == "sim") {
    findings.note("lines_simulated", "the lines are simulated (gpio.chip: sim); no wire is looked at",
                  "set gpio.chip to auto once they are wired");
  } else {
    examine_chips(gpio, findings);
  }
  for (const auto& line : gpio.lines) examine_line(gpio, line, findings);
}

}  // namespace nestbox::doctor
