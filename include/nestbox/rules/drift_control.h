#pragma once
/// Keeps the sound of a microphone beside pictures that another clock stamps.
#include <chrono>

namespace nestbox {

/// A sound card counts seconds by its own crystal, some hundred millionths fast or slow: 100 ppm are a second in three
/// hours. This says how much to stretch the sound so that it stays where it belongs: a proportional and integral
/// control, critically damped, slow enough (time constant 40 s) that jitter of the stamps is not heard. Pure;
/// thread-bound.
class DriftControl {
 public:
  static constexpr double kStretchMaxPpm = 2000;  ///< a thirtieth of a semitone

  /// `ahead`: how much newer the sound in hand is than what is wanted; `elapsed`: since the last call.
  /// Returns how much longer than as captured the sound is to be made from here on, in millionths; negative: shorter.
  double update(std::chrono::nanoseconds ahead, std::chrono::nanoseconds elapsed);
  /// After a leap of either clock. What was learnt of the crystal stays.
  void leapt() noexcept { smooth_s_ = 0; }

 private:
  double smooth_s_ = 0;   ///< `ahead` without its jitter
  double drift_ppm_ = 0;  ///< what it takes in the long run
};

}  // namespace nestbox
