#pragma once
/// What a set of zones leaves of the picture. Pure; thread-safe.
#include <vector>

#include "nestbox/options/options.h"

namespace nestbox {

/// Whether there is any part of the picture left in which movement counts.
bool is_anything_watched(const std::vector<MotionZone>& zones);

}  // namespace nestbox
