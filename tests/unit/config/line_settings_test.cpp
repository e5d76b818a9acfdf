// day_night, gpio and the triggers that need a line: how they are written, refused, laid over each other, and told of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "nestbox/config/settings.h"
#include "unit/config/refusal.h"
#include "unit/config/temporary_folder.h"

namespace nestbox {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(LineSettings, EveryKeyIsRead) {
  const auto options = options_of(R"(
location: {latitude: 51.48, longitude: -3.18}
day_night:
  mode: sun
  night_below: 2 lx
  day_above: 20.5lx
  night_delay: 10s
  day_delay: 2m
  dawn_offset: -20m
  dusk_offset: +1h30m
  max_switches_per_day: 6
  ir_cut: {type: coil, line_a: 23, line_b: GPIO24, pulse: 150ms}
  lamp: {type: pwm, path: /sys/class/pwm/pwmchip0/pwm0, min: 5%, max: 60%, ramp: 4s}
gpio:
  chip: pinctrl-rp1
  pir: {line: 4, active: low, bias: none, debounce: 20ms, hold: 8s}
  button: {line: GPIO17, active: high, bias: pull-down, debounce: 50ms, long_press: shut-down}
  light_sensor: {line: "gpiochip1:5", active: low, bias: pull-up, debounce: 1s}
  live_light: {line: 22, active: low}
  status_led: {line: 27}
triggers: {visit: motion or pir and not button}
)");
  const auto& light = options.day_night;
  EXPECT_EQ(light.mode, DayNightMode::kSun);
  EXPECT_DOUBLE_EQ(light.night_below_lux, 2);
  EXPECT_DOUBLE_EQ(light.day_above_lux, 20.5);
  EXPECT_EQ(light.night_delay, 10s);
  EXPECT_EQ(light.day_delay, 2min);
  EXPECT_EQ(light.dawn_offset, -20min);
  EXPECT_EQ(light.dusk_offset, 90min);
  EXPECT_EQ(light.max_switches_per_day, 6);
  IrCutOptions coil;
  coil.type = IrCutOptions::Type::kCoil;
  coil.line_a = "23";
  coil.line_b = "GPIO24";
  coil.pulse = 150ms;
  EXPECT_EQ(light.ir_cut, coil);
  LampOptions lamp;
  lamp.type = LampOptions::Type::kPwm;
  lamp.path = "/sys/class/pwm/pwmchip0/pwm0";
  lamp.min = 0.05;
  lamp.max = 0.6;
  lamp.ramp = 4s;
  EXPECT_EQ(light.lamp, lamp);
  const auto& gpio = options.gpio;
  EXPECT_EQ(gpio.chip, "pinctrl-rp1");
  EXPECT_EQ(gpio.pir, (PirOptions{{"4", ActiveLevel::kLow, LineBias::kNone, 20ms}, 8s}));
  EXPECT_EQ(gpio.button,
            (ButtonOptions{{"GPIO17", ActiveLevel::kHigh, LineBias::kPullDown, 50ms}, LongPress::kShutDown}));
  EXPECT_EQ(gpio.light_sensor, (InputLine{"gpiochip1:5", ActiveLevel::kLow, LineBias::kPullUp, 1s}));
  EXPECT_EQ(gpio.live_light, (OutputLine{"22", ActiveLevel::kLow}));
  EXPECT_EQ(gpio.status_led, (OutputLine{"27", ActiveLevel::kHigh}));
}

TEST(LineSettings, TheButtonAndTheSunPutLive) {
  const auto options = options_of(
      "location: {latitude: 51.48, longitude: -3.18}\ngpio: {button: {line: 17}}\nlive: {when: [schedule, button], "
      "schedule: [{from: dawn-10m, to: dusk+20m}, {from: 22:00, to: sunrise}]}\n");
  EXPECT_TRUE(options.live.when.button);
  EXPECT_THAT(options.live.schedule, ElementsAre(ScheduleSpan{{SunEvent::kDawn, -10min}, {SunEvent::kDusk, 20min}},
                                                 ScheduleSpan{22h, SunEvent::kSunrise}));
}

TEST(LineSettings, AFilterOrALampMayBeHeldByOneLine) {
  const auto options =
      options_of("day_night: {ir_cut: {type: level, line: 23}, lamp: {type: level, line: 18, active: low}}\n");
  IrCutOptions filter;
  filter.type = IrCutOptions::Type::kLevel;
  filter.output.line = "23";
  EXPECT_EQ(options.day_night.ir_cut, filter);
  LampOptions lamp;
  lamp.type = LampOptions::Type::kLevel;
  lamp.output = {"18", ActiveLevel::kLow};
  EXPECT_EQ(options.day_night.lamp, lamp);
}

TEST(LineSettings, WhatAMapDoesNotNameStays) {
  const auto options = options_of("gpio: {pir: {line: 4}, button: {line: 17}}\n");
  EXPECT_EQ(options.gpio.pir, (PirOptions{{"4", ActiveLevel::kHigh, LineBias::kPullDown, 0ms}, 5s}));
  EXPECT_EQ(options.gpio.button, (ButtonOptions{{"17", ActiveLevel::kLow, LineBias::kPullUp, 30ms}, LongPress::kNone}));
}

class EachLineRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(EachLineRefusal, SaysWhatWhereAndWhatWouldBeRight) {
  EXPECT_THAT(lines_of(GetParam().yaml), ElementsAre(GetParam().line)) << GetParam().yaml;
}

INSTANTIATE_TEST_SUITE_P(
    DayNight, EachLineRefusal,
    testing::Values(
        Refusal{"day_night: {mode: dusk}\n",
                "nestbox.yaml:1:19: day_night.mode: \"dusk\" is not known; allowed: auto | day | night | sun | line"},
        Refusal{"day_night: {night_below: 5}\n",
                "nestbox.yaml:1:26: day_night.night_below: \"5\" is not an illuminance; allowed: an illuminance such "
                "as 5 lx, from 0.01 lx to 10000 lx"},
        Refusal{"day_night: {night_below: 0 lx}\n",
                "nestbox.yaml:1:26: day_night.night_below: 0 lx is out of range; allowed: an illuminance such as 5 lx, "
                "from 0.01 lx to 10000 lx"},
        Refusal{"day_night: {day_above: -5 lx}\n",
                "nestbox.yaml:1:24: day_night.day_above: \"-5 lx\" is not an illuminance; allowed: an illuminance such "
                "as 5 lx, from 0.01 lx to 10000 lx"},
        Refusal{"day_night: {dawn_offset: 20}\n",
                "nestbox.yaml:1:26: day_night.dawn_offset: \"20\" is not a duration; allowed: a duration such as 20m "
                "or -20m, from -6h to 6h"},
        Refusal{"day_night: {dusk_offset: -7h}\n",
                "nestbox.yaml:1:26: day_night.dusk_offset: -7h is out of range; allowed: a duration such as 20m or "
                "-20m, from -6h to 6h"},
        Refusal{"day_night: {max_switches_per_day: 1}\n",
                "nestbox.yaml:1:35: day_night.max_switches_per_day: 1 is out of range; allowed: a whole number, 4 to "
                "1000"},
        Refusal{"day_night: {night_below: 20 lx}\n",
                "nestbox.yaml:1:26: day_night.night_below: day_night.night_below (20 lx) is above day_night.day_above "
                "(15 lx); allowed: night_below up to day_above"},
        Refusal{"day_night: {mode: sun}\n",
                "nestbox.yaml:1:19: day_night.mode: day_night.mode says sun, and location is not set; allowed: a "
                "location such as {latitude: 51.48, longitude: -3.18}"},
        Refusal{"day_night: {mode: line}\n",
                "nestbox.yaml:1:19: day_night.mode: day_night.mode says line, and gpio.light_sensor has no line; "
                "allowed: a light_sensor such as {line: 5}"}));

INSTANTIATE_TEST_SUITE_P(
    FilterAndLamp, EachLineRefusal,
    testing::Values(
        Refusal{"day_night: {ir_cut: level}\n",
                "nestbox.yaml:1:21: day_night.ir_cut: is not a map; allowed: {type: none}, {type: level, line: LINE, "
                "active: high | low}, or {type: coil, line_a: LINE, line_b: LINE, pulse: TIME}"},
        Refusal{"day_night: {ir_cut: {type: coils, line_a: 1, line_b: 2}}\n",
                "nestbox.yaml:1:28: day_night.ir_cut.type: \"coils\" is not known; allowed: none | level | coil; did "
                "you mean coil?"},
        Refusal{"day_night: {ir_cut: {type: level}}\n",
                "nestbox.yaml:1:21: day_night.ir_cut: ir_cut of type level has no line; allowed: {type: level, line: "
                "23}"},
        Refusal{"day_night: {ir_cut: {type: coil, line_a: 23}}\n",
                "nestbox.yaml:1:21: day_night.ir_cut: ir_cut of type coil has no line_b; allowed: {type: coil, line_a: "
                "23, line_b: 24}"},
        Refusal{"day_night: {ir_cut: {type: coil, line_b: 24}}\n",
                "nestbox.yaml:1:21: day_night.ir_cut: ir_cut of type coil has no line_a; allowed: {type: coil, line_a: "
                "23, line_b: 24}"},
        Refusal{"day_night: {ir_cut: {type: level, line: 23, pulse: 200ms}}\n",
                "nestbox.yaml:1:45: day_night.ir_cut.pulse: ir_cut.pulse is for type coil, and this is type level"},
        Refusal{"day_night: {ir_cut: {line: 23}}\n",
                "nestbox.yaml:1:22: day_night.ir_cut.line: ir_cut.line is for type level, and this is type none"},
        Refusal{"day_night: {ir_cut: {type: coil, line_a: 1, line_b: 2, pulse: 5s}}\n",
                "nestbox.yaml:1:63: day_night.ir_cut.pulse: 5s is out of range; allowed: a duration such as 500ms, "
                "10s, 5m or 1h30m, from 20ms to 1s"},
        Refusal{"day_night: {lamp: {type: level, line: 18, path: /sys/x}}\n",
                "nestbox.yaml:1:43: day_night.lamp.path: lamp.path is for type pwm, and this is type level"},
        Refusal{"day_night: {lamp: {type: pwm}}\n",
                "nestbox.yaml:1:19: day_night.lamp: lamp of type pwm has no path; allowed: {type: pwm, path: "
                "/sys/class/pwm/pwmchip0/pwm0}"},
        Refusal{"day_night: {lamp: {type: level}}\n",
                "nestbox.yaml:1:19: day_night.lamp: lamp of type level has no line; allowed: {type: level, line: 18}"},
        Refusal{"day_night: {lamp: {type: pwm, path: pwm0}}\n",
                "nestbox.yaml:1:37: day_night.lamp.path: \"pwm0\" is no absolute path; allowed: a path such as "
                "/sys/class/pwm/pwmchip0/pwm0 or /sys/class/leds/NAME"},
        Refusal{"day_night: {lamp: {type: pwm, path: /p, min: 50%, max: 20%}}\n",
                "nestbox.yaml:1:19: day_night.lamp: lamp.min (50%) is above lamp.max (20%); allowed: min up to max"},
        Refusal{"day_night: {lamp: {type: pwm, path: /p, max: 0%}}\n",
                "nestbox.yaml:1:46: day_night.lamp.max: 0% is out of range; allowed: a share such as 0.2% or 10%, from "
                "1% to 100%"},
        Refusal{"day_night: {lamp: {type: pwm, path: /p, rampe: 3s}}\n",
                "nestbox.yaml:1:41: day_night.lamp.rampe: no such key; did you mean ramp?"}));

INSTANTIATE_TEST_SUITE_P(
    Gpio, EachLineRefusal,
    testing::Values(
        Refusal{"gpio: {pir: 4}\n",
                "nestbox.yaml:1:13: gpio.pir: is not a map; allowed: {line: LINE, active: high | low, bias: none | "
                "pull-up | pull-down, debounce: TIME, hold: TIME}"},
        Refusal{"gpio: {pir: {line: [4]}}\n",
                "nestbox.yaml:1:20: gpio.pir.line: is not one text; allowed: none, a number or a name such as 17 or "
                "GPIO17, or CHIP:17"},
        Refusal{"gpio: {pir: {line: }}\n",
                "nestbox.yaml:1:14: gpio.pir.line: has no value; allowed: none, a number or a name such as 17 or "
                "GPIO17, or CHIP:17"},
        Refusal{"gpio: {pir: {active: yes}}\n",
                "nestbox.yaml:1:22: gpio.pir.active: \"yes\" is not known; allowed: high | low"},
        Refusal{"gpio: {button: {bias: pullup}}\n",
                "nestbox.yaml:1:23: gpio.button.bias: \"pullup\" is not known; allowed: none | pull-up | pull-down; "
                "did you mean pull-up?"},
        Refusal{"gpio: {button: {debounce: 1m}}\n",
                "nestbox.yaml:1:27: gpio.button.debounce: 1m is out of range; allowed: a duration such as 500ms, 10s, "
                "5m or 1h30m, from 0s to 10s"},
        Refusal{"gpio: {button: {long_press: shutdown}}\n",
                "nestbox.yaml:1:29: gpio.button.long_press: \"shutdown\" is not known; allowed: none | shut-down; did "
                "you mean shut-down?"},
        Refusal{"gpio: {pir: {line: 4, hold: 1h}}\n",
                "nestbox.yaml:1:29: gpio.pir.hold: 1h is out of range; allowed: a duration such as 500ms, 10s, 5m or "
                "1h30m, from 0s to 10m"},
        Refusal{"gpio: {live_light: {line: 22, bias: none}}\n", "nestbox.yaml:1:31: gpio.live_light.bias: no such key"},
        Refusal{"gpio: {chip: /dev/gpiochip0}\n",
                "nestbox.yaml:1:14: gpio.chip: \"/dev/gpiochip0\" is no name of a chip; allowed: auto | gpiochipN | "
                "the label of a chip | sim"},
        Refusal{"gpio: {pri: {line: 4}}\n", "nestbox.yaml:1:8: gpio.pri: no such key; did you mean gpio.pir?"}));

INSTANTIATE_TEST_SUITE_P(
    LinesUsedTwice, EachLineRefusal,
    testing::Values(
        Refusal{"gpio: {pir: {line: 17}, button: {line: GPIO17}}\n",
                "nestbox.yaml:1:13: gpio.pir: gpio.pir.line (17) and gpio.button.line (GPIO17) are the same line; "
                "allowed: a line of its own for each"},
        Refusal{"gpio: {live_light: {line: 18}}\nday_night: {lamp: {type: level, line: 18}}\n",
                "nestbox.yaml:1:20: gpio.live_light: gpio.live_light.line (18) and day_night.lamp.line (18) are the "
                "same line; allowed: a line of its own for each"},
        Refusal{"day_night: {ir_cut: {type: coil, line_a: 23, line_b: 23}}\n",
                "nestbox.yaml:1:21: day_night.ir_cut: day_night.ir_cut.line_a (23) and day_night.ir_cut.line_b (23) "
                "are the same line; allowed: a line of its own for each"},
        Refusal{"gpio: {chip: gpiochip4, pir: {line: 17}, status_led: {line: \"gpiochip4:17\"}}\n",
                "nestbox.yaml:1:30: gpio.pir: gpio.pir.line (17) and gpio.status_led.line (gpiochip4:17) are the same "
                "line; allowed: a line of its own for each"}));

INSTANTIATE_TEST_SUITE_P(
    Triggers, EachLineRefusal,
    testing::Values(
        Refusal{"triggers: {visit: motion or lid}\n",
                "nestbox.yaml:1:19: triggers.visit: lid: there is no feeder yet in this version; allowed: an "
                "expression of motion, pir and button with and, or, not and ( ), up to 200 characters"},
        Refusal{"triggers: {visit: pir and motion}\n",
                "nestbox.yaml:1:19: triggers.visit: triggers.visit says pir, and gpio.pir has no line; allowed: a pir "
                "such as {line: 4}"},
        Refusal{"triggers: {visit: motion and not button}\n",
                "nestbox.yaml:1:19: triggers.visit: triggers.visit says button, and gpio.button has no line; allowed: "
                "a button such as {line: 17}"}));

TEST(LineSettings, WhatIsNoLineIsRefusedAsItsRuleSays) {
  EXPECT_THAT(lines_of("gpio: {pir: {line: \"chip:\"}}\n"),
              ElementsAre(HasSubstr(":1:20: gpio.pir.line: line \"chip:\"")));
  EXPECT_THAT(lines_of("day_night: {ir_cut: {type: coil, line_a: \"\", line_b: 2}}\n"),
              ElementsAre(HasSubstr("day_night.ir_cut.line_a: line \"\"")));
}

TEST(LineSettings, LinesThatOnlyLookAlikeAreTwo) {
  options_of("gpio: {pir: {line: 17}, status_led: {line: \"gpiochip9:17\"}, live_light: {line: GPIO18}}\n");
  options_of("gpio: {pir: {line: PIR17}, button: {line: 17}}\n");
}

/// Settings with a state folder of their own.
class LineSettingsInUse : public testing::Test {
 protected:
  Sources sources(const std::string& yaml) {
    Sources from;
    from.file = folder_.write("nestbox.yaml", yaml + "\npaths: {state: " + folder_.path().string() + "}\n");
    return from;
  }
  Settings load(const Sources& from) {
    auto settings = Settings::load(from);
    EXPECT_TRUE(settings) << (settings ? "" : to_lines(settings.error()));
    return std::move(settings.value());
  }
  Settings load(const std::string& yaml) { return load(sources(yaml)); }
  static std::string value_of(const Settings& settings, const std::string& key) {
    return settings.get(key).value().front().value;
  }
  TemporaryFolder folder_;
};

TEST_F(LineSettingsInUse, AChangeTouchesTheLinesAlone) {
  auto settings = load("location: {latitude: 1, longitude: 2}");
  const auto stages = [&](const char* key, const char* value) {
    const auto change = settings.set(key, value);
    EXPECT_TRUE(change) << (change ? "" : to_lines(change.error()));
    return change ? change->stages : Stages{};
  };
  EXPECT_EQ(stages("day_night.mode", "sun"), Stages{Stage::kLines});
  EXPECT_EQ(stages("day_night.night_below", "1 lx"), Stages{Stage::kLines});
  EXPECT_EQ(stages("gpio.pir", "{line: 4}"), Stages{Stage::kLines});
  EXPECT_EQ(stages("gpio.chip", "sim"), Stages{Stage::kLines});
  EXPECT_EQ(stages("location", "{latitude: 2}"), (Stages{Stage::kLines, Stage::kOutputs}));
}

TEST_F(LineSettingsInUse, OnePartOfALineMayBeSet) {
  auto settings = load("gpio: {pir: {line: 4}}");
  ASSERT_TRUE(settings.set("gpio.pir.hold", "9s"));
  EXPECT_EQ(value_of(settings, "gpio.pir"), "{line: 4, active: high, bias: pull-down, debounce: 0s, hold: 9s}");
  ASSERT_TRUE(settings.set("gpio.pir", "{active: low}"));
  EXPECT_EQ(value_of(settings, "gpio.pir"), "{line: 4, active: low, bias: pull-down, debounce: 0s, hold: 9s}");
  ASSERT_TRUE(settings.reset("gpio.pir.hold"));
  EXPECT_EQ(value_of(settings, "gpio.pir"), "{line: 4, active: low, bias: pull-down, debounce: 0s, hold: 5s}");
  EXPECT_TRUE(settings.reset("gpio.pir.hold")) << "is set no more";
  EXPECT_FALSE(settings.reset("gpio.pir.hols"));
  ASSERT_TRUE(settings.reset("gpio.pir"));
  EXPECT_EQ(value_of(settings, "gpio.pir"), "{line: 4, active: high, bias: pull-down, debounce: 0s, hold: 5s}");
}

TEST_F(LineSettingsInUse, AnotherTypeBeginsAnew) {
  auto from = sources("day_night: {lamp: {type: pwm, path: /p, min: 5%, ramp: 1s}}");
  folder_.write("nestbox.d/1.yaml", "day_night: {lamp: {ramp: 2s}}\n");
  auto settings = load(from);
  EXPECT_EQ(value_of(settings, "day_night.lamp"), "{type: pwm, path: /p, min: 5%, max: 100%, ramp: 2s}");
  ASSERT_TRUE(settings.set("day_night.lamp", "{type: level, line: 18}"));
  EXPECT_EQ(value_of(settings, "day_night.lamp"), "{type: level, line: 18, active: high}");
  ASSERT_TRUE(settings.set("day_night.lamp", "{type: none}"));
  EXPECT_EQ(value_of(settings, "day_night.lamp"), "{type: none}");
  ASSERT_TRUE(settings.set("day_night.lamp", "{type: pwm, path: /q}"));
  EXPECT_EQ(value_of(settings, "day_night.lamp"), "{type: pwm, path: /q, min: 5%, max: 100%, ramp: 2s}");
  ASSERT_TRUE(settings.set("day_night.lamp.ramp", "5s"));
  EXPECT_EQ(value_of(settings, "day_night.lamp"), "{type: pwm, path: /q, min: 5%, max: 100%, ramp: 5s}");
}

TEST_F(LineSettingsInUse, EveryValueIsWrittenAsItIsRead) {
  const auto shown_as = [&](const std::string& setting) {
    auto from = sources("location: {latitude: 51.48, longitude: -3.18}");
    from.set_options = {setting};
    return value_of(load(from), setting.substr(0, setting.find('=')));
  };
  EXPECT_EQ(shown_as("day_night.night_below=0.5lx"), "0.5 lx");
  EXPECT_EQ(shown_as("day_night.dawn_offset=-1h20m"), "-1h20m");
  EXPECT_EQ(shown_as("day_night.dusk_offset=+5m"), "5m");
  EXPECT_EQ(shown_as("live.schedule=[{from: dawn-10m, to: dusk+0s}, {from: \"22:00\", to: sunrise+1h}]"),
            "[{from: dawn-10m, to: dusk}, {from: \"22:00\", to: sunrise+1h}]");
  EXPECT_EQ(shown_as("gpio.live_light={line: GPIO22, active: low}"), "{line: \"GPIO22\", active: low}");
  EXPECT_EQ(shown_as("gpio.status_led={line: \"gpiochip1:22\"}"), "{line: \"gpiochip1:22\", active: high}");
}

/// Whatever is set, what is printed loads to the same.
TEST_F(LineSettingsInUse, WhatIsPrintedLoadsToTheSame) {
  std::mt19937 random(7);
  const auto pick = [&](const std::vector<std::string>& from) { return from[random() % from.size()]; };
  const std::vector<std::string> active = {"high", "low"};
  for (int i = 0; i < 200; ++i) {
    const auto yaml =
        "location: {latitude: 10, longitude: 20}\nday_night: {mode: " + pick({"auto", "sun", "line", "night"}) +
        ", night_below: " + pick({"0.01 lx", "3lx", "7.25 lx"}) + ", dawn_offset: " + pick({"-5h59m", "0", "+90s"}) +
        ", ir_cut: " +
        pick({"{type: none}", "{type: level, line: A}", "{type: coil, line_a: 1, line_b: \"x:1\", pulse: 20ms}"}) +
        ", lamp: " +
        pick({"{}", "{type: level, line: \"0\", active: low}", "{type: pwm, path: \"/a b\", min: 0.5%, max: 1%}"}) +
        "}\ngpio: {chip: " + pick({"auto", "sim", "gpiochip3", "\"a label\""}) +
        ", light_sensor: {line: 5, active: " + pick(active) +
        "}, button: {line: " + pick({"none", "\"it's\"", "GPIO17"}) + ", long_press: " + pick({"none", "shut-down"}) +
        "}, live_light: {active: " + pick(active) + "}}";
    const auto settings = load(yaml);
    auto again = options_from_yaml(settings.print(), "printed");
    ASSERT_TRUE(again) << to_lines(again.error()) << settings.print();
    EXPECT_EQ(*again, settings.options()) << settings.print();
  }
}

TEST_F(LineSettingsInUse, LiveOnAVisitThatOnlyMotionMakesIsAWarningWithoutMotion) {
  constexpr auto kLive = "live: {when: visit}\nmotion: {enabled: false}\ngpio: {pir: {line: 4}}\ntriggers: {visit: ";
  EXPECT_THAT(load(kLive + std::string("motion and pir}")).warnings(),
              ElementsAre("live.when says visit, and motion.enabled is false: no visit will put anything on air"));
  EXPECT_THAT(load(kLive + std::string("motion or pir}")).warnings(), IsEmpty());
}

}  // namespace
}  // namespace nestbox
