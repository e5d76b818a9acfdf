#include "scene_box.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "scene_script.h"

namespace nestbox::capture {
namespace {

using Ellipse = Canvas::Ellipse;

constexpr double kWall = 0.56;     // half the width of the front wall
constexpr double kFloor = 0.585;   // where the front wall meets the floor
constexpr float kMaxLight = 3.5F;  // of display light: all is white long before
constexpr double kSpread = 0.95;   // how fast the side walls come towards us

struct Textures {
  ValueNoise coarse, fine;
};

/// Planed wood: grain along `along`, wavy across it.
Colour wood(const Textures& textures, double across, double along, double hue) {
  const double wave = textures.coarse.at(across * 5, along * 1.3);
  const double rings = textures.coarse.at(across * 38 + wave * 5, along * 2.2);
  const double fibre = textures.fine.at(across * 210, along * 9);
  const double tone = 0.62 + 0.22 * rings + 0.12 * (fibre - 0.5) + 0.14 * (wave - 0.5);
  return blend(Colour{0.60, 0.42, 0.26}, Colour{0.80, 0.62, 0.42}, hue + rings * 0.5) * tone;
}

Colour moss(const Textures& textures, double x, double y) {
  // Perspective: farther moss is finer.
  const double depth = 1 / (0.25 + (y - kFloor) * 1.6);
  const double lumps = textures.coarse.at(x * 9 * depth, y * 26 + 3);
  const double tufts = textures.fine.at(x * 46 * depth, y * 110);
  const double tone = 0.30 + 0.36 * tufts + 0.26 * lumps;
  return blend(Colour{0.42, 0.44, 0.20}, Colour{0.62, 0.52, 0.32}, lumps) * tone;
}

Colour bare_box(const Textures& textures, double x, double y) {
  const double side = std::abs(x);
  const double wall_edge = y < kFloor ? kWall : kWall + (y - kFloor) * kSpread;
  if (side > wall_edge) {  // a side wall; its boards run towards us
    const double near_by = std::min(1.0, (side - kWall) / 0.35);
    const double drop = (y - 0.30) / (1 + near_by * 0.8);
    auto colour = wood(textures, drop * 1.6 + (x > 0 ? 7 : 19), near_by * 2.5, 0.05) * 0.82;
    return colour * std::min(1.0, 0.55 + (side - wall_edge) * 6);  // the corner is in shadow
  }
  if (y < kFloor) {
    auto colour = wood(textures, x * 1.15 + 3, y * 1.2, 0.15);
    const double seam = std::abs(std::fmod(x + 10.187, 0.374) - 0.187);  // three boards
    colour = colour * std::min(1.0, 0.45 + seam * 120);
    return colour * std::min({1.0, 0.55 + (wall_edge - side) * 5, 0.5 + (kFloor - y) * 6});
  }
  return moss(textures, x, y) * std::min(1.0, 0.5 + (y - kFloor) * 9);
}

Colour straw(Dice& dice) {
  const double tone = dice.between(0.35, 0.95);
  return blend(Colour{0.55, 0.48, 0.26}, Colour{0.88, 0.78, 0.56}, dice.between(0, 1)) * tone;
}

/// A blade somewhere on the ring of the nest, lying along it.
void weave(Canvas& canvas, Dice& dice, double radius_x, double radius_y, double jitter) {
  const double angle = dice.between(0, 2 * std::numbers::pi), reach = dice.between(1 - jitter, 1 + jitter);
  const double x = kNestX + radius_x * reach * std::cos(angle), y = kNestY + radius_y * reach * std::sin(angle);
  const double length = dice.between(0.025, 0.075), turn = dice.between(-0.7, 0.7);
  double dx = -std::sin(angle) * radius_x, dy = std::cos(angle) * radius_y;
  const double norm = std::hypot(dx, dy);
  dx = dx / norm + turn * std::cos(angle);
  dy = dy / norm + turn * 0.5 * std::sin(angle);
  canvas.draw(Canvas::Stroke{x - dx * length / 2, y - dy * length / 2, x + dx * length / 2, y + dy * length / 2,
                             dice.between(0.0025, 0.005), dice.between(0.5, 0.95)},
              straw(dice));
}

void paint_nest(Canvas& canvas, Dice& dice) {
  constexpr double kRadiusX = 0.335, kRadiusY = 0.145;
  canvas.draw(Ellipse{kNestX, kNestY + 0.012, kRadiusX * 1.22, kRadiusY * 1.24, 0, 0.6, 0.3, 0.2},
              Colour{0.40, 0.36, 0.18});
  for (int i = 0; i < 420; ++i) weave(canvas, dice, kRadiusX * 1.02, kRadiusY * 1.04, 0.24);
  // The cup: dark towards its middle, lined with hair and down.
  canvas.draw(Ellipse{kNestX, kNestY, kRadiusX * 0.78, kRadiusY * 0.76, 0, 0.95, 0.35, -0.5}, Colour{0.34, 0.27, 0.18});
  canvas.draw(Ellipse{kNestX, kNestY + 0.010, kRadiusX * 0.62, kRadiusY * 0.56, 0, 0.8, 0.8, 0},
              Colour{0.20, 0.16, 0.11});
  for (int i = 0; i < 170; ++i) weave(canvas, dice, kRadiusX * 0.70, kRadiusY * 0.68, 0.14);
  for (int i = 0; i < 26; ++i) {
    const double angle = dice.between(0, 2 * std::numbers::pi), reach = dice.between(0.45, 0.8);
    canvas.draw(Ellipse{kNestX + kRadiusX * reach * std::cos(angle), kNestY + kRadiusY * reach * std::sin(angle),
                        dice.between(0.012, 0.034), dice.between(0.005, 0.010), dice.between(-0.8, 0.8),
                        dice.between(0.3, 0.7), 0.9, 0.1},
                Colour{0.93, 0.90, 0.84} * dice.between(0.7, 1.0));
  }
  constexpr double kEggs[][2] = {{-0.075, 0.004}, {-0.022, -0.022}, {0.042, -0.016},
                                 {0.085, 0.012},  {-0.030, 0.028},  {0.028, 0.032}};
  for (const auto& egg : kEggs) {
    const double x = kNestX + egg[0], y = kNestY + egg[1], angle = dice.between(-0.6, 0.6);
    canvas.draw(Ellipse{x, y + 0.010, 0.036, 0.022, angle, 0.55, 0.6, 0}, Colour{0.08, 0.06, 0.04});
    canvas.draw(Ellipse{x, y, 0.034, 0.0245, angle, 1, 0.12, 0.38}, Colour{0.97, 0.93, 0.88});
    for (int spot = 0; spot < 9; ++spot) {
      const double way = dice.between(0, 2 * std::numbers::pi), far = dice.between(0.1, 0.75);
      canvas.draw(
          Ellipse{x + 0.028 * far * std::cos(way), y + 0.020 * far * std::sin(way), 0.0032, 0.0026, 0, 0.7, 0.5, 0},
          Colour{0.62, 0.34, 0.24});
    }
  }
}

void paint_hole_rim(Canvas& canvas, Dice& dice) {
  // The thickness of the wall: dark above, its lower lip catches the light. Claws have worn it.
  canvas.draw(Ellipse{kHoleX, kHoleY, kHoleRadius * 1.30, kHoleRadius * 1.30, 0, 0.35, 0.5, 0},
              Colour{0.16, 0.11, 0.07});
  canvas.draw(Ellipse{kHoleX, kHoleY, kHoleRadius * 1.16, kHoleRadius * 1.16, 0, 1, 0.06, -1.1},
              Colour{0.36, 0.26, 0.17});
  for (int i = 0; i < 60; ++i) {
    const double angle = dice.between(0.15 * std::numbers::pi, 0.85 * std::numbers::pi),
                 length = dice.between(0.01, 0.05);
    const double x = kHoleX + kHoleRadius * 1.2 * std::cos(angle), y = kHoleY + kHoleRadius * 1.2 * std::sin(angle);
    canvas.draw(Canvas::Stroke{x, y, x + dice.between(-0.008, 0.008), y + length, 0.003, dice.between(0.2, 0.5)},
                Colour{0.34, 0.24, 0.15});
  }
}

}  // namespace

View view_of(int width, int height, const Rect& roi) {
  const double aspect = static_cast<double>(width) / height;
  const double zoom = std::clamp(std::max(roi.right - roi.left, roi.bottom - roi.top), 0.05, 1.0);
  const double middle_x = ((roi.left + roi.right) / 2 - 0.5) * aspect, middle_y = (roi.top + roi.bottom) / 2;
  return {middle_x - zoom * aspect / 2, middle_y - zoom / 2, height / zoom};
}

Canvas paint_box(int width, int height, const View& view, std::uint64_t seed) {
  const Textures textures{ValueNoise(seed), ValueNoise(seed + 1)};
  Canvas canvas(width, height, view.left, view.top, view.samples_per_unit);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const auto colour = bare_box(textures, canvas.unit_x(x), canvas.unit_y(y));
      const auto sample = [](double value) { return static_cast<std::uint8_t>(std::clamp(value, 0.0, 1.0) * 255); };
      canvas.at(x, y) = {sample(colour.red), sample(colour.green), sample(colour.blue), 255};
    }
  }
  Dice dice(seed);
  for (int i = 0; i < 240; ++i) {  // loose blades on the moss
    const double y = dice.between(kFloor + 0.02, 1.0), reach = kWall + (y - kFloor) * kSpread;
    const double x = dice.between(-reach, reach), angle = dice.between(0, std::numbers::pi),
                 length = dice.between(0.02, 0.10);
    canvas.draw(Canvas::Stroke{x, y, x + length * std::cos(angle), y + 0.35 * length * std::sin(angle),
                               dice.between(0.0025, 0.0045), dice.between(0.3, 0.8)},
                straw(dice) * 0.75);
  }
  paint_hole_rim(canvas, dice);
  paint_nest(canvas, dice);
  return canvas;
}

double display_light(double linear) noexcept {
  return std::pow(std::max(linear, 0.0), 1 / 2.2);
}

LightMap::LightMap(int width, int height, const View& view)
    : view_(view), columns_(width / kCell + 2), rows_(height / kCell + 2) {
  nodes_.reserve(static_cast<std::size_t>(columns_ * rows_));
  const double aspect = static_cast<double>(width) / height;
  for (int row = 0; row < rows_; ++row) {
    for (int column = 0; column < columns_; ++column) {
      const double x = view.left + column * kCell / view.samples_per_unit;
      const double y = view.top + row * kCell / view.samples_per_unit;
      const auto bell = [&](double at_x, double at_y, double wide, double high) {
        return std::exp(-std::pow((x - at_x) / wide, 2) - std::pow((y - at_y) / high, 2));
      };
      Node node{};
      node.x = static_cast<float>(x);
      node.y = static_cast<float>(y);
      const double off_x = (static_cast<double>(column * kCell) / width - 0.5) * aspect;
      const double off_y = static_cast<double>(row * kCell) / height - 0.5;
      node.vignette = static_cast<float>(1 - 0.42 * (off_x * off_x + off_y * off_y));
      node.daylight = static_cast<float>(0.26 + 0.10 * (1 - y));
      // The hole lights what faces it, and makes its own wall look dark around it.
      node.hole = static_cast<float>(0.95 * bell(0, 0.86, 0.55, 0.30) + 0.30 * bell(0.85, 0.6, 0.35, 0.5) +
                                     0.30 * bell(-0.85, 0.6, 0.35, 0.5) + 0.10 * bell(0, kHoleY, 0.22, 0.20));
      node.lamp = static_cast<float>(0.115 * bell(0.02, 0.60, 0.58, 0.46) + 0.008);
      nodes_.push_back(node);
      mean_daylight_ += node.daylight;
      mean_hole_ += node.hole;
      mean_lamp_ += node.lamp;
    }
  }
  const auto count = static_cast<double>(nodes_.size());
  mean_daylight_ /= count;
  mean_hole_ /= count;
  mean_lamp_ /= count;
  display_.resize(nodes_.size());
  upper_.resize(static_cast<std::size_t>(columns_ * kCell));
  lower_.resize(upper_.size());
}

void LightMap::mix(const Mixture& mixture) {
  widened_ = -1;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const auto& node = nodes_[i];
    const double from_patch_x = (node.x - mixture.patch_x) / 0.17, from_patch_y = (node.y - 0.70) / 0.14;
    const double far = from_patch_x * from_patch_x + from_patch_y * from_patch_y;
    const double patch = far < 1 ? 0.9 * (1 - far) * (1 - far) : 0;
    const double linear =
        node.daylight * mixture.daylight + (node.hole + patch) * mixture.hole + node.lamp * mixture.lamp;
    const float light = std::pow(static_cast<float>(linear * mixture.exposure), 1 / 2.2F) * node.vignette;
    display_[i] = static_cast<std::uint16_t>(std::min(kMaxLight, light) * kOne);
  }
}

void LightMap::widen(int node_row, std::vector<std::uint16_t>& line) const {
  const auto* const nodes = &display_[static_cast<std::size_t>(node_row * columns_)];
  for (int column = 0; column + 1 < columns_; ++column) {
    auto* const cell = &line[static_cast<std::size_t>(column * kCell)];
    const int left = nodes[column], right = nodes[column + 1];
    for (int i = 0; i < kCell; ++i) cell[i] = static_cast<std::uint16_t>((left * (kCell - i) + right * i) / kCell);
  }
}

void LightMap::row(int y, std::uint16_t* light, int width) {
  if (widened_ != y / kCell) {
    widened_ = y / kCell;
    widen(widened_, upper_);
    widen(widened_ + 1, lower_);
  }
  static_assert(kMaxLight * kOne * kCell < 65536, "the sum below must fit 16 bits, eight of which go through at once");
  const auto of_lower = static_cast<std::uint16_t>(y % kCell), of_upper = static_cast<std::uint16_t>(kCell - of_lower);
  const auto* const upper = upper_.data();
  const auto* const lower = lower_.data();
  for (int x = 0; x < width; ++x) {
    const auto sum = static_cast<std::uint16_t>(static_cast<std::uint16_t>(upper[x] * of_upper) +
                                                static_cast<std::uint16_t>(lower[x] * of_lower));
    light[x] = static_cast<std::uint16_t>(sum / kCell);
  }
}

double LightMap::at(double x, double y) const {
  const auto node = [](double sample, int count) {
    return std::clamp(static_cast<int>(std::lround(sample / kCell)), 0, count - 1);
  };
  const int column = node(view_.sample_x(x), columns_), row = node(view_.sample_y(y), rows_);
  return static_cast<double>(display_[static_cast<std::size_t>(row * columns_ + column)]) / kOne;
}

}  // namespace nestbox::capture
