#pragma once
/// What the levels of input lines mean: somebody before a PIR sensor, a finger on a button, a broken switch.
#include <chrono>
#include <cstdint>
#include <optional>

#include "nestbox/base/clock.h"

namespace nestbox {

enum class Signal : bool { kIdle, kActive };

/// A line's debounced level, and since when.
struct SignalChange {
  Signal signal = Signal::kIdle;
  BootTime at{};
  bool operator==(const SignalChange&) const = default;
};

/// Active for longer than anything alive would keep it: a wire that has come off, a sensor in the sun. What is stuck
/// counts as idle until it has been idle. Pure. Thread-bound.
class StuckWatch {
 public:
  static constexpr std::chrono::minutes kSaidEvery{10};
  /// `limit` 0: it never is.
  explicit StuckWatch(std::chrono::nanoseconds limit) : limit_(limit) {}
  void see(const SignalChange& change);
  bool stuck(BootTime now) const;
  /// True when it is stuck and that has not been said for kSaidEvery; it then counts as said.
  bool due_to_say(BootTime now);
  /// When it becomes stuck, or is to be said again.
  std::optional<BootTime> next(BootTime now) const;

 private:
  std::chrono::nanoseconds limit_;
  std::optional<BootTime> active_since_, said_at_;
};

/// A PIR sensor says that something warm moves, for a second or two each time: somebody is there from its first sign
/// until `hold` after its last. Pure. Thread-bound.
class PresenceHold {
 public:
  explicit PresenceHold(std::chrono::nanoseconds hold) : hold_(hold) {}
  /// From now on; somebody who is there stays so.
  void apply(std::chrono::nanoseconds hold) { hold_ = hold; }
  /// What becomes of presence by that; nothing: it stays. What becomes idle is told later, by tick().
  std::optional<SignalChange> see(const SignalChange& change);
  std::optional<SignalChange> tick(BootTime now);
  std::optional<BootTime> next() const;
  /// As if the sensor were gone.
  std::optional<SignalChange> forget(BootTime now);

 private:
  std::chrono::nanoseconds hold_;
  bool present_ = false;
  std::optional<BootTime> idle_since_;  ///< of the sensor, while somebody is held to be there
};

/// A button: a short press counts when it is let go (at once where no long press is wanted), a long one while the
/// finger is still on it. Pure. Thread-bound.
class PressReader {
 public:
  static constexpr std::chrono::seconds kLong{3};
  enum class Press : std::uint8_t { kShort, kLong };
  enum class Long : std::uint8_t { kNotWanted, kWanted };
  explicit PressReader(Long wanted) : wanted_(wanted) {}
  std::optional<Press> see(const SignalChange& change);
  std::optional<Press> tick(BootTime now);
  std::optional<BootTime> next() const;

 private:
  Long wanted_;
  std::optional<BootTime> down_since_;  ///< of a press that has not counted yet
};

/// What a small light shows. Pure. Reentrant.
enum class LightPattern : std::uint8_t {
  kDark,
  kLit,
  kSlowBlink,  ///< a second on, a second off
  kFastBlink,  ///< a fifth of a second on, as long off
};
Signal pattern_level(LightPattern pattern, BootTime now);
/// When pattern_level() changes next.
std::optional<BootTime> pattern_next(LightPattern pattern, BootTime now);

}  // namespace nestbox
