#include "nestbox/rules/clock_watch.h"

namespace nestbox {

ClockWatch::ClockWatch(BootTime now, WallTime wall, ClockState state)
    : began_at_(now), began_at_wall_(wall), state_(state) {}

std::optional<ClockWatch::Correction> ClockWatch::update(BootTime now, WallTime wall, ClockState state) {
  // A clock that was set stays right to a second for weeks, whatever the network does.
  if (state_ == ClockState::kSet || state == ClockState::kUnset) return std::nullopt;
  state_ = ClockState::kSet;
  const WallTime by_the_old = began_at_wall_ + (now - began_at_);
  const auto by = wall - by_the_old;
  const bool small = by < std::chrono::seconds(1) && by > std::chrono::seconds(-1);
  return Correction{began_at_wall_, by_the_old, small ? std::chrono::nanoseconds(0) : by};
}

}  // namespace nestbox
