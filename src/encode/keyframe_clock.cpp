#include "encode/keyframe_clock.h"

namespace nestbox {

bool KeyframeClock::due(BootTime stamp, std::chrono::nanoseconds frame_interval) const {
  return !last_ || stamp + frame_interval / 2 >= grid_ + interval_;
}

bool KeyframeClock::may_force(BootTime stamp) const {
  return !last_ || stamp - *last_ >= kForcedDistanceMin;
}

void KeyframeClock::made(BootTime stamp, std::chrono::nanoseconds frame_interval) {
  if (last_ && stamp <= *last_) return;
  const BootTime due = grid_ + interval_;
  const auto off = stamp > due ? stamp - due : due - stamp;
  grid_ = last_ && off <= frame_interval ? due : stamp;
  last_ = stamp;
}

}  // namespace nestbox
