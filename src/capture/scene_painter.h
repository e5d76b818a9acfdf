#pragma once
/// Paints one moment of the simulated nest box into a picture.
#include <cstdint>
#include <optional>
#include <vector>

#include "nestbox/media/frame.h"
#include "nestbox/options/options.h"
#include "scene_animals.h"
#include "scene_box.h"
#include "scene_script.h"

namespace nestbox::capture {

/// All that a picture depends on: the same moment gives the same samples.
struct SceneMoment {
  std::uint64_t index = 0;  ///< seeds the noise
  SceneLight light;
  double exposure = 1;
  double noise = 1;  ///< standard deviation in luma steps where it is bright
  std::optional<Visitor> visitor;
  Pose pose;  ///< of the visitor
};

/// Thread-bound. Draws everything that never changes once; allocates nothing for a picture.
class ScenePainter {
 public:
  ScenePainter(int width, int height, const Rect& roi, std::uint64_t seed);
  void paint(const SceneMoment& moment, const MutableImage& picture);

  /// Mean linear light of the picture for exposure 1: what an exposure meter sees.
  double brightness(const SceneLight& light, double blocked) const;

 private:
  void light_the_box(const SceneMoment& moment, const MutableImage& picture);
  void look_outside(const SceneMoment& moment, const MutableImage& picture) const;
  void put_visitor(const SceneMoment& moment, const MutableImage& picture) const;
  void cast_shadow(double x, double y, double radius_x, double radius_y, double depth,
                   const MutableImage& picture) const;
  void lay_over(const Sprite& sprite, const Pose& pose, double light, double colour, const MutableImage& picture) const;
  void add_noise(const SceneMoment& moment, const MutableImage& picture) const;

  const View view_;
  const std::uint64_t seed_;
  SpriteBook sprites_;
  LightMap light_map_;
  // The box in even light: luma above black, chroma from neutral.
  int width_, height_;
  std::vector<std::uint8_t> luma_;
  std::vector<std::int8_t> u_, v_;
  std::vector<std::uint16_t> light_row_;
  std::vector<std::int8_t> grain_;  ///< Gaussian, standard deviation kGrain
};

}  // namespace nestbox::capture
