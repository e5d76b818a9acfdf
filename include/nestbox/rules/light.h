#pragma once
/// What a picture tells of the light.
#include <chrono>
#include <cstdint>
#include <optional>

#include "nestbox/base/clock.h"
#include "nestbox/options/lines.h"

namespace nestbox {

/// Where the IR-cut filter is: in the light's path by day, out of it by night. Never "on" or "enabled", which people
/// take either way.
enum class FilterPosition : std::uint8_t { kUnknown, kInPath, kOutOfPath };

struct LightSample {
  BootTime at{};              ///< when the picture was taken
  double luma = 0;            ///< mean of the analysis plane, 0 (black) to 1 (white), as it is encoded
  double burnt_share = 0;     ///< of its samples that are white: at least 235
  std::optional<double> lux;  ///< the camera's own estimate; misleading while an infra-red lamp is lit
  std::optional<std::chrono::nanoseconds> exposure;
  std::optional<double> gain;  ///< analogue times digital
};

}  // namespace nestbox
