#include "zone_map.h"

#include <algorithm>

#include "nestbox/rules/motion_zones.h"

namespace nestbox {
namespace {

constexpr int kSamples = 4;  // a side, in each cell

/// Even-odd rule: how many edges a ray to the right crosses.
bool inside(const Polygon& polygon, double x, double y) {
  bool in = false;
  for (std::size_t i = 0, j = polygon.size() - 1; i < polygon.size(); j = i++) {
    const Point &a = polygon[i], &b = polygon[j];
    if ((a.y > y) != (b.y > y) && x < (b.x - a.x) * (y - a.y) / (b.y - a.y) + a.x) in = !in;
  }
  return in;
}

bool covers(const Polygon& polygon, double left, double top, double width, double height) {
  int hits = 0;
  for (int row = 0; row < kSamples; ++row) {
    for (int column = 0; column < kSamples; ++column)
      hits += inside(polygon, left + width * (column + 0.5) / kSamples, top + height * (row + 0.5) / kSamples);
  }
  return 4 * hits >= kSamples * kSamples;
}

}  // namespace

ZoneMap map_zones(const std::vector<MotionZone>& zones, const CellGrid& grid, int width, int height) {
  const auto size = static_cast<std::size_t>(grid.size());
  const bool any_watched = std::any_of(zones.begin(), zones.end(), [](const MotionZone& z) { return z.watch; });
  ZoneMap map{std::vector<std::uint8_t>(size, 0), std::vector<std::int16_t>(size, -1)};
  const double across = static_cast<double>(grid.pixels) / width, down = static_cast<double>(grid.pixels) / height;
  for (int row = 0; row < grid.rows; ++row) {
    for (int column = 0; column < grid.columns; ++column) {
      const auto i = static_cast<std::size_t>(grid.at(column, row));
      bool ignored = false;
      for (std::size_t n = 0; n < std::min(zones.size(), kZonesMax); ++n) {
        if (!covers(zones[n].polygon, column * across, row * down, across, down)) continue;
        if (!zones[n].watch) ignored = true;
        if (zones[n].watch && map.zone[i] < 0) map.zone[i] = static_cast<std::int16_t>(n);
      }
      map.watched[i] = !ignored && (!any_watched || map.zone[i] >= 0) ? 1 : 0;
    }
  }
  return map;
}

bool is_anything_watched(const std::vector<MotionZone>& zones) {
  constexpr int kWidth = 320, kHeight = 180;  // as the detector sees it by default
  const auto map = map_zones(zones, grid_for(kWidth, kHeight), kWidth, kHeight);
  return std::find(map.watched.begin(), map.watched.end(), 1) != map.watched.end();
}

}  // namespace nestbox
