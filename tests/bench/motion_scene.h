#pragma once
/// Scenes for those who test motion detectors: animals with exactly known times among what disturbs detectors. All of
/// it follows from kind and seed. Light is computed linearly, noise in electrons, then gamma and 8 bit, as a camera
/// does.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nestbox::bench {

enum class SceneKind : std::uint8_t {
  kFoliage,    ///< leaves in gusts
  kClouds,     ///< shadows of clouds cross the picture
  kNight,      ///< infra-red lamp, 350 electrons full scale
  kNightDim,   ///< the same with 120
  kNightDark,  ///< the same with 50
  kRain,
  kInsects,   ///< near the lamp, out of focus
  kLamp,      ///< the lamp goes on and off; exposure settles afterwards
  kExposure,  ///< exposure in steps and swings
};
inline constexpr std::array<std::string_view, 9> kSceneNames{"foliage", "clouds",  "night", "night-dim", "night-dark",
                                                             "rain",    "insects", "lamp",  "exposure"};

struct SceneEvent {
  double start_s = 0, end_s = 0;  ///< the animal is seen; end exclusive
};

class MotionScene {
 public:
  static constexpr int kWidth = 320, kHeight = 240, kFrames = 720;
  static constexpr double kFramerate = 12;

  MotionScene(SceneKind kind, std::uint64_t seed);
  /// The next picture, kWidth * kHeight samples; valid until the next call. Call kFrames times.
  const std::vector<std::uint8_t>& next();
  /// Of the pictures drawn so far.
  std::vector<SceneEvent> events() const;

 private:
  using Plane = std::vector<float>;
  struct Animal {
    double enters_s = 0, leaves_s = 0, pause_s = 0, pause_at = 0;
    double length = 0, contrast = 0, y = 0, wobble = 0, phase = 0;
    bool from_left = false;
  };
  struct Insect {
    double start_s = 0, length_s = 0, x = 0, y = 0, vx = 0, vy = 0, turn = 0, radius = 0, light = 0;
  };

  double between(double low, double high);
  std::uint32_t random();
  float gauss();
  void make_ground();
  void plan_animals();
  void plan_disturbances();
  void draw_ground(double time_s);
  void draw_animals(double time_s);
  int draw_animal(const Animal& animal, double time_s);
  void draw_insects(double time_s);
  void draw_rain();
  void light_up(double time_s);
  void expose(double time_s);
  double exposure_target(double time_s) const;
  bool night() const;

  SceneKind kind_;
  std::uint64_t state_;
  int frame_ = 0;
  Plane ground_, leaves_, leaf_cover_, leaf_phase_, spot_, light_, blurred_;
  std::vector<std::uint8_t> picture_;
  std::vector<Animal> animals_;
  std::vector<Insect> insects_;
  std::vector<double> switches_;  ///< lamp or exposure
  std::vector<double> levels_;    ///< exposure from each switch on
  std::vector<bool> seen_;
  std::vector<float> noise_;
  std::array<std::uint8_t, 4096> gamma_{};
  double exposure_ = 1, gust_phase_ = 0, cloud_phase_ = 0;
};

}  // namespace nestbox::bench
