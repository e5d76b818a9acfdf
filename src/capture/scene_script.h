#pragma once
/// What happens in the simulated nest box, and when: all of it follows from a seed. Pure; no clock, no I/O.
#include <cstdint>
#include <string_view>

#include "nestbox/capture/scene_lights.h"

namespace nestbox::capture {

/// A small generator whose numbers are the same on every machine (SplitMix64: Steele, Lea, Flood 2014).
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() noexcept;
  double between(double low, double high) noexcept;
  bool chance(double probability) noexcept { return between(0, 1) < probability; }

 private:
  std::uint64_t state_;
};

/// Days pass in minutes here. Day 0 begins at 0 s, in the morning.
struct DayPlan {
  static constexpr double kDay = 70, kDusk = 15, kNight = 45, kDawn = 14, kWhole = kDay + kDusk + kNight + kDawn;
};

/// As the sensor sees it.
struct SceneLight {
  double sun = 1;     ///< daylight outside, 0 to 1; more where its infra-red is seen too
  double warmth = 0;  ///< how red it is: 1 at sunset
  double lamp = 0;    ///< infra-red lamp, 0 to 1
  double colour = 1;  ///< 0: grey
  double day = 0;     ///< [0, 1): how much of the bright day has gone
};
/// With the lamp that the script switches, and a filter that goes with it.
SceneLight scene_light(double time_s) noexcept;
/// The same moment with the daemon's lamp and filter.
SceneLight scene_light(double time_s, const SceneLights& lights) noexcept;

enum class Visitor : std::uint8_t { kBlueTit, kMouse, kSquirrel };
std::string_view visitor_name(Visitor visitor) noexcept;

/// One animal: seen from start_s on, gone from end_s on.
struct SceneVisit {
  Visitor visitor = Visitor::kBlueTit;
  double start_s = 0, end_s = 0;
  std::uint64_t seed = 0;  ///< for what it does in between

  double length_s() const noexcept { return end_s - start_s; }
};

/// The visits of a seed, one after another; they never overlap. The first begins after 3 to 7 s.
class VisitPlan {
 public:
  explicit VisitPlan(std::uint64_t seed);
  const SceneVisit& current() const noexcept { return current_; }
  void advance() noexcept;

 private:
  Dice dice_;
  SceneVisit current_;
};

/// Where an animal is, and how. Places in scene units: the picture is 1 high, x is 0 in its middle.
struct Pose {
  enum class Look : std::uint8_t { kFace, kBack, kSide, kWingsUp, kWingsDown };
  Look look = Look::kSide;
  bool in_hole = false;  ///< seen through the hole, and cut off by it
  double x = 0, y = 0;   ///< the animal's middle
  double scale = 1;
  double tilt = 0;  ///< radians, head down
  bool faces_right = false;
  double blocks = 0;  ///< how much of the hole's light it takes away, 0 to 1
};
/// `time_s` within the visit.
Pose pose_at(const SceneVisit& visit, double time_s) noexcept;

/// Geometry that poses and painting share.
inline constexpr double kHoleX = 0, kHoleY = 0.245, kHoleRadius = 0.105;
inline constexpr double kNestX = 0, kNestY = 0.79;

}  // namespace nestbox::capture
