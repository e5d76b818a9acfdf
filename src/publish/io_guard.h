#pragma once
/// A limit on everything that libavformat waits for: it asks us ten times a second whether to give up.
#include <atomic>
#include <cstdint>
#include <functional>

#include "nestbox/base/clock.h"

struct AVIOInterruptCB;

namespace nestbox::publish {

/// begin() and the callback belong to the output's thread; wind_up() may be called by any.
class IoGuard {
 public:
  /// Asked while libavformat waits; true: it is to give up although the deadline has not passed.
  using GivesUp = std::function<bool(BootTime now)>;

  /// For the next piece of work.
  void begin(BootTime deadline, GivesUp gives_up = nullptr);
  /// Everything, also what begins later, ends by `at`, until clear().
  void wind_up(BootTime at) noexcept;
  void clear() noexcept { wind_up_at_ns_.store(kNever, std::memory_order_release); }
  /// Whether the work since begin() was cut short.
  bool gave_up() const noexcept { return gave_up_; }

  AVIOInterruptCB callback() noexcept;

 private:
  static constexpr BootClock::rep kNever = INT64_MAX;
  static int asked(void* self) noexcept;

  std::atomic<BootClock::rep> wind_up_at_ns_{kNever};
  BootTime deadline_ = BootTime::max();
  GivesUp gives_up_;
  bool gave_up_ = false;
};

}  // namespace nestbox::publish
