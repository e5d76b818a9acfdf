#pragma once
/// Synthetic pictures for the motion detector's tests: a textured ground, noise, light, and squares that move.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "nestbox/rules/motion_detector.h"

namespace nestbox {

struct Square {
  double x = 0, y = 0;  ///< left upper corner, in pixels
  int width = 40, height = 40;
  int luma = 200;
};

class MotionPlanes {
 public:
  static constexpr int kWidth = 320, kHeight = 240, kFramerate = 10;
  static constexpr std::chrono::nanoseconds kFrameTime{1'000'000'000 / kFramerate};

  double noise = 1.5;  ///< standard deviation
  double gain = 1;     ///< of all luma
  double spot = 0;     ///< how much brighter the middle is than the rest, as under a lamp

  void fill(std::vector<Square> squares = {}) {
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        double luma = 70 + 30 * std::sin(0.11 * x) * std::cos(0.07 * y) + (y > 120 ? 20 : 0);
        for (const Square& s : squares) {
          if (x >= s.x && x < s.x + s.width && y >= s.y && y < s.y + s.height) luma = s.luma;
        }
        const double off = std::hypot(x - 160, y - 120) / 120;
        luma = luma * gain * (1 + spot * std::exp(-off * off)) + noise * gauss();
        plane_[static_cast<std::size_t>(y * kWidth + x)] = static_cast<std::uint8_t>(std::clamp(luma, 0.0, 255.0));
      }
    }
    now_ += kFrameTime;
  }
  MotionPlane plane() const { return {plane_.data(), kWidth, kHeight, kWidth, now_}; }
  BootTime now() const { return now_; }

 private:
  /// Noise from a table: these pictures are many.
  double gauss() {
    if (table_.empty()) {
      std::normal_distribution<float> normal;
      table_.resize(1U << 14U);
      for (float& value : table_) value = normal(random_);
    }
    state_ = state_ * 1664525U + 1013904223U;
    return table_[state_ >> 18U];
  }

  std::vector<std::uint8_t> plane_ = std::vector<std::uint8_t>(kWidth * kHeight);
  std::vector<float> table_;
  std::minstd_rand random_{5};
  std::uint32_t state_ = 1;
  BootTime now_{std::chrono::seconds(100)};
};

/// Runs a detector over pictures and keeps what it said.
class Watch {
 public:
  explicit Watch(MotionRules rules = {}) : detector(std::move(rules)) {}

  void see(std::vector<Square> squares = {}) {
    planes.fill(std::move(squares));
    const MotionReport report = detector.update(planes.plane());
    if (report.change == MotionReport::Change::kConfirmed) ++confirmed;
    if (report.change == MotionReport::Change::kEnded) ended.push_back(report.event);
    if (report.change == MotionReport::Change::kNearMiss) near_misses.push_back(report.event);
    last = report;
  }
  void quiet(double seconds) {
    for (int n = 0; n < static_cast<int>(seconds * MotionPlanes::kFramerate); ++n) see();
  }
  /// A square that goes from left to right at 80 pixels a second.
  void walk(double seconds, Square square) {
    for (int n = 0; n < static_cast<int>(seconds * MotionPlanes::kFramerate); ++n, square.x += 8) see({square});
  }

  MotionPlanes planes;
  MotionDetector detector;
  MotionReport last;
  int confirmed = 0;
  std::vector<MotionEvent> ended, near_misses;
};

}  // namespace nestbox
