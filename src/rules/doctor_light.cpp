/// Day and night: the lamp, the filter, and what a trial of them has shown.
#include <fmt/format.h>

#include <string_view>

#include "doctor_areas.h"

namespace nestbox::doctor {
namespace {

constexpr auto kTryInTheDark = "try again in the dark: nestbox doctor --lights";

std::string times(double factor) {
  return factor < 10 ? fmt::format("{:.1f} times", factor) : fmt::format("{:.0f} times", factor);
}

void examine_lamp_path(const LightFacts& light, Findings& findings) {
  if (light.lamp_path && !light.lamp_path->exists) {
    findings.fault(
        "lamp_path", fmt::format("day_night.lamp.path: there is no {}", light.lamp_path->path),
        "for a lamp on GPIO18 write dtoverlay=pwm in config.txt and start anew; then ls /sys/class/pwm shows the chips "
        "there are (a Raspberry Pi 5 counts them differently), and its channel 0 is /sys/class/pwm/pwmchip0/pwm0");
  } else if (light.lamp_path && !light.lamp_path->usable) {
    findings.fault("lamp_permissions", fmt::format("{} may not be written", light.lamp_path->path),
                   "the package's udev rules give it to the group gpio: sudo usermod -aG gpio nestbox, then start the "
                   "box anew");
  } else if (!light.lamp_trouble.empty()) {
    findings.fault("lamp_trouble", "the lamp cannot be switched: " + light.lamp_trouble,
                   "look at day_night.lamp in the settings and at the lines above");
  }
}

/// What stood in the way of a clear answer.
void add_unclear(const char* code, std::string_view what, const LightVerdict& verdict, Findings& findings) {
  const auto text = [&](std::string_view why) { return fmt::format("{} cannot be told: {}", what, why); };
  switch (verdict.light) {
    case LightVerdict::Light::kBright:
      return findings.note(code, text("it is too bright"), kTryInTheDark);
    case LightVerdict::Light::kUnsteady:
      return findings.note(code, text("the light changed by itself while they were tried"), kTryInTheDark);
    case LightVerdict::Light::kDark:
      return findings.note(code, text("in the dark, without a lamp to see it by, both positions look the same"),
                           verdict.lamp == LightVerdict::Lamp::kAbsent
                               ? "try again by daylight: nestbox doctor --lights"
                               : "first see to the lamp, then: nestbox doctor --lights");
  }
}

void examine_tried_lamp(const LightFacts& light, const LightVerdict& verdict, Findings& findings) {
  switch (verdict.lamp) {
    case LightVerdict::Lamp::kAbsent:
      return;
    case LightVerdict::Lamp::kWorks:
      return findings.good("lamp", fmt::format("the lamp lights the picture: {} as much light as without it",
                                               times(verdict.lamp_factor)));
    case LightVerdict::Lamp::kWeak:
      return findings.warning(
          "lamp_weak",
          fmt::format("the lamp is too weak: {} as much light as without it, and the picture stays dark",
                      times(verdict.lamp_factor)),
          "point it at what is to be seen, take a stronger one or one more, raise day_night.lamp.max, and measure its "
          "supply voltage while it is lit");
    case LightVerdict::Lamp::kNotSeen:
      return findings.fault(
          "lamp_not_seen", "the lamp does nothing that the camera can see, although it is dark",
          fmt::format("is it wired, and does it have its supply? Through a telephone's camera many infra-red lamps "
                      "glow; then look at day_night.lamp in the settings{}",
                      light.filter == IrCutOptions::Type::kNone
                          ? "; a camera with a fixed infra-red filter (one that is not called NoIR) never sees it"
                          : "; a filter that stays in the path hides it, too"));
    case LightVerdict::Lamp::kReflects:
      return findings.warning("lamp_reflects",
                              fmt::format("the lamp is reflected: {:.0f} % of the picture is burnt out by it, and more "
                                          "than {:.0f} % is too much",
                                          100 * verdict.burnt_by_lamp, 100 * LightVerdict::kReflection),
                              "move the lamp outside the housing or tilt it; no pane may be before both lamp and lens");
    case LightVerdict::Lamp::kUnclear:
      return add_unclear("lamp_unclear", "whether the lamp works", verdict, findings);
  }
}

void examine_tried_filter(const LightFacts& light, const LightVerdict& verdict, Findings& findings) {
  const bool coil = light.filter == IrCutOptions::Type::kCoil;
  switch (verdict.filter) {
    case LightVerdict::Filter::kAbsent:
      return;
    case LightVerdict::Filter::kWorks:
      return findings.good("filter", fmt::format("the filter moves: {} as much light with it out of the path",
                                                 times(verdict.filter_factor)));
    case LightVerdict::Filter::kStays:
      return findings.fault(
          "filter_stays", "the filter does not move: the lamp is seen as well with it in the path as out of it",
          coil ? "listen: it should click. Is its coil wired to the driver, has the driver its supply, and is "
                 "day_night.ir_cut.pulse long enough (200ms suits most)?"
               : "listen: it should click. Is it wired to the line of day_night.ir_cut, and does it have its supply?");
    case LightVerdict::Filter::kSwapped:
      return findings.fault("filter_swapped",
                            "the filter moves the wrong way round: it is in the path when it should be out of it",
                            coil ? "swap day_night.ir_cut.line_a and line_b in the settings, or the coil's two wires"
                                 : "turn day_night.ir_cut.active over: low where it is high, high where it is low");
    case LightVerdict::Filter::kUnclear:
      return add_unclear("filter_unclear", "whether the filter moves", verdict, findings);
  }
}

}  // namespace

void examine_light(const Facts& facts, Findings& findings) {
  const auto& light = facts.light;
  findings.area = "light";
  if (!light.mode.empty()) {
    findings.note("mode", light.why.empty() ? light.mode : fmt::format("{}: {}", light.mode, light.why), "");
  }
  examine_lamp_path(light, findings);
  const bool has_any = light.lamp != LampOptions::Type::kNone || light.filter != IrCutOptions::Type::kNone;
  if (!light.trial_trouble.empty()) {
    findings.warning("lights_trial", "lamp and filter could not be tried: " + light.trial_trouble,
                     "mend that, then: nestbox doctor --lights");
  } else if (light.trial) {
    examine_tried_lamp(light, *light.trial, findings);
    examine_tried_filter(light, *light.trial, findings);
  } else if (has_any) {
    findings.note("lights_untried", "lamp and filter have not been looked at",
                  "in the dark, and while nobody is in the box: nestbox doctor --lights");
  }
}

}  // namespace nestbox::doctor
