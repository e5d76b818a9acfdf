#pragma once
/// A little painting box for the simulated scene: soft ellipses and strokes on RGBA.
#include <cstdint>
#include <vector>

namespace nestbox::capture {

/// Display values, 0 to 1.
struct Colour {
  double red, green, blue;
};
constexpr Colour operator*(const Colour& colour, double factor) {
  return {colour.red * factor, colour.green * factor, colour.blue * factor};
}
constexpr Colour blend(const Colour& one, const Colour& other, double share) {
  return {one.red + (other.red - one.red) * share, one.green + (other.green - one.green) * share,
          one.blue + (other.blue - one.blue) * share};
}

/// Thread-bound. Places are in units of its own, so that a drawing does not depend on its size in samples.
class Canvas {
 public:
  struct Sample {
    std::uint8_t red, green, blue, alpha;  ///< premultiplied
  };
  struct Ellipse {
    double x, y, radius_x, radius_y;
    double angle = 0;  ///< radians, clockwise on the screen
    double opacity = 1;
    double softness = 0;  ///< share of the radius over which its edge fades
    double shade = 0;     ///< how much darker its lower edge is
  };
  struct Stroke {
    double x0, y0, x1, y1, width;
    double opacity = 1;
  };

  /// `left`, `top`: the place of the first sample; `samples_per_unit` the scale.
  Canvas(int width, int height, double left, double top, double samples_per_unit);

  void draw(const Ellipse& ellipse, const Colour& colour);
  void draw(const Stroke& stroke, const Colour& colour);

  int width() const noexcept { return width_; }
  int height() const noexcept { return height_; }
  Sample& at(int x, int y) {
    return samples_[static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x)];
  }
  const Sample& at(int x, int y) const { return const_cast<Canvas*>(this)->at(x, y); }
  double unit_x(int x) const noexcept { return left_ + (x + 0.5) / scale_; }
  double unit_y(int y) const noexcept { return top_ + (y + 0.5) / scale_; }

 private:
  struct Box {
    int left, top, right, bottom;
  };
  Box box_around(double left, double top, double right, double bottom) const;
  static void put(Sample& sample, const Colour& colour, double alpha);

  int width_, height_;
  double left_, top_, scale_;
  std::vector<Sample> samples_;
};

/// Smooth pseudo-random landscape, 0 to 1, that repeats every 64 units; from a table, the same on every machine.
class ValueNoise {
 public:
  explicit ValueNoise(std::uint64_t seed);
  double at(double x, double y) const noexcept;

 private:
  static constexpr int kSide = 64;
  std::vector<float> values_;
};

}  // namespace nestbox::capture
