#pragma once
/// Zones on cells.
#include <cstdint>
#include <vector>

#include "cell_model.h"
#include "nestbox/rules/motion_detector.h"

namespace nestbox {

struct ZoneMap {
  std::vector<std::uint8_t> watched;  ///< by cell: 1 where motion counts
  std::vector<std::int16_t> zone;     ///< by cell: the first watched zone that it lies in, or -1
};

/// A cell lies in a zone when a quarter of it does. `width` and `height` of the plane that the grid is of, in pixels.
ZoneMap map_zones(const std::vector<MotionZone>& zones, const CellGrid& grid, int width, int height);
inline constexpr std::size_t kZonesMax = 64;

}  // namespace nestbox
