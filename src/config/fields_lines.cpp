// day_night and gpio. Each line, filter and lamp is one key whose value is a map: layers merge in it as in a section.
#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "fields.h"
#include "nestbox/rules/line_address.h"

namespace nestbox::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Stages kLines{Stage::kLines};

std::optional<TextProblem> chip_problem(const std::string& chip) {
  const bool good = !chip.empty() && chip.size() <= 64 &&
                    std::all_of(chip.begin(), chip.end(), [](char c) { return c >= ' ' && c <= '~' && c != '/'; });
  if (good) return std::nullopt;
  return TextProblem{"is no name of a chip"};
}

/// Of a text that is no line, parse_line() says what would be one.
Codec<LineText> line() {
  const std::string allowed = "none, a number or a name such as 17 or GPIO17, or CHIP:17";
  return {allowed,
          [=](const Node& node, LineText& out, const Reading& reading) {
            if (!node.is_scalar()) {
              return reading.complain(node, node.is_null() ? "has no value" : "is not one text", allowed);
            }
            if (const auto parsed = parse_line(node.text); !parsed) {
              return reading.complain(node, parsed.error().message, "");
            }
            out = node.text;
          },
          text_node};
}

Codec<std::string> device_path() {
  return text("a path such as /sys/class/pwm/pwmchip0/pwm0 or /sys/class/leds/NAME",
              [](const std::string& path) -> std::optional<TextProblem> {
                if (path.size() > 1 && path[0] == '/') return std::nullopt;
                return TextProblem{"is no absolute path"};
              });
}

std::vector<Field<InputLine>> input_fields() {
  using I = InputLine;
  return {field("line", &I::line, line(), {}, ""),
          field("active", &I::active, one_of<ActiveLevel>({"high", "low"}), {}, ""),
          field("bias", &I::bias, one_of<LineBias>({"none", "pull-up", "pull-down"}), {}, ""),
          field("debounce", &I::debounce, duration(milliseconds(0), seconds(10)), {}, "")};
}

std::vector<Field<OutputLine>> output_line_fields() {
  using O = OutputLine;
  return {field("line", &O::line, line(), {}, ""),
          field("active", &O::active, one_of<ActiveLevel>({"high", "low"}), {}, "")};
}

/// The fields of a part, as fields of the whole that it is in.
template <class Whole, class Part>
std::vector<Field<Whole>> fields_within(Part Whole::*part, const std::vector<Field<Part>>& of_part) {
  std::vector<Field<Whole>> fields;
  for (const auto& inner : of_part) {
    fields.push_back(
        {inner.name, inner.stages, inner.allowed, inner.help, inner.example, inner.form, inner.need,
         [=](const Node& node, Whole& out, const Reading& reading) { inner.read(node, out.*part, reading); },
         [=](const Whole& from) { return inner.write(from.*part); }});
  }
  return fields;
}

Codec<PirOptions> pir() {
  auto fields = fields_within(&PirOptions::input, input_fields());
  fields.push_back(field("hold", &PirOptions::hold, duration(milliseconds(0), minutes(10)), {}, ""));
  return map_of("{line: LINE, active: high | low, bias: none | pull-up | pull-down, debounce: TIME, hold: TIME}",
                std::move(fields));
}

Codec<ButtonOptions> button() {
  auto fields = fields_within(&ButtonOptions::input, input_fields());
  fields.push_back(field("long_press", &ButtonOptions::long_press, one_of<LongPress>({"none", "shut-down"}), {}, ""));
  return map_of(
      "{line: LINE, active: high | low, bias: none | pull-up | pull-down, debounce: TIME, long_press: none | "
      "shut-down}",
      std::move(fields));
}

Codec<InputLine> input_line() {
  return map_of("{line: LINE, active: high | low, bias: none | pull-up | pull-down, debounce: TIME}", input_fields());
}

Codec<OutputLine> output_line() {
  return map_of("{line: LINE, active: high | low}", output_line_fields());
}

/// A field that only some types of a device have.
template <class S>
struct OfTypes {
  std::vector<typename S::Type> types;
  Field<S> field;
  bool has(typename S::Type type) const { return std::find(types.begin(), types.end(), type) != types.end(); }
};

template <class S>
std::vector<OfTypes<S>> of_types(std::initializer_list<typename S::Type> types, std::vector<Field<S>> fields) {
  std::vector<OfTypes<S>> all;
  for (auto& field : fields) all.push_back({types, std::move(field)});
  return all;
}

/// How a device of one of several types is written: {type: TYPE, ...} with the fields of that type alone.
template <class S>
struct TypedMap {
  std::string device;              ///< as errors call it: "lamp"
  std::vector<std::string> types;  ///< in the order of the enumeration
  std::vector<OfTypes<S>> fields;

  const std::string& name(typename S::Type type) const { return types[static_cast<std::size_t>(type)]; }

  std::string names(const std::vector<typename S::Type>& some) const {
    std::string text;
    for (const auto type : some) text += (text.empty() ? "" : " or ") + name(type);
    return text;
  }

  /// Whoever names another type begins anew: what the layers below said is for theirs. False for what is no type.
  bool read_type(const Node& map, S& out, const Reading& reading) const {
    const auto* const said = map.find("type");
    if (said == nullptr) return true;
    const bool known = said->is_scalar() && std::find(types.begin(), types.end(), said->text) != types.end();
    auto type = out.type;
    one_of<typename S::Type>(types).read(*said, type, reading.below(".type"));
    if (type == out.type) return known;
    const S fresh;
    out = fresh;
    out.type = type;
    return true;
  }

  void read_field(const Node::Key& key, const Node& node, S& out, const Reading& reading) const {
    std::vector<std::string> known = {"type"};
    for (const auto& one : fields) {
      known.push_back(one.field.name);
      if (one.field.name != key.text) continue;
      if (one.has(out.type)) return one.field.read(node, out, reading);
      return reading.complain(
          ConfigErrorCode::kContradiction, key.where,
          fmt::format("{}.{} is for type {}, and this is type {}", device, key.text, names(one.types), name(out.type)),
          "", "");
    }
    reading.complain(ConfigErrorCode::kUnknownKey, key.where, "no such key", "", nearest_word(key.text, known));
  }

  void read(const Node& node, S& out, const Reading& reading) const {
    if (!read_type(node, out, reading)) return;
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
      const auto& key = node.keys[i];
      if (key.text != "type") read_field(key, node.items[i], out, reading.below("." + key.text));
    }
  }

  Node write(const S& from) const {
    auto node = map_node();
    node.put("type", text_node(name(from.type)));
    for (const auto& one : fields) {
      if (one.has(from.type)) node.put(one.field.name, one.field.write(from));
    }
    return node;
  }
};

template <class S>
Codec<S> codec_of(std::string allowed, TypedMap<S> map) {
  return {allowed,
          [=](const Node& node, S& out, const Reading& reading) {
            if (!node.is_map()) return reading.complain(node, "is not a map", allowed);
            map.read(node, out, reading);
          },
          [=](const S& from) { return map.write(from); }};
}

template <class S>
std::vector<OfTypes<S>> operator+(std::vector<OfTypes<S>> fields, const std::vector<OfTypes<S>>& more) {
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

Codec<IrCutOptions> ir_cut() {
  using F = IrCutOptions;
  const auto level = of_types<F>({F::Type::kLevel}, fields_within(&F::output, output_line_fields()));
  const auto coil = of_types<F>(
      {F::Type::kCoil}, {field("line_a", &F::line_a, line(), {}, ""), field("line_b", &F::line_b, line(), {}, ""),
                         field("pulse", &F::pulse, duration(milliseconds(20), seconds(1)), {}, "")});
  return codec_of<F>(
      "{type: none}, {type: level, line: LINE, active: high | low}, or {type: coil, line_a: LINE, line_b: LINE, pulse: "
      "TIME}",
      {"ir_cut", {"none", "level", "coil"}, level + coil});
}

Codec<LampOptions> lamp() {
  using L = LampOptions;
  const auto level = of_types<L>({L::Type::kLevel}, fields_within(&L::output, output_line_fields()));
  const auto pwm = of_types<L>(
      {L::Type::kPwm}, {field("path", &L::path, device_path(), {}, ""), field("min", &L::min, share(0, 1), {}, ""),
                        field("max", &L::max, share(0.01, 1), {}, ""),
                        field("ramp", &L::ramp, duration(milliseconds(0), minutes(1)), {}, "")});
  return codec_of<L>(
      "{type: none}, {type: level, line: LINE, active: high | low}, or {type: pwm, path: PATH, min: SHARE, max: SHARE, "
      "ramp: TIME}",
      {"lamp", {"none", "level", "pwm"}, level + pwm});
}

}  // namespace

std::vector<Field<DayNightOptions>> day_night_fields() {
  using D = DayNightOptions;
  return {
      field(
          "mode", &D::mode, one_of<DayNightMode>({"auto", "day", "night", "sun", "line"}), kLines,
          "Who says whether it is day or night: the picture (auto), you (day, night), the sun over location (sun), or "
          "a light sensor (line, gpio.light_sensor)."),
      field("night_below", &D::night_below_lux, lux(0.01, 10'000), kLines,
            "With mode: auto, it becomes night when it is darker than this."),
      field("day_above", &D::day_above_lux, lux(0.01, 10'000), kLines,
            "And day again when it is brighter than this: well above night_below, or it flaps."),
      field("night_delay", &D::night_delay, duration(milliseconds(0), hours(1)), kLines,
            "For how long it is dark before it is night."),
      field("day_delay", &D::day_delay, duration(milliseconds(0), hours(1)), kLines,
            "For how long it is light before it is day."),
      field("dawn_offset", &D::dawn_offset, signed_duration(hours(6)), kLines,
            "With mode: sun, the day begins so long after dawn; -20m is before it.", "-20m"),
      field("dusk_offset", &D::dusk_offset, signed_duration(hours(6)), kLines,
            "With mode: sun, the night begins so long after dusk; -20m is before it.", "-20m"),
      field("max_switches_per_day", &D::max_switches_per_day, integer(4, 1000), kLines,
            "How often the filter moves within 24 hours at most: each move is a click that animals hear."),
      field(
          "ir_cut", &D::ir_cut, ir_cut(), kLines,
          "The filter that keeps infra-red out of the picture by day: none, one that a line holds in the light's path "
          "while it is active (level), or one with two coils that a pulse moves into the path (line_a) and out of it "
          "(line_b).",
          "{type: coil, line_a: 23, line_b: 24, pulse: 200ms}"),
      field(
          "lamp", &D::lamp, lamp(), kLines,
          "The infra-red lamp of the night: none, on or off by a line (level), or dimmed (pwm) from min, the faintest "
          "that glows, to max, within ramp.",
          "{type: pwm, path: /sys/class/pwm/pwmchip0/pwm0, min: 5%, max: 60%, ramp: 3s}"),
  };
}

std::vector<Field<GpioOptions>> gpio_fields() {
  using G = GpioOptions;
  return {
      field("chip", &G::chip, text("auto | gpiochipN | the label of a chip | sim", chip_problem), kLines,
            "The chip whose lines are meant: auto is the one with the pins of the 40-pin header, sim a simulated one."),
      field("pir", &G::pir, pir(), kLines,
            "A motion sensor that sees warm bodies. After it last saw one, somebody counts as there for hold.",
            "{line: 4, hold: 5s}"),
      field("button", &G::button, button(), kLines,
            "A push-button; live.when: button lets it start and stop the stream. long_press: shut-down turns the "
            "computer off when it is held for 3 s.",
            "{line: 17, long_press: shut-down}"),
      field("light_sensor", &G::light_sensor, input_line(), kLines,
            "A sensor that says by its level whether it is light (active) or dark, for day_night.mode: line.",
            "{line: 5, active: low}"),
      field("live_light", &G::live_light, output_line(), kLines, "A light that says whether you are on air.",
            "{line: 22}"),
      field("status_led", &G::status_led, output_line(), kLines, "A light that says whether all is well.",
            "{line: 27}"),
  };
}

}  // namespace nestbox::config
