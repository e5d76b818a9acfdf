#include "io_guard.h"

#include <utility>

#include "av/ffmpeg.h"

namespace nestbox::publish {

void IoGuard::begin(BootTime deadline, GivesUp gives_up) {
  deadline_ = deadline;
  gives_up_ = std::move(gives_up);
  gave_up_ = false;
}

void IoGuard::wind_up(BootTime at) noexcept {
  wind_up_at_ns_.store(at.time_since_epoch().count(), std::memory_order_release);
}

AVIOInterruptCB IoGuard::callback() noexcept {
  return {&IoGuard::asked, this};
}

int IoGuard::asked(void* self) noexcept {
  auto& guard = *static_cast<IoGuard*>(self);
  const auto now = BootClock::now();
  // Once given up, it stays so: libavformat asks again on its way out.
  guard.gave_up_ = guard.gave_up_ || now >= guard.deadline_ ||
                   now.time_since_epoch().count() >= guard.wind_up_at_ns_.load(std::memory_order_acquire) ||
                   (guard.gives_up_ && guard.gives_up_(now));
  return guard.gave_up_ ? 1 : 0;
}

}  // namespace nestbox::publish
