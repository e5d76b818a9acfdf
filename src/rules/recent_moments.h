#pragma once
/// How often something has happened of late.
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>

#include "nestbox/base/clock.h"

namespace nestbox {

/// Moments within a window that slides. Thread-bound.
class RecentMoments {
 public:
  explicit RecentMoments(std::chrono::nanoseconds window) : window_(window) {}
  void add(BootTime now) {
    count(now);
    if (moments_.size() == kMost) moments_.pop_front();
    moments_.push_back(now);
  }
  int count(BootTime now) {
    while (!moments_.empty() && now - moments_.front() >= window_) moments_.pop_front();
    return static_cast<int>(moments_.size());
  }
  /// How long until there are fewer than `most`; zero when there are.
  std::chrono::nanoseconds until_fewer_than(int most, BootTime now) {
    const int surplus = count(now) - most;
    if (surplus < 0) return std::chrono::nanoseconds::zero();
    if (most <= 0) return window_;
    return moments_[static_cast<std::size_t>(surplus)] + window_ - now;
  }

 private:
  static constexpr std::size_t kMost = 256;  // above any budget: an owner who plays with the mode may pass it
  std::chrono::nanoseconds window_;
  std::deque<BootTime> moments_;
};

}  // namespace nestbox
