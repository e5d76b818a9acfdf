#include "service_notify.h"

#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cstdint>

namespace nestbox {

void notify_ready() {
  sd_notify(0, "READY=1");
}

void notify_reloading() {
  sd_notify(0, "RELOADING=1");
}

void notify_stopping() {
  sd_notify(0, "STOPPING=1");
}

void notify_status(const std::string& text) {
  sd_notifyf(0, "STATUS=%s", text.c_str());
}

void notify_alive() {
  sd_notify(0, "WATCHDOG=1");
}

std::optional<std::chrono::microseconds> watchdog_interval() {
  std::uint64_t interval_us = 0;
  if (sd_watchdog_enabled(0, &interval_us) <= 0) return std::nullopt;
  return std::chrono::microseconds(interval_us);
}

}  // namespace nestbox
