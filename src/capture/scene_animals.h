#pragma once
/// The pictures of the animals of the simulated nest box.
#include <cstdint>
#include <vector>

#include "canvas.h"
#include "scene_script.h"

namespace nestbox::capture {

/// A small picture to be laid over another, in YUV, premultiplied. Immutable.
struct Sprite {
  struct Sample {
    std::uint8_t luma;  ///< above black: 0 to 219
    std::int8_t u, v;   ///< from neutral
    std::uint8_t alpha;
  };
  int width = 0, height = 0;
  double left = 0, top = 0;  ///< of the first sample, in scene units from the animal's middle
  double samples_per_unit = 1;
  std::vector<Sample> samples;
};

Sprite to_sprite(const Canvas& canvas, double samples_per_unit);

/// All that the scene shows before its box, drawn once for a scale. They look to the left.
class SpriteBook {
 public:
  SpriteBook(double samples_per_unit, std::uint64_t seed);
  const Sprite& of(Visitor visitor, Pose::Look look) const;
  /// Sky and leaves, as seen through the hole.
  const Sprite& outside() const noexcept { return outside_; }

 private:
  Sprite tit_face_, tit_back_, tit_side_, tit_up_, tit_down_;
  Sprite mouse_face_, mouse_side_, squirrel_;
  Sprite outside_;
};

}  // namespace nestbox::capture
