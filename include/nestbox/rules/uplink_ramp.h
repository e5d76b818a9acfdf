#pragma once
/// How much to send, moment by moment, to find out what a way takes.
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "nestbox/base/clock.h"

namespace nestbox {

/// The rate grows by steps until the way is full for a while; then a little more than it takes is offered, and the
/// figure is the median of what it takes in a second. A way that turns out not to be full is tried further. Not
/// thread-safe.
class UplinkRamp {
 public:
  /// What the connection says at one moment.
  struct Sight {
    std::uint64_t taken_bytes = 0;  ///< acknowledged, since it connected
    double throughput_bps = 0;      ///< over the last second or so
    bool congested = false;
  };
  struct Figure {
    double throughput_bps = 0;
    bool saturated = false;  ///< else the way takes at least so much
    double seconds = 0;      ///< that it was measured over
  };

  UplinkRamp(BootTime now, std::chrono::nanoseconds span);

  /// To be called a few times a second. The figure once the span is over.
  std::optional<Figure> update(BootTime now, const Sight& sight);
  /// What is to be offered at present, in bits a second.
  double offered_bps() const noexcept { return offered_bps_; }

 private:
  void seek(BootTime now, const Sight& sight);
  void keep_full(BootTime now, const Sight& sight);

  const BootTime began_at_, ends_at_;
  const std::chrono::nanoseconds step_;
  double offered_bps_;
  BootTime stepped_at_;
  std::optional<BootTime> congested_since_, clear_since_;
  bool full_ = false;
  BootTime sampled_at_{};
  std::uint64_t taken_at_sample_ = 0;
  std::vector<double> samples_bps_;  ///< a second each, while the way was full
  double best_bps_ = 0;              ///< while it was not full
};

}  // namespace nestbox
