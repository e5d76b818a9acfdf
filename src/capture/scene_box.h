#pragma once
/// The empty nest box: what it looks like, and how light falls into it.
#include <cstdint>
#include <vector>

#include "canvas.h"
#include "nestbox/options/options.h"

namespace nestbox::capture {

/// Which part of the scene the picture shows. Scene units: the whole picture is 1 high, x is 0 in its middle.
struct View {
  double left, top, samples_per_unit;
  double sample_x(double x) const noexcept { return (x - left) * samples_per_unit; }
  double sample_y(double y) const noexcept { return (y - top) * samples_per_unit; }
};
/// The whole scene, or as much of it as a region of interest asks for without distorting it.
View view_of(int width, int height, const Rect& roi);

/// Wood, moss, nest and eggs in even light.
Canvas paint_box(int width, int height, const View& view, std::uint64_t seed);

/// How bright each place is, for any mixture of lights. Thread-bound; no allocation after construction.
class LightMap {
 public:
  /// Linear strengths; `exposure` multiplies them all.
  struct Mixture {
    double daylight = 0;  ///< what comes through the lid and the cracks
    double hole = 0;      ///< what comes through the hole
    double lamp = 0;      ///< infra-red, from above the camera
    double patch_x = 0;   ///< where the beam of the sun falls
    double exposure = 1;
  };
  static constexpr int kCell = 16;   ///< samples between two nodes
  static constexpr int kOne = 1024;  ///< light that shows display values as they are

  LightMap(int width, int height, const View& view);

  void mix(const Mixture& mixture);
  /// Display light of row `y` (of the main picture) for `width` samples, from the node rows around it; cheapest from
  /// top to bottom.
  void row(int y, std::uint16_t* light, int width);
  double at(double x, double y) const;  ///< in scene units; 1 shows display values as they are

  /// Mean linear light of the whole picture for strength 1.
  double mean_daylight() const noexcept { return mean_daylight_; }
  double mean_hole() const noexcept { return mean_hole_; }
  double mean_lamp() const noexcept { return mean_lamp_; }

 private:
  void widen(int node_row, std::vector<std::uint16_t>& line) const;
  struct Node {
    float daylight, hole, lamp, x, y, vignette;
  };
  const View view_;
  int columns_, rows_;
  std::vector<Node> nodes_;
  std::vector<std::uint16_t> display_;
  std::vector<std::uint16_t> upper_, lower_;  ///< the node rows around the row in hand, one number a sample
  int widened_ = -1;                          ///< which these are
  double mean_daylight_ = 0, mean_hole_ = 0, mean_lamp_ = 0;
};

/// Display light of linear light.
double display_light(double linear) noexcept;

}  // namespace nestbox::capture
