#include "motion_scene.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace nestbox::bench {
namespace {

constexpr int kPixels = MotionScene::kWidth * MotionScene::kHeight;
constexpr double kTurn = 2 * std::numbers::pi;
constexpr double kLengthS = MotionScene::kFrames / MotionScene::kFramerate;
constexpr int kSeenPixels = 40;  // of an animal, for it to be there

double hash_01(int x, int y, std::uint64_t seed) {
  std::uint64_t z = seed + 0x9E3779B97F4A7C15U * static_cast<std::uint64_t>(x * 7919 + y * 104729 + 1);
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return static_cast<double>((z ^ (z >> 31U)) >> 11U) * 0x1.0p-53;
}

/// Smooth noise in [0, 1] whose lattice has the given spacing in pixels.
double value_noise(double x, double y, double spacing, std::uint64_t seed) {
  const double gx = x / spacing, gy = y / spacing;
  const int ix = static_cast<int>(std::floor(gx)), iy = static_cast<int>(std::floor(gy));
  const auto smooth = [](double t) { return t * t * (3 - 2 * t); };
  const double u = smooth(gx - ix), v = smooth(gy - iy);
  const double top = std::lerp(hash_01(ix, iy, seed), hash_01(ix + 1, iy, seed), u);
  const double bottom = std::lerp(hash_01(ix, iy + 1, seed), hash_01(ix + 1, iy + 1, seed), u);
  return std::lerp(top, bottom, v);
}

std::size_t pixel(int x, int y) {
  return static_cast<std::size_t>(y * MotionScene::kWidth + x);
}

}  // namespace

MotionScene::MotionScene(SceneKind kind, std::uint64_t seed)
    : kind_(kind), state_(seed * 977 + static_cast<std::uint64_t>(kind) + 1) {
  for (Plane* plane : {&ground_, &leaves_, &leaf_cover_, &leaf_phase_, &spot_, &light_, &blurred_})
    plane->resize(kPixels);
  picture_.resize(kPixels);
  noise_.resize(1U << 16U);
  for (float& n : noise_) {  // Box and Muller
    n = static_cast<float>(std::sqrt(-2 * std::log(between(1e-9, 1))) * std::cos(kTurn * between(0, 1)));
  }
  for (std::size_t n = 0; n < gamma_.size(); ++n) {
    gamma_[n] = static_cast<std::uint8_t>(
        std::lround(16 + 219 * std::pow(static_cast<double>(n) / static_cast<double>(gamma_.size() - 1), 1 / 2.2)));
  }
  make_ground();
  plan_animals();
  plan_disturbances();
}

std::uint32_t MotionScene::random() {
  std::uint64_t z = state_ += 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return static_cast<std::uint32_t>((z ^ (z >> 31U)) >> 32U);
}

double MotionScene::between(double low, double high) {
  return low + (high - low) * random() * 0x1.0p-32;
}
float MotionScene::gauss() {
  return noise_[random() & 0xFFFFU];
}

bool MotionScene::night() const {
  return kind_ == SceneKind::kNight || kind_ == SceneKind::kNightDim || kind_ == SceneKind::kNightDark ||
         kind_ == SceneKind::kInsects;
}

void MotionScene::make_ground() {
  const auto seed = static_cast<std::uint64_t>(random());
  const double horizon = between(0.2, 0.5) * kHeight, lamp_x = between(0.35, 0.65) * kWidth;
  const double leaf_x = between(0, kWidth), leaf_y = between(0.2, 0.8) * kHeight, leaf_r = between(90, 140);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const double coarse = value_noise(x, y, 60, seed), middle = value_noise(x, y, 15, seed + 1);
      const double fine = value_noise(x, y, 4, seed + 2);
      const double base = y < horizon ? 0.45 : 0.22;
      const auto i = pixel(x, y);
      ground_[i] = static_cast<float>(base * (0.4 + 0.6 * coarse + 0.4 * middle + 0.25 * fine));
      leaves_[i] = static_cast<float>(
          std::pow(0.3 * value_noise(x, y, 12, seed + 3) + 0.7 * value_noise(x, y, 5, seed + 4), 2) * 1.1);
      const double edge = std::hypot(x - leaf_x, y - leaf_y) + 40 * value_noise(x, y, 25, seed + 5) - leaf_r;
      leaf_cover_[i] = static_cast<float>(std::clamp(0.5 - edge / 6, 0.0, 1.0));
      leaf_phase_[i] = static_cast<float>(kTurn * value_noise(x, y, 35, seed + 6));
      const double from_lamp = std::hypot((x - lamp_x) / (0.6 * kWidth), (y - 0.6 * kHeight) / (0.7 * kHeight));
      spot_[i] = static_cast<float>(0.12 + std::exp(-2 * from_lamp * from_lamp));
    }
  }
  gust_phase_ = between(0, kTurn);
  cloud_phase_ = between(0, kTurn);
}

void MotionScene::plan_animals() {
  double free_from = between(5, 8);
  while (free_from < kLengthS - 8) {
    Animal animal;
    animal.length = between(14, 44);
    animal.pause_s = between(0, 1) < 0.5 ? between(0.5, 3) : 0;
    animal.pause_at = between(0.3, 0.7);
    animal.enters_s = free_from;
    animal.leaves_s = free_from + (kWidth + animal.length) / between(55, 140) + animal.pause_s;
    const bool dark = between(0, 1) < 0.5;
    animal.contrast = dark ? between(0.4, 0.72) : between(1.35, 2.1);
    animal.y = between(0.35, 0.9) * kHeight;
    animal.wobble = between(3, 15);
    animal.phase = between(0, kTurn);
    animal.from_left = between(0, 1) < 0.5;
    animals_.push_back(animal);
    free_from = animal.leaves_s + between(3, 9);
  }
}

void MotionScene::plan_disturbances() {
  for (double t = between(3, 5); t < kLengthS; t += between(2.5, 7)) {
    switches_.push_back(t);
    levels_.push_back(between(0.45, 1.5));
  }
  const double every = kind_ == SceneKind::kInsects ? 0.9 : 4;
  if (!night()) return;
  for (double t = between(1, 3); t < kLengthS; t += between(0.2, 2) * every) {
    Insect insect;
    insect.start_s = t;
    insect.length_s = between(0.3, 1.3);
    insect.x = between(0, kWidth), insect.y = between(0, kHeight);
    const double speed = between(90, 330), angle = between(0, kTurn);
    insect.vx = speed * std::cos(angle), insect.vy = speed * std::sin(angle);
    insect.turn = between(-6, 6);
    insect.radius = between(1.5, 6);
    insect.light = between(0.3, 1);
    insects_.push_back(insect);
  }
}

const std::vector<std::uint8_t>& MotionScene::next() {
  const double time_s = frame_ / kFramerate;
  draw_ground(time_s);
  draw_animals(time_s);
  light_up(time_s);
  draw_insects(time_s);
  if (kind_ == SceneKind::kRain) draw_rain();
  expose(time_s);
  ++frame_;
  return picture_;
}

void MotionScene::draw_ground(double time_s) {
  const bool foliage = kind_ == SceneKind::kFoliage || kind_ == SceneKind::kRain || kind_ == SceneKind::kClouds ||
                       kind_ == SceneKind::kExposure;
  if (!foliage) {
    light_ = ground_;
    return;
  }
  const double strength = kind_ == SceneKind::kFoliage ? 5 : 2.5;
  const double gust = strength * (0.35 + 0.65 * std::pow(0.5 + 0.5 * std::sin(0.45 * time_s + gust_phase_), 2));
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const auto i = pixel(x, y);
      if (leaf_cover_[i] <= 0) {
        light_[i] = ground_[i];
        continue;
      }
      const double phase = leaf_phase_[i];
      const double dx =
          gust * (std::sin(kTurn * 0.9 * time_s + phase) + 0.6 * std::sin(kTurn * 2.3 * time_s + 2 * phase));
      const double dy = 0.6 * gust * std::sin(kTurn * 1.4 * time_s + 3 * phase);
      const int sx = std::clamp(x + static_cast<int>(std::lround(dx)), 0, kWidth - 1);
      const int sy = std::clamp(y + static_cast<int>(std::lround(dy)), 0, kHeight - 1);
      const auto from = pixel(sx, sy);
      light_[i] = std::lerp(ground_[i], leaves_[from], leaf_cover_[from]);
    }
  }
}

void MotionScene::draw_animals(double time_s) {
  int seen = 0;
  for (const Animal& animal : animals_) {
    if (time_s >= animal.enters_s && time_s < animal.leaves_s) seen += draw_animal(animal, time_s);
  }
  seen_.push_back(seen >= kSeenPixels);
}

int MotionScene::draw_animal(const Animal& animal, double time_s) {
  const double walk_s = animal.leaves_s - animal.enters_s - animal.pause_s;
  const double in = time_s - animal.enters_s, stop = animal.pause_at * walk_s;
  const double walked = in < stop ? in : std::max(stop, in - animal.pause_s);
  const double along = walked / walk_s * (kWidth + animal.length) - animal.length / 2;
  const double x0 = animal.from_left ? along : kWidth - along;
  const double y0 = animal.y + animal.wobble * std::sin(2 * walked + animal.phase);
  const double heading = animal.from_left ? 1 : -1;
  const double a = animal.length / 2, b = animal.length * 0.24;
  int pixels = 0;
  for (int y = std::max(0, static_cast<int>(y0 - a)); y < std::min(kHeight, static_cast<int>(y0 + a)); ++y) {
    for (int x = std::max(0, static_cast<int>(x0 - 1.3 * a)); x < std::min(kWidth, static_cast<int>(x0 + 1.3 * a));
         ++x) {
      const double body = std::hypot((x - x0) / (0.8 * a), (y - y0) / b);
      const double nod = 0.1 * b * std::sin(9 * in);
      const double head = std::hypot(x - x0 - heading * 0.75 * a, y - y0 + 0.5 * b + nod) / (0.65 * b);
      const double cover = std::clamp((1 - std::min(body, head)) * 4, 0.0, 1.0);
      if (cover <= 0) continue;
      const auto i = pixel(x, y);
      const double coat = 0.85 + 0.3 * value_noise(x - x0 + 500, y - y0 + 500, 4, 5);
      light_[i] = static_cast<float>(light_[i] * std::lerp(1.0, animal.contrast * coat, cover));
      pixels += cover > 0.5;
    }
  }
  return pixels;
}

void MotionScene::light_up(double time_s) {
  if (kind_ == SceneKind::kClouds) {
    const double speed = 45, width = 60;
    for (int x = 0; x < kWidth; ++x) {
      for (int y = 0; y < kHeight; ++y) {
        const double wave = std::sin((x + 0.6 * y - speed * time_s) / width * 0.8 + cloud_phase_) +
                            0.7 * std::sin(0.23 * time_s + cloud_phase_);
        light_[pixel(x, y)] *= static_cast<float>(0.45 + 0.55 / (1 + std::exp(-5 * wave)));
      }
    }
  }
  const auto switched = std::count_if(switches_.begin(), switches_.end(), [&](double t) { return t <= time_s; });
  const bool lamp = night() || (kind_ == SceneKind::kLamp && switched % 2 == 1);
  if (!lamp) return;
  const float day = kind_ == SceneKind::kLamp ? 0.05F : 0.0F;
  for (std::size_t i = 0; i < light_.size(); ++i) light_[i] *= day + spot_[i] * 1.4F;
}

void MotionScene::draw_insects(double time_s) {
  for (const Insect& insect : insects_) {
    const double in = time_s - insect.start_s;
    if (in < 0 || in > insect.length_s) continue;
    const double angle = insect.turn * in, c = std::cos(angle), s = std::sin(angle);
    const double x0 = insect.x + in * (c * insect.vx - s * insect.vy),
                 y0 = insect.y + in * (s * insect.vx + c * insect.vy);
    const int reach = static_cast<int>(insect.radius) + 2;
    for (int y = static_cast<int>(y0) - reach; y <= static_cast<int>(y0) + reach; ++y) {
      for (int x = static_cast<int>(x0) - reach; x <= static_cast<int>(x0) + reach; ++x) {
        if (x < 0 || y < 0 || x >= kWidth || y >= kHeight) continue;
        const double cover = std::clamp(insect.radius + 0.5 - std::hypot(x - x0, y - y0), 0.0, 1.0);
        light_[pixel(x, y)] += static_cast<float>(cover * insect.light * 0.6);
      }
    }
  }
}

void MotionScene::draw_rain() {
  const int drops = 12 + static_cast<int>(random() % 14);
  for (int n = 0; n < drops; ++n) {
    const double x0 = between(0, kWidth), y0 = between(-20, kHeight), length = between(12, 34),
                 light = between(0.08, 0.25);
    const bool near = between(0, 1) < 0.2;
    for (int k = 0; k < static_cast<int>(length); ++k) {
      const int x = static_cast<int>(x0 + 0.12 * k), y = static_cast<int>(y0) + k;
      for (int w = 0; w < (near ? 3 : 1); ++w) {
        if (x + w < 0 || y < 0 || x + w >= kWidth || y >= kHeight) continue;
        light_[pixel(x + w, y)] += static_cast<float>(light);
      }
    }
  }
}

double MotionScene::exposure_target(double time_s) const {
  if (kind_ != SceneKind::kExposure) return 1;
  double level = 1;
  for (std::size_t n = 0; n < switches_.size(); ++n) {
    if (time_s >= switches_[n]) level = levels_[n];
  }
  return level;
}

void MotionScene::expose(double time_s) {
  // Automatic exposure: half of the way each third of a second, in the steps that a sensor takes; a lamp surprises it.
  double mean = 0;
  for (std::size_t i = 0; i < light_.size(); i += 97) mean += light_[i];
  mean /= static_cast<double>(light_.size() / 97 + 1);
  const double bright = night() ? 0.09 : 0.22;
  const double wanted =
      exposure_target(time_s) * (kind_ == SceneKind::kClouds ? std::sqrt(bright / mean) : bright / mean);
  if (frame_ == 0) exposure_ = wanted;
  if (frame_ % 4 == 0) exposure_ *= std::pow(wanted / exposure_, 0.5);
  const double electrons = kind_ == SceneKind::kNightDark  ? 50
                           : kind_ == SceneKind::kNightDim ? 120
                           : night()                       ? 350
                                                           : 3000;
  const double read_noise = night() ? 4 : 3;
  for (int y = 0; y < kHeight; ++y) {
    const auto row_noise = static_cast<float>(0.15 * read_noise) * gauss();
    auto at = random();
    for (int x = 0; x < kWidth; ++x) {
      const auto i = pixel(x, y);
      const auto charge = static_cast<float>(electrons * exposure_) * light_[i];
      at = at * 1664525U + 1013904223U;
      const float noise =
          noise_[at >> 16U] * std::sqrt(charge + static_cast<float>(read_noise * read_noise)) + row_noise;
      blurred_[i] = (charge + noise) / static_cast<float>(electrons);
    }
  }
  constexpr float kNext = 0.13F;  // what the processing of a camera smears to the next pixel, either way
  const auto top = static_cast<float>(gamma_.size() - 1);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const auto i = pixel(x, y);
      const float left = blurred_[x > 0 ? i - 1 : i], right = blurred_[x + 1 < kWidth ? i + 1 : i];
      const float light = (1 - 2 * kNext) * blurred_[i] + kNext * (left + right);
      picture_[i] = gamma_[static_cast<std::size_t>(std::clamp(light, 0.0F, 1.0F) * top)];
    }
  }
}

std::vector<SceneEvent> MotionScene::events() const {
  std::vector<SceneEvent> events;
  for (std::size_t n = 0; n < seen_.size(); ++n) {
    if (!seen_[n]) continue;
    const double start = static_cast<double>(n) / kFramerate;
    if (n == 0 || !seen_[n - 1]) events.push_back({start, start});
    events.back().end_s = start + 1 / kFramerate;
  }
  return events;
}

}  // namespace nestbox::bench
