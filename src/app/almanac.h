#pragma once
#include <optional>

#include "nestbox/options/options.h"
#include "nestbox/rules/sun_schedule.h"

namespace nestbox {

/// Where the sun stands over the box, without refraction; empty for a box whose place is not known. Any thread may ask.
Almanac almanac_of(const std::optional<LocationOptions>& location);

}  // namespace nestbox
