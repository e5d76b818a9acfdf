#include "canvas.h"

#include <algorithm>
#include <cmath>

#include "scene_script.h"

namespace nestbox::capture {

Canvas::Canvas(int width, int height, double left, double top, double samples_per_unit)
    : width_(width),
      height_(height),
      left_(left),
      top_(top),
      scale_(samples_per_unit),
      samples_(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), Sample{0, 0, 0, 0}) {}

Canvas::Box Canvas::box_around(double left, double top, double right, double bottom) const {
  const auto sample = [](double place, int size) {
    return static_cast<int>(std::clamp(place, 0.0, static_cast<double>(size)));
  };
  return {sample((left - left_) * scale_ - 1, width_), sample((top - top_) * scale_ - 1, height_),
          sample((right - left_) * scale_ + 2, width_), sample((bottom - top_) * scale_ + 2, height_)};
}

void Canvas::put(Sample& sample, const Colour& colour, double alpha) {
  const auto over = [alpha](std::uint8_t below, double above) {
    return static_cast<std::uint8_t>(std::clamp(below * (1 - alpha) + above * alpha * 255 + 0.5, 0.0, 255.0));
  };
  sample = {over(sample.red, colour.red), over(sample.green, colour.green), over(sample.blue, colour.blue),
            over(sample.alpha, 1)};
}

void Canvas::draw(const Ellipse& ellipse, const Colour& colour) {
  const double cosine = std::cos(ellipse.angle), sine = std::sin(ellipse.angle);
  const double reach_x = std::hypot(ellipse.radius_x * cosine, ellipse.radius_y * sine);
  const double reach_y = std::hypot(ellipse.radius_x * sine, ellipse.radius_y * cosine);
  const auto box = box_around(ellipse.x - reach_x, ellipse.y - reach_y, ellipse.x + reach_x, ellipse.y + reach_y);
  // The edge is at least one sample wide, or it would be a staircase.
  const double edge = std::max(ellipse.softness, 1.2 / (scale_ * std::min(ellipse.radius_x, ellipse.radius_y)));
  for (int y = box.top; y < box.bottom; ++y) {
    for (int x = box.left; x < box.right; ++x) {
      const double dx = unit_x(x) - ellipse.x, dy = unit_y(y) - ellipse.y;
      const double along = (dx * cosine + dy * sine) / ellipse.radius_x;
      const double across = (dy * cosine - dx * sine) / ellipse.radius_y;
      const double squared = along * along + across * across;
      if (squared >= 1) continue;
      const double cover = std::min(1.0, (1 - std::sqrt(squared)) / edge);
      put(at(x, y), colour * (1 - ellipse.shade * (0.5 + 0.5 * across)), cover * ellipse.opacity);
    }
  }
}

void Canvas::draw(const Stroke& stroke, const Colour& colour) {
  const double half = stroke.width / 2, soft = 0.7 / scale_;
  const auto box = box_around(std::min(stroke.x0, stroke.x1) - half, std::min(stroke.y0, stroke.y1) - half,
                              std::max(stroke.x0, stroke.x1) + half, std::max(stroke.y0, stroke.y1) + half);
  const double dx = stroke.x1 - stroke.x0, dy = stroke.y1 - stroke.y0;
  const double length_squared = std::max(dx * dx + dy * dy, 1e-12);
  for (int y = box.top; y < box.bottom; ++y) {
    for (int x = box.left; x < box.right; ++x) {
      const double px = unit_x(x) - stroke.x0, py = unit_y(y) - stroke.y0;
      const double along = std::clamp((px * dx + py * dy) / length_squared, 0.0, 1.0);
      const double distance = std::hypot(px - along * dx, py - along * dy);
      const double cover = std::clamp((half + soft - distance) / (2 * soft), 0.0, 1.0);
      if (cover > 0) put(at(x, y), colour, cover * stroke.opacity);
    }
  }
}

ValueNoise::ValueNoise(std::uint64_t seed) : values_(kSide * kSide) {
  Dice dice(seed);
  for (auto& value : values_) value = static_cast<float>(dice.between(0, 1));
}

double ValueNoise::at(double x, double y) const noexcept {
  // Shifted by whole periods to where cutting off is rounding down: std::floor is a call on SSE2.
  constexpr double kShift = 1024 * kSide;
  x += kShift;
  y += kShift;
  const auto column = static_cast<unsigned>(x), row = static_cast<unsigned>(y);
  double share_x = x - column, share_y = y - row;
  share_x = share_x * share_x * (3 - 2 * share_x);
  share_y = share_y * share_y * (3 - 2 * share_y);
  const auto value = [&](unsigned c, unsigned r) -> double { return values_[(r % kSide) * kSide + c % kSide]; };
  const double upper = value(column, row) + (value(column + 1, row) - value(column, row)) * share_x;
  const double lower = value(column, row + 1) + (value(column + 1, row + 1) - value(column, row + 1)) * share_x;
  return upper + (lower - upper) * share_y;
}

}  // namespace nestbox::capture
