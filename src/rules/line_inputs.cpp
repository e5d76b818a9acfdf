#include "nestbox/rules/line_inputs.h"

#include <utility>

namespace nestbox {
namespace {

std::chrono::nanoseconds half_period(LightPattern pattern) {
  if (pattern == LightPattern::kSlowBlink) return std::chrono::seconds(1);
  if (pattern == LightPattern::kFastBlink) return std::chrono::milliseconds(200);
  return {};
}

}  // namespace

void StuckWatch::see(const SignalChange& change) {
  if (change.signal == Signal::kIdle) {
    active_since_.reset();
    said_at_.reset();
  } else if (!active_since_) {
    active_since_ = change.at;
  }
}

bool StuckWatch::stuck(BootTime now) const {
  return limit_ > limit_.zero() && active_since_ && now - *active_since_ >= limit_;
}

bool StuckWatch::due_to_say(BootTime now) {
  if (!stuck(now) || (said_at_ && now - *said_at_ < kSaidEvery)) return false;
  said_at_ = now;
  return true;
}

std::optional<BootTime> StuckWatch::next(BootTime now) const {
  if (limit_ <= limit_.zero() || !active_since_) return std::nullopt;
  if (!stuck(now)) return *active_since_ + limit_;
  return said_at_ ? *said_at_ + kSaidEvery : now;
}

std::optional<SignalChange> PresenceHold::see(const SignalChange& change) {
  if (change.signal == Signal::kIdle) {
    if (present_ && !idle_since_) idle_since_ = change.at;
    return std::nullopt;
  }
  idle_since_.reset();
  if (std::exchange(present_, true)) return std::nullopt;
  return change;
}

std::optional<SignalChange> PresenceHold::tick(BootTime now) {
  const auto end = next();
  if (!end || now < *end) return std::nullopt;
  present_ = false;
  idle_since_.reset();
  return SignalChange{Signal::kIdle, *end};
}

std::optional<BootTime> PresenceHold::next() const {
  if (!present_ || !idle_since_) return std::nullopt;
  return *idle_since_ + hold_;
}

std::optional<SignalChange> PresenceHold::forget(BootTime now) {
  idle_since_.reset();
  if (!std::exchange(present_, false)) return std::nullopt;
  return SignalChange{Signal::kIdle, now};
}

std::optional<PressReader::Press> PressReader::see(const SignalChange& change) {
  if (change.signal == Signal::kActive) {
    if (wanted_ == Long::kNotWanted) return Press::kShort;
    down_since_ = change.at;
    return std::nullopt;
  }
  const auto down_since = std::exchange(down_since_, std::nullopt);
  if (!down_since) return std::nullopt;
  return change.at - *down_since < kLong ? Press::kShort : Press::kLong;
}

std::optional<PressReader::Press> PressReader::tick(BootTime now) {
  const auto due = next();
  if (!due || now < *due) return std::nullopt;
  down_since_.reset();
  return Press::kLong;
}

std::optional<BootTime> PressReader::next() const {
  if (!down_since_) return std::nullopt;
  return *down_since_ + kLong;
}

Signal pattern_level(LightPattern pattern, BootTime now) {
  const auto half = half_period(pattern);
  if (half == half.zero()) return pattern == LightPattern::kLit ? Signal::kActive : Signal::kIdle;
  return (now.time_since_epoch() / half) % 2 == 0 ? Signal::kActive : Signal::kIdle;
}

std::optional<BootTime> pattern_next(LightPattern pattern, BootTime now) {
  const auto half = half_period(pattern);
  if (half == half.zero()) return std::nullopt;
  return BootTime(half * (now.time_since_epoch() / half + 1));
}

}  // namespace nestbox
