#pragma once
/// When it is night: for the camera's settings, the IR-cut filter and the lamp.
#include <optional>
#include <string>

#include "nestbox/base/clock.h"
#include "nestbox/options/lines.h"
#include "nestbox/rules/light.h"

namespace nestbox {

/// Pure; time comes with the calls. Thread-bound.
class DayNightController {
 public:
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
    /// From before filter, lamp or camera change until the picture has settled: what moves in it meanwhile is no
    /// animal.
    bool switching = false;
    std::string why;               ///< "0.8 lx for 15 s, and night is below 5 lx": for status and log
    std::optional<BootTime> next;  ///< to be called again then at the latest, whatever comes before
  };

  explicit DayNightController(DayNightOptions options);
  void apply(DayNightOptions options);
  /// To be called with each light sample, when another input changes, and at Decision::next.
  Decision update(const Inputs& inputs);
};

}  // namespace nestbox
