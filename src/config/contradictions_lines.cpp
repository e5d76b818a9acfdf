#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "codec.h"
#include "contradictions.h"
#include "nestbox/rules/line_address.h"
#include "nestbox/rules/trigger_expression.h"
#include "scalars.h"

namespace nestbox::config {
namespace {

constexpr std::string_view kNoLine = "none";

/// One place in the settings that names a line.
struct NamedLine {
  std::string key;    ///< of the setting that it is in: "gpio.pir"
  std::string place;  ///< "gpio.pir.line"
  std::function<const LineText&(const Options&)> text;
};

std::vector<NamedLine> every_line() {
  const auto of_gpio = [](const std::string& name, auto line) {
    return NamedLine{"gpio." + name, "gpio." + name + ".line",
                     [line](const Options& o) -> const LineText& { return line(o.gpio); }};
  };
  const auto of_filter = [](const std::string& name, auto line) {
    return NamedLine{"day_night.ir_cut", "day_night.ir_cut." + name,
                     [line](const Options& o) -> const LineText& { return line(o.day_night.ir_cut); }};
  };
  using G = GpioOptions;
  using F = IrCutOptions;
  return {
      of_gpio("pir", [](const G& gpio) -> const LineText& { return gpio.pir.input.line; }),
      of_gpio("button", [](const G& gpio) -> const LineText& { return gpio.button.input.line; }),
      of_gpio("light_sensor", [](const G& gpio) -> const LineText& { return gpio.light_sensor.line; }),
      of_gpio("live_light", [](const G& gpio) -> const LineText& { return gpio.live_light.line; }),
      of_gpio("status_led", [](const G& gpio) -> const LineText& { return gpio.status_led.line; }),
      of_filter("line", [](const F& filter) -> const LineText& { return filter.output.line; }),
      of_filter("line_a", [](const F& filter) -> const LineText& { return filter.line_a; }),
      of_filter("line_b", [](const F& filter) -> const LineText& { return filter.line_b; }),
      {"day_night.lamp", "day_night.lamp.line",
       [](const Options& o) -> const LineText& { return o.day_night.lamp.output.line; }},
  };
}

/// With its chip said, and by its number where the name tells it: a Raspberry Pi calls line 17 of its header GPIO17.
std::optional<LineAddress> address_of(const LineText& text, const GpioOptions& gpio) {
  constexpr std::string_view kNumbered = "GPIO";
  const auto parsed = parse_line(text);
  if (!parsed || !*parsed) return std::nullopt;
  auto address = **parsed;
  if (address.chip.empty()) address.chip = gpio.chip;
  const auto* const name = std::get_if<std::string>(&address.line);
  if (name == nullptr || !name->starts_with(kNumbered)) return address;
  unsigned number = 0;
  const auto* const end = name->data() + name->size();
  const auto [stopped, problem] = std::from_chars(name->data() + kNumbered.size(), end, number);
  if (problem == std::errc() && stopped == end) address.line = number;
  return address;
}

Contradiction not_the_same(const NamedLine& one, const NamedLine& other) {
  return {{one.key, other.key},
          [=](const Options& o) {
            const auto address = address_of(one.text(o), o.gpio);
            if (!address || address != address_of(other.text(o), o.gpio)) return std::string();
            return fmt::format("{} ({}) and {} ({}) are the same line", one.place, one.text(o), other.place,
                               other.text(o));
          },
          "a line of its own for each"};
}

std::string lacking(bool lacks, std::string_view what) {
  return lacks ? std::string(what) : std::string();
}

/// What a type of filter or lamp cannot do without.
void add_devices(std::vector<Contradiction>& all) {
  using Filter = IrCutOptions::Type;
  using Lamp = LampOptions::Type;
  all.push_back({{"day_night.ir_cut"},
                 [](const Options& o) {
                   const auto& filter = o.day_night.ir_cut;
                   return lacking(filter.type == Filter::kLevel && filter.output.line == kNoLine,
                                  "ir_cut of type level has no line");
                 },
                 "{type: level, line: 23}"});
  all.push_back({{"day_night.ir_cut"},
                 [](const Options& o) {
                   const auto& filter = o.day_night.ir_cut;
                   return lacking(
                       filter.type == Filter::kCoil && (filter.line_a == kNoLine || filter.line_b == kNoLine),
                       fmt::format("ir_cut of type coil has no {}", filter.line_a == kNoLine ? "line_a" : "line_b"));
                 },
                 "{type: coil, line_a: 23, line_b: 24}"});
  all.push_back({{"day_night.lamp"},
                 [](const Options& o) {
                   const auto& lamp = o.day_night.lamp;
                   return lacking(lamp.type == Lamp::kLevel && lamp.output.line == kNoLine,
                                  "lamp of type level has no line");
                 },
                 "{type: level, line: 18}"});
  all.push_back({{"day_night.lamp"},
                 [](const Options& o) {
                   const auto& lamp = o.day_night.lamp;
                   return lacking(lamp.type == Lamp::kPwm && lamp.path.empty(), "lamp of type pwm has no path");
                 },
                 "{type: pwm, path: /sys/class/pwm/pwmchip0/pwm0}"});
  all.push_back({{"day_night.lamp"},
                 [](const Options& o) {
                   const auto& lamp = o.day_night.lamp;
                   return lacking(lamp.min > lamp.max, fmt::format("lamp.min ({}) is above lamp.max ({})",
                                                                   print_share(lamp.min), print_share(lamp.max)));
                 },
                 "min up to max"});
}

/// What day or night is decided by.
void add_day_and_night(std::vector<Contradiction>& all) {
  all.push_back({{"day_night.night_below", "day_night.day_above"},
                 [](const Options& o) {
                   const auto& light = o.day_night;
                   return lacking(light.night_below_lux > light.day_above_lux,
                                  fmt::format("day_night.night_below ({}) is above day_night.day_above ({})",
                                              print_lux(light.night_below_lux), print_lux(light.day_above_lux)));
                 },
                 "night_below up to day_above"});
  all.push_back({{"day_night.mode", "location"},
                 [](const Options& o) {
                   return lacking(o.day_night.mode == DayNightMode::kSun && !o.location,
                                  "day_night.mode says sun, and location is not set");
                 },
                 "a location such as {latitude: 51.48, longitude: -3.18}"});
  all.push_back({{"day_night.mode", "gpio.light_sensor"},
                 [](const Options& o) {
                   return lacking(o.day_night.mode == DayNightMode::kLine && o.gpio.light_sensor.line == kNoLine,
                                  "day_night.mode says line, and gpio.light_sensor has no line");
                 },
                 "a light_sensor such as {line: 5}"});
}

void add_live(std::vector<Contradiction>& all) {
  all.push_back({{"live.when", "gpio.button"},
                 [](const Options& o) {
                   return lacking(o.live.when.button && o.gpio.button.input.line == kNoLine,
                                  "live.when says button, and gpio.button has no line");
                 },
                 "a button such as {line: 17}"});
  all.push_back({{"live.schedule", "location"},
                 [](const Options& o) {
                   for (const auto& span : o.live.schedule) {
                     const auto event = span.from.sun ? span.from.sun : span.to.sun;
                     if (o.location || !event) continue;
                     return fmt::format("live.schedule says {}, and location is not set",
                                        kSunEvents[static_cast<std::size_t>(*event)]);
                   }
                   return std::string();
                 },
                 "a location such as {latitude: 51.48, longitude: -3.18}"});
}

/// A trigger whose line is not there would be waited for in vain, or hold for ever behind a "not".
void add_triggers(std::vector<Contradiction>& all) {
  const auto needs = [&](Trigger trigger, const std::string& key, auto line, const std::string& example) {
    all.push_back({{"triggers.visit", key},
                   [=](const Options& o) {
                     const auto visit = TriggerExpression::parse(o.triggers.visit);
                     return lacking(
                         visit && visit->mentioned().contains(trigger) && line(o.gpio) == kNoLine,
                         fmt::format("triggers.visit says {}, and {} has no line", trigger_name(trigger), key));
                   },
                   example});
  };
  needs(
      Trigger::kPir, "gpio.pir", [](const GpioOptions& gpio) { return gpio.pir.input.line; },
      "a pir such as {line: 4}");
  needs(
      Trigger::kButton, "gpio.button", [](const GpioOptions& gpio) { return gpio.button.input.line; },
      "a button such as {line: 17}");
}

}  // namespace

std::vector<Contradiction> line_contradictions() {
  std::vector<Contradiction> all;
  add_devices(all);
  add_day_and_night(all);
  add_live(all);
  add_triggers(all);
  const auto lines = every_line();
  for (auto one = lines.begin(); one != lines.end(); ++one) {
    for (auto other = std::next(one); other != lines.end(); ++other) all.push_back(not_the_same(*one, *other));
  }
  return all;
}

}  // namespace nestbox::config
