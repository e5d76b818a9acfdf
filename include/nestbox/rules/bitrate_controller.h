#pragma once
/// The bit rate of the one encoder that feeds every output.
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "nestbox/base/clock.h"

namespace nestbox {

/// Follows the slowest healthy output within its limits: down at once to what the path was measured to take, up again
/// in steps that double while they succeed, with a pause after a step that failed. An output that cannot take even the
/// lowest rate is no longer followed as long as another one can: it drops groups of pictures alone.
/// Pure: time comes in as an argument. Thread-bound.
class BitrateController {
 public:
  struct Limits {
    std::int64_t min_bps = 0, max_bps = 0;  ///< of the video
    std::int64_t audio_bps = 0;             ///< goes the same way
  };
  /// One output as it is at this moment. Links keep their place in the list from one update to the next.
  struct Link {
    double throughput_bps = 0;       ///< what the path took over about the last second
    std::chrono::nanoseconds lag{};  ///< age of the oldest data not yet taken
    bool congested = false;
    bool healthy = false;  ///< connected and sending; others have no say
  };

  /// Starts at the highest rate.
  explicit BitrateController(const Limits& limits);
  void set_limits(const Limits& limits);

  /// To be called several times a second (5 is plenty). The video bit rate that the encoder is to have from now on.
  std::int64_t update(BootTime now, std::span<const Link> links);
  std::int64_t bitrate_bps() const noexcept { return bitrate_bps_; }

 private:
  /// How long a link has been in trouble at the lowest rate, less half of the time it was not.
  struct Strain {
    std::chrono::nanoseconds congested_for{};
    bool forsaken = false;
  };

  void watch_strain(std::span<const Link> links, std::chrono::nanoseconds elapsed);
  /// The least throughput among the congested links that are followed; nothing when none is congested.
  std::optional<double> slowest(std::span<const Link> links) const;
  void lower(BootTime now, double throughput_bps);
  void raise(BootTime now);
  std::int64_t within_limits(double bitrate_bps) const;

  Limits limits_;
  std::int64_t bitrate_bps_;
  std::vector<Strain> strains_;
  std::optional<BootTime> updated_at_, lowered_at_, raised_at_;
  BootTime raise_not_before_{};
  std::chrono::nanoseconds pause_;
  double step_share_;  ///< of the highest rate
  bool congested_ = false;
};

}  // namespace nestbox
