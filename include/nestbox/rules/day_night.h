#pragma once
/// When it is night: for the camera's settings, the IR-cut filter and the lamp.
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "nestbox/base/clock.h"
#include "nestbox/options/lines.h"
#include "nestbox/rules/light.h"

namespace nestbox {

/// Mode auto: night begins when the daylight was below `night_below_lux` for `night_delay`, day when it was above
/// `day_above_lux` for `day_delay`; a sudden change has to last for a minute. What filter and lamp do to the measured
/// light is learnt each time they switch, and taken out of it; before the filter goes back for the day the lamp goes
/// out and the controller looks without it, so no reflection of the lamp is ever taken for dawn. Modes sun and line
/// follow their inputs; without these they go by the light, as auto does, and auto without any light goes by line or
/// sun.
///
/// In these three modes at least a minute lies between two switches, at most two are made an hour while the picture is
/// of use, the filter moves at most `max_switches_per_day` times in any 24 h, and not during a visit (for at most
/// kLongestWaitForVisit) unless the picture would be lost. Modes day and night are the owner's word and wait for
/// nothing. Filter and lamp never change together: each change is announced by `switching` before it is made.
///
/// Why each rule is as it is: docs/design/day-night.md. Pure: time comes with the calls; where it goes back it is taken
/// to stand still. Thread-bound.
class DayNightController {
 public:
  /// From dusk's threshold it gets too dark to see much in about this time; by day nothing is lost that an owner would
  /// not rather lose than an animal.
  static constexpr std::chrono::minutes kLongestWaitForVisit{15};

  /// What is known at this moment.
  struct Inputs {
    BootTime now{};
    std::optional<LightSample> light;  ///< of the newest picture; nothing while there is none
    std::optional<bool>
        line_says_day;  ///< the light sensor's line, debounced; nothing without one, or while it is absent
    std::optional<bool> sun_says_day;  ///< with dawn_offset and dusk_offset; nothing without a location or a clock
    bool visiting = false;             ///< an animal may be in the box
  };
  struct Decision {
    DayNight mode = DayNight::kDay;
    FilterPosition filter = FilterPosition::kUnknown;  ///< where it is to be; kUnknown: it is not to be moved
    bool lamp = false;
    /// From a fifth of a second before filter, lamp or camera change until the picture has settled (2 s to 8 s, and the
    /// lamp's ramp): what moves in it meanwhile is no animal. Filter and lamp are two such times, one after the other.
    bool switching = false;
    std::string why;                     ///< "0.8 lx for 15 s, and night is below 5 lx": for status and log
    std::optional<double> daylight_lux;  ///< without what lamp and filter do; nothing while no light is known
    int filter_moves = 0;                ///< in the last 24 h
    std::optional<BootTime> next;        ///< to be called again then at the latest, whatever comes before
  };

  explicit DayNightController(DayNightOptions options);
  ~DayNightController();
  DayNightController(DayNightController&&) noexcept;
  DayNightController& operator=(DayNightController&&) noexcept;

  /// Takes effect with the next update(). Other lines for the filter mean that its position is unknown: it is moved
  /// once. Another lamp is measured anew.
  void apply(DayNightOptions options);
  /// To be called with each light sample, when another input changes, and at Decision::next.
  Decision update(const Inputs& inputs);

 private:
  class Body;
  std::unique_ptr<Body> body_;
};

}  // namespace nestbox
