#include "media_clock.h"

#include <algorithm>

namespace nestbox::capture {

nanoseconds MediaClock::next(std::optional<nanoseconds> stamp) {
  auto media_time = next_nominal_;
  if (!stamp) {
    ++repaired_;
    if (last_stamp_) *last_stamp_ += nominal_;  // so that the next good stamp is measured against where we are
  } else if (last_stamp_) {
    const auto step = *stamp - *last_stamp_;
    if (step > nanoseconds::zero() && step <= kJumpMax) {
      media_time = next_nominal_ - nominal_ + step;
    } else {
      ++repaired_;
    }
    last_stamp_ = stamp;
  } else {
    last_stamp_ = stamp;
  }
  next_nominal_ = media_time + nominal_;
  return media_time;
}

bool RateCap::admits(nanoseconds media_time) {
  // A stream of the configured rate whose stamps jitter is not to be thinned; half an interval of tolerance would
  // admit the second of three.
  const auto tolerance = interval_ * 3 / 10;
  if (media_time + tolerance < next_) return false;
  next_ = std::max(next_ + interval_, media_time + interval_ - tolerance);
  return true;
}

}  // namespace nestbox::capture
