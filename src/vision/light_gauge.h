#pragma once
/// How bright a picture is.
#include <cstdint>
#include <optional>
#include <vector>

#include "nestbox/media/frame.h"
#include "nestbox/options/options.h"
#include "nestbox/rules/light.h"

namespace nestbox::vision {

/// Thread-bound. Allocates when the privacy areas or the picture's size change, never for a picture.
class LightGauge {
 public:
  /// What is blacked out is no darkness: these areas are left out.
  void hide(std::vector<Polygon> privacy);
  /// Nothing where privacy areas hide the whole picture, or there is none.
  std::optional<LightSample> look(const Frame& frame);

 private:
  /// Light changes over many pixels: every fourth of every other row gives the same mean at an eighth of the work.
  static constexpr int kColumnStep = 4, kRowStep = 2;

  void map_hidden(const PlaneView& plane);

  std::vector<Polygon> privacy_;
  std::vector<std::uint8_t> shown_;  ///< a picture that is black where privacy areas are; empty without any
  int width_ = 0, height_ = 0;       ///< that `shown_` is for
};

}  // namespace nestbox::vision
