#include "scene_animals.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace nestbox::capture {
namespace {

using Ellipse = Canvas::Ellipse;
using Stroke = Canvas::Stroke;

// A blue tit (Cyanistes caeruleus) in its colours.
constexpr Colour kBlue{0.28, 0.50, 0.86}, kWing{0.30, 0.45, 0.70}, kWingDark{0.16, 0.24, 0.38};
constexpr Colour kYellow{0.95, 0.82, 0.26}, kPale{0.97, 0.92, 0.62}, kGreen{0.46, 0.53, 0.28};
constexpr Colour kWhite{0.97, 0.97, 0.94}, kInk{0.08, 0.10, 0.17}, kBlack{0.02, 0.02, 0.03};
constexpr Colour kMouse{0.50, 0.38, 0.27}, kPink{0.78, 0.58, 0.52}, kSquirrel{0.70, 0.37, 0.17},
    kCream{0.93, 0.86, 0.76};

struct Frame {
  double half_width, half_height;
};

template <class Draw>
Sprite sprite(double scale, const Frame& frame, const ValueNoise& noise, Draw draw) {
  Canvas canvas(static_cast<int>(2 * frame.half_width * scale) + 2, static_cast<int>(2 * frame.half_height * scale) + 2,
                -frame.half_width, -frame.half_height, scale);
  draw(canvas);
  for (int y = 0; y < canvas.height(); ++y) {  // feathers and fur
    for (int x = 0; x < canvas.width(); ++x) {
      auto& sample = canvas.at(x, y);
      if (sample.alpha == 0) continue;
      const double tone = 0.90 + 0.20 * noise.at(canvas.unit_x(x) * 150 + 40, canvas.unit_y(y) * 320 + 40);
      const auto toned = [tone](std::uint8_t value) {
        return static_cast<std::uint8_t>(std::min(255.0, value * tone));
      };
      sample = {toned(sample.red), toned(sample.green), toned(sample.blue), sample.alpha};
    }
  }
  return to_sprite(canvas, scale);
}

void eye(Canvas& canvas, double x, double y, double radius) {
  canvas.draw(Ellipse{x, y, radius, radius}, kBlack);
  canvas.draw(Ellipse{x - radius * 0.3, y - radius * 0.4, radius * 0.36, radius * 0.36}, Colour{1, 1, 1});
}

void tit_side(Canvas& canvas) {
  canvas.draw(Ellipse{0.205, -0.062, 0.115, 0.021, -0.30, 1, 0.15, 0.2}, kWing);
  canvas.draw(Stroke{0.13, -0.035, 0.31, -0.095, 0.004, 0.8}, kWingDark);
  canvas.draw(Ellipse{0.015, 0.020, 0.165, 0.108, -0.16, 1, 0.08, 0.42}, kYellow);
  canvas.draw(Ellipse{-0.010, 0.075, 0.10, 0.045, -0.10, 0.8, 0.7, 0.1}, kPale);
  canvas.draw(Ellipse{0.070, -0.045, 0.125, 0.058, -0.30, 1, 0.30, 0.1}, kGreen);
  canvas.draw(Ellipse{0.085, -0.005, 0.120, 0.047, -0.24, 1, 0.12, 0.25}, kWing);
  for (int i = 0; i < 5; ++i) {
    const double down = 0.009 * i;
    canvas.draw(Stroke{0.045, -0.005 + down, 0.195, -0.043 + down * 0.7, 0.0035, 0.75}, kWingDark);
  }
  canvas.draw(Stroke{0.012, -0.032, 0.022, 0.030, 0.013, 0.95}, kWhite);
  canvas.draw(Ellipse{-0.125, -0.070, 0.084, 0.080, 0, 1, 0.08, 0.18}, kWhite);
  canvas.draw(Ellipse{-0.118, -0.116, 0.062, 0.034, 0.05, 1, 0.18, 0.15}, kBlue);
  // The line through the eye runs round the nape and, as a collar, to the bib below the bill.
  canvas.draw(Stroke{-0.205, -0.074, -0.150, -0.081, 0.011}, kInk);
  canvas.draw(Stroke{-0.150, -0.081, -0.060, -0.082, 0.013}, kInk);
  constexpr double kCollar[][2] = {{-0.052, -0.086}, {-0.047, -0.062}, {-0.050, -0.036}, {-0.064, -0.014},
                                   {-0.088, 0.000},  {-0.118, 0.005},  {-0.148, 0.000},  {-0.172, -0.014}};
  for (std::size_t i = 1; i < std::size(kCollar); ++i) {
    const double width = 0.020 - 0.0018 * static_cast<double>(i);
    canvas.draw(Stroke{kCollar[i - 1][0], kCollar[i - 1][1], kCollar[i][0], kCollar[i][1], width}, kInk);
  }
  canvas.draw(Ellipse{-0.188, -0.032, 0.014, 0.028, 0.35, 1, 0.35, 0}, kInk);
  canvas.draw(Stroke{-0.200, -0.062, -0.228, -0.056, 0.014}, Colour{0.20, 0.20, 0.22});
  eye(canvas, -0.155, -0.080, 0.0135);
}

void tit_head_from_front(Canvas& canvas, double y) {
  canvas.draw(Ellipse{0, y, 0.082, 0.074, 0, 1, 0.08, 0.15}, kWhite);
  canvas.draw(Ellipse{0, y - 0.044, 0.062, 0.034, 0, 1, 0.18, 0.1}, kBlue);
  canvas.draw(Stroke{-0.078, y + 0.010, -0.010, y + 0.006, 0.0085}, kInk);
  canvas.draw(Stroke{0.078, y + 0.010, 0.010, y + 0.006, 0.0085}, kInk);
  canvas.draw(Ellipse{0, y + 0.054, 0.017, 0.022, 0, 1, 0.35, 0}, kInk);
  for (const double side : {-1.0, 1.0}) {
    canvas.draw(Stroke{side * 0.014, y + 0.066, side * 0.046, y + 0.062, 0.008}, kInk);
    canvas.draw(Stroke{side * 0.046, y + 0.062, side * 0.074, y + 0.040, 0.008}, kInk);
  }
  canvas.draw(Ellipse{0, y + 0.020, 0.010, 0.016, 0, 1, 0.2, 0}, Colour{0.24, 0.24, 0.26});
  eye(canvas, -0.040, y + 0.003, 0.0125);
  eye(canvas, 0.040, y + 0.003, 0.0125);
}

void tit_face(Canvas& canvas) {
  canvas.draw(Ellipse{0, 0.100, 0.100, 0.080, 0, 1, 0.12, 0.35}, kYellow);
  canvas.draw(Stroke{0, 0.06, 0, 0.17, 0.010, 0.6}, kInk);
  tit_head_from_front(canvas, -0.005);
}

void tit_back(Canvas& canvas) {
  canvas.draw(Ellipse{0, 0.06, 0.084, 0.105, 0, 1, 0.10, 0.3}, kGreen);
  canvas.draw(Ellipse{-0.058, 0.075, 0.034, 0.092, -0.12, 1, 0.15, 0.2}, kWing);
  canvas.draw(Ellipse{0.058, 0.075, 0.034, 0.092, 0.12, 1, 0.15, 0.2}, kWing);
  canvas.draw(Stroke{-0.078, 0.035, -0.035, 0.055, 0.011, 0.9}, kWhite);
  canvas.draw(Stroke{0.078, 0.035, 0.035, 0.055, 0.011, 0.9}, kWhite);
  canvas.draw(Ellipse{0, -0.038, 0.066, 0.060, 0, 1, 0.10, 0.1}, kWhite);
  canvas.draw(Ellipse{0, -0.058, 0.054, 0.040, 0, 1, 0.15, 0.1}, kBlue);
  canvas.draw(Ellipse{0, -0.006, 0.030, 0.030, 0, 1, 0.3, 0}, kInk);
}

/// From the front, wings beating: `lift` above 0 raises them.
void tit_flying(Canvas& canvas, double lift) {
  for (const double side : {-1.0, 1.0}) {
    const double middle_x = side * 0.155, middle_y = -0.03 - 0.11 * lift;
    canvas.draw(Ellipse{middle_x, middle_y, 0.135, 0.052, -side * lift * 0.75, 0.92, 0.30, 0.2}, kWing);
    canvas.draw(Ellipse{side * 0.215, middle_y - 0.055 * lift, 0.075, 0.040, -side * lift * 0.95, 0.7, 0.6, 0.1},
                kWingDark);
    canvas.draw(
        Stroke{side * 0.09, middle_y + 0.045 * lift - 0.02, side * 0.105, middle_y + 0.045 * lift + 0.03, 0.012, 0.7},
        kWhite);
  }
  canvas.draw(Ellipse{0, 0.045, 0.072, 0.098, 0, 1, 0.14, 0.35}, kYellow);
  canvas.draw(Ellipse{0, 0.150, 0.035, 0.055, 0, 0.8, 0.35, 0.2}, kWing);
  tit_head_from_front(canvas, -0.075);
}

void mouse_side(Canvas& canvas) {
  canvas.draw(Stroke{0.09, 0.030, 0.18, 0.046, 0.010}, kPink);
  canvas.draw(Stroke{0.18, 0.046, 0.26, 0.030, 0.008}, kPink);
  canvas.draw(Stroke{0.26, 0.030, 0.32, -0.005, 0.006}, kPink);
  canvas.draw(Ellipse{0.025, 0.000, 0.112, 0.066, -0.05, 1, 0.14, 0.35}, kMouse);
  canvas.draw(Ellipse{0.000, 0.046, 0.088, 0.024, 0, 0.85, 0.5, 0.1}, kCream);
  canvas.draw(Ellipse{-0.098, 0.010, 0.062, 0.042, 0.12, 1, 0.14, 0.25}, kMouse);
  canvas.draw(Ellipse{-0.150, 0.022, 0.026, 0.017, 0.15, 1, 0.3, 0.1}, kMouse * 1.15);
  canvas.draw(Ellipse{-0.172, 0.022, 0.007, 0.007}, kInk);
  canvas.draw(Ellipse{-0.052, -0.044, 0.024, 0.031, 0.3, 1, 0.12, 0.1}, kMouse * 0.9);
  canvas.draw(Ellipse{-0.082, -0.042, 0.026, 0.033, -0.1, 1, 0.12, 0.1}, kPink);
  canvas.draw(Ellipse{-0.060, 0.066, 0.022, 0.009, 0, 1, 0.3, 0}, kPink);
  canvas.draw(Ellipse{0.070, 0.064, 0.030, 0.010, 0, 1, 0.3, 0}, kPink);
  for (const double turn : {-0.012, 0.004, 0.018})
    canvas.draw(Stroke{-0.155, 0.028, -0.215, 0.030 + turn, 0.0018, 0.6}, kCream);
  eye(canvas, -0.116, -0.002, 0.0125);
}

/// A head that looks in through the hole.
void furry_face(Canvas& canvas, const Colour& fur, double ear_length, double ear_width) {
  for (const double side : {-1.0, 1.0}) {
    canvas.draw(Ellipse{side * 0.056, -0.062 - ear_length * 0.3, ear_width, ear_length, side * 0.25, 1, 0.15, 0.1},
                fur * 0.85);
    canvas.draw(
        Ellipse{side * 0.056, -0.056 - ear_length * 0.25, ear_width * 0.6, ear_length * 0.65, side * 0.25, 1, 0.3, 0},
        kPink * 0.8);
  }
  canvas.draw(Ellipse{0, 0.105, 0.075, 0.07, 0, 1, 0.2, 0.2}, kCream);
  canvas.draw(Ellipse{0, 0.012, 0.086, 0.084, 0, 1, 0.12, 0.2}, fur);
  canvas.draw(Ellipse{0, 0.052, 0.048, 0.036, 0, 1, 0.4, 0.1}, kCream);
  for (const double side : {-1.0, 1.0}) {
    canvas.draw(Ellipse{side * 0.045, -0.006, 0.023, 0.020, 0, 0.85, 0.4, 0}, kCream);
    eye(canvas, side * 0.045, -0.006, 0.0155);
    for (const double turn : {-0.016, 0.0, 0.016}) {
      canvas.draw(Stroke{side * 0.026, 0.052, side * 0.105, 0.050 + turn, 0.002, 0.7}, kInk);
    }
  }
  canvas.draw(Ellipse{0, 0.036, 0.0125, 0.0095, 0, 1, 0.2, 0}, kInk);
  canvas.draw(Stroke{0, 0.044, 0, 0.060, 0.003, 0.8}, kInk);
}

Sprite sky_and_leaves(double scale, std::uint64_t seed) {
  const double half = kHoleRadius + 0.01;
  Canvas canvas(static_cast<int>(2 * half * scale) + 2, static_cast<int>(2 * half * scale) + 2, -half, -half, scale);
  canvas.draw(Ellipse{0, 0, kHoleRadius, kHoleRadius, 0, 1, 0, 0.12}, Colour{0.86, 0.94, 1.0});
  Canvas leaves(canvas.width(), canvas.height(), -half, -half, scale);
  Dice dice(seed);
  for (int i = 0; i < 38; ++i) {  // out of focus, more of them low down
    const double x = dice.between(-1, 1) * kHoleRadius, y = std::sqrt(dice.between(0, 1)) * 1.3 - 0.3;
    leaves.draw(Ellipse{x, y * kHoleRadius, dice.between(0.008, 0.026), dice.between(0.008, 0.018), dice.between(0, 3),
                        dice.between(0.25, 0.6), 0.9, 0},
                blend(Colour{0.52, 0.72, 0.36}, Colour{0.74, 0.84, 0.52}, dice.between(0, 1)));
  }
  for (int y = 0; y < canvas.height(); ++y) {
    for (int x = 0; x < canvas.width(); ++x) {
      auto& below = canvas.at(x, y);
      const auto& leaf = leaves.at(x, y);
      const auto over = [&](std::uint8_t sky, std::uint8_t green) {
        return static_cast<std::uint8_t>((sky * (255 - leaf.alpha) + green * below.alpha) / 255);
      };
      below = {over(below.red, leaf.red), over(below.green, leaf.green), over(below.blue, leaf.blue), below.alpha};
    }
  }
  return to_sprite(canvas, scale);
}

}  // namespace

Sprite to_sprite(const Canvas& canvas, double samples_per_unit) {
  Sprite sprite{canvas.width(), canvas.height(), canvas.unit_x(0), canvas.unit_y(0), samples_per_unit, {}};
  sprite.samples.reserve(static_cast<std::size_t>(sprite.width * sprite.height));
  for (int y = 0; y < canvas.height(); ++y) {
    for (int x = 0; x < canvas.width(); ++x) {
      const auto& sample = canvas.at(x, y);
      // BT.709, limited range (ITU-R BT.709-6, 3).
      const double luma = 0.2126 * sample.red + 0.7152 * sample.green + 0.0722 * sample.blue;
      const double u = (sample.blue - luma) / 1.8556, v = (sample.red - luma) / 1.5748;
      const auto rounded = [](double value) { return static_cast<int>(value + 256.5) - 256; };
      sprite.samples.push_back({static_cast<std::uint8_t>(rounded(luma * 219 / 255)),
                                static_cast<std::int8_t>(rounded(u * 224 / 255)),
                                static_cast<std::int8_t>(rounded(v * 224 / 255)), sample.alpha});
    }
  }
  return sprite;
}

SpriteBook::SpriteBook(double samples_per_unit, std::uint64_t seed) {
  const ValueNoise noise(seed);
  const Frame face{0.125, 0.19}, flying{0.31, 0.26};
  tit_face_ = sprite(samples_per_unit, face, noise, tit_face);
  tit_back_ = sprite(samples_per_unit, face, noise, tit_back);
  tit_side_ = sprite(samples_per_unit, {0.34, 0.17}, noise, tit_side);
  tit_up_ = sprite(samples_per_unit, flying, noise, [](Canvas& canvas) { tit_flying(canvas, 1); });
  tit_down_ = sprite(samples_per_unit, flying, noise, [](Canvas& canvas) { tit_flying(canvas, -0.8); });
  mouse_side_ = sprite(samples_per_unit, {0.34, 0.10}, noise, mouse_side);
  mouse_face_ = sprite(samples_per_unit, face, noise, [](Canvas& canvas) { furry_face(canvas, kMouse, 0.036, 0.034); });
  squirrel_ =
      sprite(samples_per_unit, face, noise, [](Canvas& canvas) { furry_face(canvas, kSquirrel, 0.050, 0.022); });
  outside_ = sky_and_leaves(samples_per_unit, seed);
}

const Sprite& SpriteBook::of(Visitor visitor, Pose::Look look) const {
  if (visitor == Visitor::kSquirrel) return squirrel_;
  if (visitor == Visitor::kMouse) return look == Pose::Look::kFace ? mouse_face_ : mouse_side_;
  switch (look) {
    case Pose::Look::kFace:
      return tit_face_;
    case Pose::Look::kBack:
      return tit_back_;
    case Pose::Look::kWingsUp:
      return tit_up_;
    case Pose::Look::kWingsDown:
      return tit_down_;
    case Pose::Look::kSide:
      break;
  }
  return tit_side_;
}

}  // namespace nestbox::capture
