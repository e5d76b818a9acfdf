#pragma once
#include <chrono>
#include <optional>
#include <string>

namespace nestbox {

/// What systemd is told (sd_notify(3)); all of it does nothing when systemd did not start us.
void notify_ready();
void notify_reloading();
void notify_stopping();
void notify_status(const std::string& text);
void notify_alive();
/// How often systemd expects a sign of life; nothing where it does not.
std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace nestbox
