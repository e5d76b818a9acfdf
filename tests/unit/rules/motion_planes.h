#pragma once
/// Synthetic pictures for the motion detector's tests: a textured ground by day or under a lamp, noise, exposure,
/// squares. All luma is meant as 0 (black) to 255, and comes out in the limited range of analysis planes.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <utility>
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

  double gain = 1;    ///< of all luma
  bool lamp = false;  ///< a spot of light in the middle, and grass that is bright in infra-red
  int noise = 2;      ///< standard deviation, 0 to 8

  MotionPlanes() {
    std::minstd_rand random(5);
    std::normal_distribution<double> normal(0, 16);
    for (auto& value : noise_) value = static_cast<std::int16_t>(std::clamp(normal(random), -120.0, 120.0));
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        const double wave = std::sin(0.11 * x) * std::cos(0.07 * y);
        const double off = std::hypot(x - 160, y - 120) / 120;
        day_.push_back(static_cast<std::uint8_t>(80 + 30 * wave + (y > 120 ? 20 : 0)));
        lit_.push_back(
            static_cast<std::uint8_t>((50 - 20 * wave + (y > 120 ? 40 : 0)) * (0.3 + 2 * std::exp(-off * off))));
      }
    }
  }

  void fill(const std::vector<Square>& squares = {}) {
    const auto& ground = lamp ? lit_ : day_;
    const int scale = static_cast<int>(256 * gain);
    for (int y = 0; y < kHeight; ++y) {
      const auto row = static_cast<std::size_t>(y * kWidth);
      state_ = state_ * 1664525U + 1013904223U;
      const std::int16_t* const grain = &noise_[state_ >> 19U];
      for (std::size_t x = 0; x < kWidth; ++x) {
        const int luma = (ground[row + x] * scale >> 8) + (grain[x] * noise >> 4);
        plane_[row + x] = limited(std::clamp(luma, 0, 255));
      }
    }
    for (const Square& square : squares) draw(square);
    now_ += kFrameTime;
  }
  MotionPlane plane() const { return {plane_.data(), kWidth, kHeight, kWidth, now_}; }
  BootTime now() const { return now_; }

 private:
  static std::uint8_t limited(int luma) { return static_cast<std::uint8_t>(16 + luma * 219 / 255); }
  void draw(const Square& square) {
    const int left = static_cast<int>(square.x), top = static_cast<int>(square.y);
    for (int y = std::max(0, top); y < std::min(kHeight, top + square.height); ++y) {
      for (int x = std::max(0, left); x < std::min(kWidth, left + square.width); ++x) {
        const auto luma = std::min(255.0, square.luma * gain);
        plane_[static_cast<std::size_t>(y * kWidth + x)] = limited(static_cast<int>(luma));
      }
    }
  }

  std::vector<std::uint8_t> plane_ = std::vector<std::uint8_t>(kWidth * kHeight), day_, lit_;
  std::vector<std::int16_t> noise_ = std::vector<std::int16_t>((1U << 13U) + kWidth);
  std::uint32_t state_ = 1;
  BootTime now_{std::chrono::seconds(100)};
};

/// Runs a detector over pictures and keeps what it said.
class Watch {
 public:
  explicit Watch(MotionOptions options = {}) : detector(std::move(options)) {}

  void see(const std::vector<Square>& squares = {}) {
    planes.fill(squares);
    last = detector.update(planes.plane());
    if (last.change == MotionReport::Change::kConfirmed) ++confirmed;
    if (last.change == MotionReport::Change::kEnded) ended.push_back(last.event);
    if (last.change == MotionReport::Change::kNearMiss) near_misses.push_back(last.event);
  }
  void quiet(double seconds) {
    for (int n = 0; n < frames(seconds); ++n) see();
  }
  /// A square that goes from left to right at 80 pixels a second. Returns where it is in the end.
  Square walk(double seconds, Square square) {
    for (int n = 0; n < frames(seconds); ++n, square.x += 8) see({square});
    return square;
  }
  void stay(double seconds, const Square& square) {
    for (int n = 0; n < frames(seconds); ++n) see({square});
  }

  MotionPlanes planes;
  MotionDetector detector;
  MotionReport last;
  int confirmed = 0;
  std::vector<MotionEvent> ended, near_misses;

 private:
  static int frames(double seconds) { return static_cast<int>(std::lround(seconds * MotionPlanes::kFramerate)); }
};

}  // namespace nestbox
