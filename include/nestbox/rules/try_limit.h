#pragma once
/// How often a password may be tried.
#include <chrono>
#include <cstddef>
#include <map>
#include <string>

#include "nestbox/base/clock.h"

namespace nestbox {

/// Each address has `kFree` wrong tries at once; after each further one it waits twice as long, up to `kLongest`, and
/// is forgiven after `kForgiven` without a try. All addresses together have `kTotal` tries at once and one more each
/// `kTotalEvery`, so that many addresses guess no faster than a few. An address that has been right before is held
/// by its own limit alone: strangers cannot lock its people out.
/// A try counts as wrong from its beginning until succeeded(), so that many at once gain nothing.
/// Bounds: an address has at most 110 wrong tries a day (5, then 9 while its wait doubles, then 4 an hour); all
/// strangers together have 380 in their first hour, 360 in each later one. Pure: time comes in as an argument.
/// Thread-bound.
class TryLimit {
 public:
  static constexpr int kFree = 5;
  static constexpr std::chrono::seconds kFirstWait{2};
  static constexpr std::chrono::seconds kLongest{15 * 60};
  static constexpr std::chrono::hours kForgiven{24};
  static constexpr double kTotal = 20;
  static constexpr std::chrono::seconds kTotalEvery{10};
  static constexpr std::size_t kAddressesMax = 512;  ///< more: the one that was quiet for longest is forgotten

  /// Zero: the try may be made, and counts. Else how long to wait before asking again; then nothing was counted.
  std::chrono::nanoseconds admit(const std::string& address, BootTime now);
  /// The last admitted try of this address was not made after all.
  void withdrawn(const std::string& address);
  /// The last admitted try of this address was right.
  void succeeded(const std::string& address, BootTime now);

 private:
  struct Tries {
    int wrong = 0;
    BootTime last{};
    bool was_right = false;
  };
  static std::chrono::nanoseconds own_wait(const Tries& tries, BootTime now);
  std::chrono::nanoseconds total_wait(BootTime now);
  void forget(BootTime now);

  std::map<std::string, Tries> addresses_;
  double left_ = kTotal;
  BootTime refilled_at_{};
};

}  // namespace nestbox
