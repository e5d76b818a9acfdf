#pragma once
/// What a simulated box is told of the daemon's lamp and filter.

namespace nestbox {

struct SceneLights {
  double lamp_strength = 0;    ///< of the infra-red lamp, 0 to 1
  bool filter_in_path = true;  ///< the IR-cut filter; a sensor without one has it out of the path
  bool operator==(const SceneLights&) const = default;
};

}  // namespace nestbox
