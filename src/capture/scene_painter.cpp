#include "scene_painter.h"
#include "nestbox/media/limited_range.h"

#include <algorithm>
#include <cmath>

namespace nestbox::capture {
namespace {

constexpr int kLumaSpan = kWhiteLuma - kBlackLuma;
constexpr int kGrain = 32;
constexpr std::size_t kGrainPeriod = 1 << 16;
constexpr int kWidthMax = 4096;

template <class Plane>
auto* row_of(const Plane& plane, int row) {
  return plane.data + static_cast<std::ptrdiff_t>(row) * plane.stride;
}

std::uint8_t to_sample(int value) {
  return static_cast<std::uint8_t>(std::clamp(value, 0, 255));
}

LightMap::Mixture mixture_of(const SceneMoment& moment) {
  LightMap::Mixture mixture;
  mixture.daylight = moment.light.sun;
  mixture.hole = moment.light.sun * (1 - moment.pose.blocks);
  mixture.lamp = moment.light.lamp;
  mixture.patch_x = 0.95 - 1.9 * moment.light.day;  // the sun goes round the tree
  mixture.exposure = moment.exposure;
  return mixture;
}

// The loops below run over every sample of every picture. All of their numbers fit 16 bits and are kept in 16 bits, so
// that eight of them go through one instruction, with SSE2 and NEON alike.

void light_luma(const std::uint8_t* from, const std::uint16_t* light, std::uint8_t* to, int width) {
  for (int x = 0; x < width; ++x) {
    // kOne is 2^10: 6 bits more, and the upper half of the product is the result.
    const auto widened = static_cast<std::uint16_t>(from[x] << 6);
    const auto lit = static_cast<std::int16_t>((static_cast<std::uint32_t>(widened) * light[x]) >> 16);
    to[x] = static_cast<std::uint8_t>(std::min<std::int16_t>(lit, kLumaSpan) + kBlackLuma);
  }
}

void light_chroma(const std::int8_t* from, const std::uint16_t* light, std::int16_t strength, std::int16_t tint,
                  std::uint8_t* to, int width) {
  for (int x = 0; x < width; ++x) {
    const auto widened = static_cast<std::int16_t>(from[x] * strength);  // 64: full colour
    const auto brightness = static_cast<std::int16_t>(light[2 * x]);
    const auto lit = static_cast<std::int16_t>((static_cast<std::int32_t>(widened) * brightness) >> 16);
    const auto sum = static_cast<std::int16_t>(lit + tint);
    to[x] = static_cast<std::uint8_t>(std::clamp<std::int16_t>(sum, -112, 112) + kNeutralChroma);
  }
}

/// `in_dark`: standard deviation in sixteenths of a step where it is black; at most 255.
void add_grain(std::uint8_t* samples, const std::int8_t* grain, std::uint16_t in_dark, int width) {
  const auto less_in_light =
      static_cast<std::uint16_t>(in_dark * 3 / 8);  // read noise shows less; photon noise is even
  for (int x = 0; x < width; ++x) {
    const auto less = static_cast<std::uint16_t>(static_cast<std::uint16_t>(samples[x] * less_in_light) >> 8);
    const auto strength = static_cast<std::int16_t>(in_dark - less);
    const auto noise = static_cast<std::int16_t>(static_cast<std::int16_t>(grain[x] * strength) >> 9);
    const auto sum = static_cast<std::int16_t>(samples[x] + noise);
    samples[x] = static_cast<std::uint8_t>(std::clamp<std::int16_t>(sum, 0, 255));
  }
}

}  // namespace

ScenePainter::ScenePainter(int width, int height, const Rect& roi, std::uint64_t seed)
    : view_(view_of(width, height, roi)),
      seed_(seed),
      sprites_(view_.samples_per_unit, seed),
      light_map_(width, height, view_),
      width_(width),
      height_(height) {
  const auto box = to_sprite(paint_box(width, height, view_, seed), view_.samples_per_unit);
  const auto samples_count = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  luma_.resize(samples_count);
  u_.resize(samples_count / 4);
  v_.resize(samples_count / 4);
  for (std::size_t i = 0; i < samples_count; ++i) luma_[i] = box.samples[i].luma;
  for (int y = 0; y < height / 2; ++y) {
    for (int x = 0; x < width / 2; ++x) {
      const auto* upper = &box.samples[static_cast<std::size_t>(2 * y * width + 2 * x)];
      const auto* lower = upper + width;
      const auto target = static_cast<std::size_t>(y * (width / 2) + x);
      u_[target] = static_cast<std::int8_t>((upper[0].u + upper[1].u + lower[0].u + lower[1].u) / 4);
      v_[target] = static_cast<std::int8_t>((upper[0].v + upper[1].v + lower[0].v + lower[1].v) / 4);
    }
  }
  light_row_.resize(static_cast<std::size_t>(width));
  grain_.resize(kGrainPeriod + kWidthMax);
  Dice dice(seed + 2);
  for (auto& grain : grain_) {  // the sum of 12 even numbers is near enough to a Gaussian
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += dice.between(0, 1);
    grain = static_cast<std::int8_t>(std::clamp(sum * kGrain, -127.0, 127.0));
  }
}

double ScenePainter::brightness(const SceneLight& light, double blocked) const {
  return light.sun * (light_map_.mean_daylight() + (1 - blocked) * light_map_.mean_hole()) +
         light.lamp * light_map_.mean_lamp();
}

void ScenePainter::paint(const SceneMoment& moment, const MutableImage& picture) {
  light_map_.mix(mixture_of(moment));
  light_the_box(moment, picture);
  look_outside(moment, picture);
  if (moment.visitor) put_visitor(moment, picture);
  add_noise(moment, picture);
}

void ScenePainter::light_the_box(const SceneMoment& moment, const MutableImage& picture) {
  const double colour = moment.light.colour;
  const auto strength = static_cast<std::int16_t>(64 * colour);
  // The 1: two shifts to the right, here and for the noise, round down by half a step each; it would look green.
  const auto tint_u = static_cast<std::int16_t>((1 - 7 * moment.light.warmth) * colour);
  const auto tint_v = static_cast<std::int16_t>((1 + 9 * moment.light.warmth) * colour);
  for (int y = 0; y < height_; ++y) {
    light_map_.row(y, light_row_.data(), width_);
    light_luma(&luma_[static_cast<std::size_t>(y * width_)], light_row_.data(), row_of(picture.y, y), width_);
    if (y % 2 == 1) continue;
    const auto chroma = static_cast<std::size_t>(y / 2 * (width_ / 2));
    light_chroma(&u_[chroma], light_row_.data(), strength, tint_u, row_of(picture.u, y / 2), width_ / 2);
    light_chroma(&v_[chroma], light_row_.data(), strength, tint_v, row_of(picture.v, y / 2), width_ / 2);
  }
}

void ScenePainter::look_outside(const SceneMoment& moment, const MutableImage& picture) const {
  Pose pose;
  pose.x = kHoleX;
  pose.y = kHoleY;
  // Outside is far brighter than inside: it is burnt out by day, and black while only the lamp shines.
  const double light = std::min(1.12, display_light(moment.light.sun * 2.2 * moment.exposure) + 0.05);
  lay_over(sprites_.outside(), pose, light, moment.light.colour, picture);
}

void ScenePainter::put_visitor(const SceneMoment& moment, const MutableImage& picture) const {
  const auto& pose = moment.pose;
  const auto& sprite = sprites_.of(*moment.visitor, pose.look);
  double light = light_map_.at(pose.x, pose.y);
  if (pose.in_hole) {
    // Against the light; only what comes back from the box falls on it.
    light = 0.72 * light_map_.at(kHoleX, kHoleY + 0.25);
  } else if (pose.look == Pose::Look::kSide) {
    const double body = moment.visitor == Visitor::kMouse ? 0.12 : 0.17;
    cast_shadow(pose.x, pose.y + 0.075 * pose.scale, body * pose.scale, 0.055 * pose.scale, 0.5, picture);
  }
  light *= 1 + 0.3 * moment.light.lamp;  // fur and feathers are bright in infra-red
  lay_over(sprite, pose, std::min(light, 1.35), moment.light.colour, picture);
}

void ScenePainter::cast_shadow(double x, double y, double radius_x, double radius_y, double depth,
                               const MutableImage& picture) const {
  const int left = std::max(0, static_cast<int>(view_.sample_x(x - radius_x)));
  const int right = std::min(width_, static_cast<int>(view_.sample_x(x + radius_x)) + 1);
  const int top = std::max(0, static_cast<int>(view_.sample_y(y - radius_y)));
  const int bottom = std::min(height_, static_cast<int>(view_.sample_y(y + radius_y)) + 1);
  for (int row = top; row < bottom; ++row) {
    auto* const luma = row_of(picture.y, row);
    const double across = (view_.top + (row + 0.5) / view_.samples_per_unit - y) / radius_y;
    for (int column = left; column < right; ++column) {
      const double along = (view_.left + (column + 0.5) / view_.samples_per_unit - x) / radius_x;
      const double inside = 1 - along * along - across * across;
      if (inside <= 0) continue;
      const double keeps = 1 - depth * inside;
      luma[column] = static_cast<std::uint8_t>(kBlackLuma + (luma[column] - kBlackLuma) * keeps);
    }
  }
}

void ScenePainter::lay_over(const Sprite& sprite, const Pose& pose, double light, double colour,
                            const MutableImage& picture) const {
  // The sprite's own coordinates grow by constant steps along a row of the picture: 16.16 numbers.
  constexpr double kFixed = 65536;
  const double mirror = pose.faces_right ? -1 : 1;
  const double cosine = std::cos(pose.tilt), sine = std::sin(pose.tilt);
  const double step = sprite.samples_per_unit / (view_.samples_per_unit * pose.scale);
  const auto fixed = [](double value) { return static_cast<std::int32_t>(std::lround(value * kFixed)); };
  const auto x_per_column = fixed(mirror * cosine * step), y_per_column = fixed(mirror * sine * step);

  const double reach = std::hypot(sprite.width, sprite.height) / 2 / sprite.samples_per_unit * pose.scale;
  const int left = std::max(0, static_cast<int>(view_.sample_x(pose.x - reach)));
  const int right = std::min(width_, static_cast<int>(view_.sample_x(pose.x + reach)) + 1);
  const int top = std::max(0, static_cast<int>(view_.sample_y(pose.y - reach)));
  const int bottom = std::min(height_, static_cast<int>(view_.sample_y(pose.y + reach)) + 1);
  const int light_q8 = static_cast<int>(light * 256), colour_q8 = static_cast<int>(light * colour * 256);
  const double hole_samples = kHoleRadius * view_.samples_per_unit;

  for (int row = top; row < bottom; ++row) {
    const double down = (view_.top + (row + 0.5) / view_.samples_per_unit - pose.y) / pose.scale;
    const double across = mirror * (view_.left + (left + 0.5) / view_.samples_per_unit - pose.x) / pose.scale;
    auto x = fixed((across * cosine - down * sine - sprite.left) * sprite.samples_per_unit);
    auto y = fixed((across * sine + down * cosine - sprite.top) * sprite.samples_per_unit);
    auto* const luma = row_of(picture.y, row);
    auto* const u = row_of(picture.u, row / 2);
    auto* const v = row_of(picture.v, row / 2);
    const double from_hole_y = row + 0.5 - view_.sample_y(kHoleY);
    for (int column = left; column < right; ++column, x += x_per_column, y += y_per_column) {
      const int sprite_x = x >> 16, sprite_y = y >> 16;
      if (sprite_x < 0 || sprite_y < 0 || sprite_x >= sprite.width - 1 || sprite_y >= sprite.height - 1) continue;
      const auto* const upper = &sprite.samples[static_cast<std::size_t>(sprite_y * sprite.width + sprite_x)];
      const auto* const lower = upper + sprite.width;
      if ((upper[0].alpha | upper[1].alpha | lower[0].alpha | lower[1].alpha) == 0) continue;
      const int share_x = (x >> 8) & 255, share_y = (y >> 8) & 255;
      const auto between = [&](auto Sprite::Sample::*part) {
        const int above = upper[0].*part * (256 - share_x) + upper[1].*part * share_x;
        const int below = lower[0].*part * (256 - share_x) + lower[1].*part * share_x;
        return (above * (256 - share_y) + below * share_y) >> 16;
      };
      int keep = 256;
      if (pose.in_hole) {  // the wall stands before what is in the hole
        const double off = column + 0.5 - view_.sample_x(kHoleX);
        const double inside = hole_samples - std::sqrt(off * off + from_hole_y * from_hole_y);
        if (inside <= 0) continue;
        keep = static_cast<int>(std::min(1.0, inside) * 256);
      }
      const int alpha = between(&Sprite::Sample::alpha) * keep / 255;  // 0 to 256
      const int lit = std::min(kLumaSpan, (between(&Sprite::Sample::luma) * light_q8) >> 8) * keep >> 8;
      luma[column] = to_sample(kBlackLuma + (((luma[column] - kBlackLuma) * (256 - alpha)) >> 8) + lit);
      if (((row | column) & 1) != 0) continue;
      const auto tinted = [&](std::uint8_t below, int chroma) {
        const int own = ((chroma * colour_q8) >> 8) * keep >> 8;
        return to_sample(kNeutralChroma + (((below - kNeutralChroma) * (256 - alpha)) >> 8) + own);
      };
      u[column / 2] = tinted(u[column / 2], upper->u);
      v[column / 2] = tinted(v[column / 2], upper->v);
    }
  }
}

void ScenePainter::add_noise(const SceneMoment& moment, const MutableImage& picture) const {
  const auto tile_at = [&](std::uint64_t number) {
    Dice dice(seed_ ^ (moment.index * 8192 + number));
    return &grain_[dice.next() % kGrainPeriod];
  };
  static_assert(kGrain == 512 / 16, "see add_grain: it divides by 512, and counts in sixteenths");
  constexpr double kInDark = 1.4 * 16, kMax = 255;
  const auto strength = static_cast<std::uint16_t>(std::min(kMax, moment.noise * kInDark));
  const auto of_colour = static_cast<std::uint16_t>(strength / 2);
  for (int row = 0; row < height_; ++row) {
    add_grain(row_of(picture.y, row), tile_at(static_cast<std::uint64_t>(row)), strength, width_);
  }
  if (moment.light.colour <= 0) return;  // grey has no colour noise
  for (int row = 0; row < height_ / 2; ++row) {
    const auto number = static_cast<std::uint64_t>(height_ + 2 * row);
    add_grain(row_of(picture.u, row), tile_at(number), of_colour, width_ / 2);
    add_grain(row_of(picture.v, row), tile_at(number + 1), of_colour, width_ / 2);
  }
}

}  // namespace nestbox::capture
