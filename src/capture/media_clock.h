#pragma once
/// Makes sense of a file's stamps: whatever it says, media time starts at 0 and grows.
#include <chrono>
#include <cstdint>
#include <optional>

namespace nestbox::capture {

using std::chrono::nanoseconds;

/// Stamps in, media time out. A stamp that is missing, does not grow, or jumps by more than kJumpMax counts as the
/// stamp before plus the nominal frame time. Thread-bound.
class MediaClock {
 public:
  static constexpr nanoseconds kJumpMax = std::chrono::seconds(10);
  explicit MediaClock(nanoseconds nominal_frame_time) : nominal_(nominal_frame_time) {}

  /// `stamp` in any epoch, negative too.
  nanoseconds next(std::optional<nanoseconds> stamp);
  /// The next stamp is of another pass over the file: it follows the last one at the nominal distance.
  void begin_anew() { last_stamp_.reset(); }

  nanoseconds nominal() const noexcept { return nominal_; }
  std::uint64_t repaired() const noexcept { return repaired_; }

 private:
  const nanoseconds nominal_;
  std::optional<nanoseconds> last_stamp_;
  nanoseconds next_nominal_{0};  ///< media time of the next picture if its stamp says nothing
  std::uint64_t repaired_ = 0;
};

/// Thins a stream that is faster than the configured rate, evenly. Thread-bound.
class RateCap {
 public:
  explicit RateCap(nanoseconds interval_min) : interval_(interval_min) {}
  /// Whether the picture of this media time is to be shown. Times grow.
  bool admits(nanoseconds media_time);

 private:
  const nanoseconds interval_;
  nanoseconds next_{0};
};

}  // namespace nestbox::capture
