#include "scene_script.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace nestbox::capture {
namespace {

double smooth(double x) {
  x = std::clamp(x, 0.0, 1.0);
  return x * x * (3 - 2 * x);
}

double mix(double from, double to, double share) {
  return from + (to - from) * share;
}

/// Clouds that pass: slow, never the same for minutes.
double clouds(double time_s) {
  return 0.90 + 0.06 * std::sin(time_s * 0.31) + 0.04 * std::sin(time_s * 0.127 + 1.3);
}

/// Where a bird sits, hops and looks while it is on the nest: a new idea every second or so, from its own dice.
struct Idea {
  double x, tilt;
  bool faces_right;
};
Idea idea(const SceneVisit& visit, std::int64_t number) {
  Dice dice(visit.seed + static_cast<std::uint64_t>(number) * 0x9E3779B97F4A7C15ULL);
  Idea result{dice.between(-0.07, 0.07), 0, dice.chance(0.5)};
  if (dice.chance(0.55)) result.tilt = dice.between(0.35, 0.75);  // it feeds
  return result;
}

Pose on_nest(const SceneVisit& visit, double time_s, double idea_s) {
  const auto number = static_cast<std::int64_t>(time_s / idea_s);
  const double share = smooth((time_s - static_cast<double>(number) * idea_s) / (0.35 * idea_s));
  const auto before = idea(visit, number - 1), now = idea(visit, number);
  Pose pose;
  pose.x = kNestX + mix(before.x, now.x, share);
  pose.y = kNestY - 0.085 - 0.012 * std::sin(std::numbers::pi * share) * (std::abs(now.x - before.x) > 0.02 ? 1 : 0);
  pose.tilt = mix(before.tilt, now.tilt, share);
  if (now.tilt > 0) pose.tilt += 0.12 * std::sin(time_s * 11);  // pecks
  pose.y += 0.003 * std::sin(time_s * 4.2);                     // breathes
  pose.faces_right = now.faces_right;
  return pose;
}

/// 0 outside, 1 sitting in the hole.
Pose in_hole(Pose::Look look, double share, double size) {
  Pose pose;
  pose.look = look;
  pose.in_hole = true;
  pose.x = kHoleX;
  pose.y = kHoleY + mix(0.11, 0.018, smooth(share));
  pose.scale = size * mix(0.75, 1.0, smooth(share));
  pose.blocks = 0.7 * smooth(share);
  return pose;
}

Pose flying(double share, double time_s, bool downwards) {
  const double way = smooth(downwards ? share : 1 - share);
  Pose pose;
  pose.look = std::fmod(time_s * 11, 1.0) < 0.5 ? Pose::Look::kWingsUp : Pose::Look::kWingsDown;
  pose.x = mix(kHoleX, kNestX, way) + 0.09 * std::sin(std::numbers::pi * way);
  pose.y = mix(kHoleY, kNestY - 0.1, way);
  pose.scale = mix(0.75, 1.0, way);
  pose.blocks = 0.4 * (1 - way);
  return pose;
}

Pose tit_at(const SceneVisit& visit, double time_s) {
  constexpr double kIn = 0.8, kLooks = 1.0, kFlies = 0.5, kOut = 0.7;
  const double left_s = visit.length_s() - time_s;
  if (time_s < kIn + kLooks) return in_hole(Pose::Look::kFace, time_s / kIn, 1);
  if (time_s < kIn + kLooks + kFlies) return flying((time_s - kIn - kLooks) / kFlies, time_s, true);
  if (left_s < kOut + 0.6) return in_hole(Pose::Look::kBack, left_s / kOut, 1);
  if (left_s < kOut + 0.6 + kFlies) return flying(1 - (left_s - kOut - 0.6) / kFlies, time_s, false);
  return on_nest(visit, time_s, 1.1);
}

Pose squirrel_at(const SceneVisit& visit, double time_s) {
  const double left_s = visit.length_s() - time_s;
  auto pose = in_hole(Pose::Look::kFace, std::min(time_s, left_s) / 0.9, 1);
  pose.x += 0.014 * std::sin(time_s * 2.3);
  pose.y += 0.006 * std::sin(time_s * 9);  // sniffs
  pose.tilt = 0.12 * std::sin(time_s * 1.7);
  return pose;
}

/// Down the wall from the hole, round the nest, and up again.
Pose mouse_at(const SceneVisit& visit, double time_s) {
  constexpr double kPeep = 0.8, kClimb = 1.6;
  const double left_s = visit.length_s() - time_s;
  if (time_s < kPeep) return in_hole(Pose::Look::kFace, time_s / kPeep, 0.8);
  if (left_s < kPeep) return in_hole(Pose::Look::kFace, left_s / kPeep, 0.8);
  const double climbed = std::min({1.0, (time_s - kPeep) / kClimb, (left_s - kPeep) / kClimb});
  if (climbed < 1) {
    Pose pose;
    pose.x = mix(kHoleX, 0.24, smooth(climbed));
    pose.y = mix(kHoleY + 0.05, 0.72, climbed);
    pose.scale = mix(0.6, 0.8, climbed);
    const bool downwards = time_s < visit.length_s() / 2;
    pose.tilt = downwards ? 1.0 : -1.0;
    pose.faces_right = downwards;
    return pose;
  }
  // It runs and stops: the way round the nest moves on in jerks.
  const double run_s = time_s - kPeep - kClimb, all_s = visit.length_s() - 2 * (kPeep + kClimb);
  const double jerky = run_s + 0.45 * std::sin(run_s * 2.1) / 2.1 * 2;
  const double angle = 2 * std::numbers::pi * std::clamp(jerky / all_s, 0.0, 1.0);
  Pose pose;
  pose.x = 0.24 * std::cos(angle);
  pose.y = 0.72 + 0.09 * std::sin(angle);
  pose.scale = 0.8 + 0.25 * (pose.y - 0.72);
  pose.faces_right = std::sin(angle) < 0;
  pose.tilt = 0.06 * std::sin(time_s * 13);
  return pose;
}

void light_the_lamp(SceneLight& light) {
  light.lamp = 1;
  light.colour = 0;
}

}  // namespace

std::uint64_t Dice::next() noexcept {
  std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

double Dice::between(double low, double high) noexcept {
  return low + (high - low) * static_cast<double>(next() >> 11) * 0x1.0p-53;
}

SceneLight scene_light(double time_s) noexcept {
  constexpr double kNightBegins = DayPlan::kDay + DayPlan::kDusk, kDawnBegins = kNightBegins + DayPlan::kNight;
  const double time = std::fmod(time_s, DayPlan::kWhole);
  SceneLight light;
  light.day = std::min(time / DayPlan::kDay, 1.0);
  if (time < DayPlan::kDay) {
    light.sun = clouds(time_s);
  } else if (time < kNightBegins) {
    const double share = (time - DayPlan::kDay) / DayPlan::kDusk;
    light.sun = clouds(time_s) * std::pow(1 - share, 2.2);
    light.warmth = smooth(share * 1.6);
    if (share > 0.75) light_the_lamp(light);
  } else if (time < kDawnBegins) {
    light.sun = 0;
    light_the_lamp(light);
  } else {
    const double share = (time - kDawnBegins) / DayPlan::kDawn;
    light.sun = clouds(time_s) * std::pow(share, 2.2);
    light.warmth = smooth((1 - share) * 1.4) * 0.7;
    if (share < 0.4) light_the_lamp(light);
    light.day = 0;
  }
  return light;
}

SceneLight scene_light(double time_s, const SceneLights& lights) noexcept {
  // Without its filter a sensor sees the sun's infra-red in all three colours, and they fade.
  constexpr double kWithInfraRed = 1.6, kFaded = 0.45;
  constexpr double kLampOfSun = 0.1;  // about what the lamp gives, beside the sun through the hole
  auto light = scene_light(time_s);
  light.lamp = 0;
  light.colour = 1;
  if (lights.filter_in_path) return light;
  light.sun *= kWithInfraRed;
  light.lamp = std::clamp(lights.lamp_strength, 0.0, 1.0);
  if (light.lamp > 0) {
    light.colour = kFaded * light.sun / (light.sun + kLampOfSun * light.lamp);
  } else {
    light.colour = kFaded;
  }
  return light;
}

std::string_view visitor_name(Visitor visitor) noexcept {
  switch (visitor) {
    case Visitor::kBlueTit:
      return "blue tit";
    case Visitor::kMouse:
      return "mouse";
    case Visitor::kSquirrel:
      return "squirrel";
  }
  return "";
}

VisitPlan::VisitPlan(std::uint64_t seed) : dice_(seed) {
  current_ = {Visitor::kBlueTit, 0, dice_.between(3, 7), 0};
  // The first visit starts where a visit that never was would have ended.
  const double first_start = current_.end_s;
  current_.start_s = first_start;
  current_.end_s = first_start + dice_.between(9, 15);
  current_.seed = dice_.next();
}

void VisitPlan::advance() noexcept {
  SceneVisit next;
  next.start_s = current_.end_s + dice_.between(6, 16);
  const bool dark = scene_light(next.start_s).lamp > 0;
  if (dark) {
    next.visitor = Visitor::kMouse;
  } else {
    next.visitor = dice_.chance(0.22) ? Visitor::kSquirrel : Visitor::kBlueTit;
  }
  const bool looks_in_only = next.visitor == Visitor::kSquirrel;
  next.end_s = next.start_s + (looks_in_only ? dice_.between(4, 7) : dice_.between(9, 15));
  next.seed = dice_.next();
  current_ = next;
}

Pose pose_at(const SceneVisit& visit, double time_s) noexcept {
  switch (visit.visitor) {
    case Visitor::kMouse:
      return mouse_at(visit, time_s);
    case Visitor::kSquirrel:
      return squirrel_at(visit, time_s);
    case Visitor::kBlueTit:
      break;
  }
  return tit_at(visit, time_s);
}

}  // namespace nestbox::capture
