#pragma once
/// Log lines for people and for journald. spdlog stands behind it, in log.cpp alone. Thread-safe.
/// Every line passes through redacted(); every place in the code says at most one line a second.
#include <fmt/format.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

#include "nestbox/base/clock.h"

namespace nestbox::log {

enum class Level { kDebug, kInfo, kWarning, kError };

/// Lines below `level` are dropped. Default: kInfo.
void set_level(Level level) noexcept;
bool enabled(Level level) noexcept;

/// Writes one line to standard error: with systemd's <N> priority prefix when standard error is the journal
/// ($JOURNAL_STREAM), else with time and level. `part` is the folder or stage that speaks: "publish youtube".
void write(Level level, std::string_view part, std::string_view message);

/// At most one event an interval, counting what was held back. Lock-free.
class RateLimit {
 public:
  explicit RateLimit(std::chrono::nanoseconds interval = std::chrono::seconds(1)) : interval_(interval) {}
  /// How many were held back since the last admitted one, or nothing when this one is to be held back too.
  std::optional<std::uint64_t> admit(BootTime now) noexcept;

 private:
  const std::chrono::nanoseconds interval_;
  std::atomic<BootClock::rep> next_ns_{0};
  std::atomic<std::uint64_t> held_back_{0};
};

void write_limited(RateLimit& place, Level level, std::string_view part, std::string_view message);

}  // namespace nestbox::log

#define NESTBOX_LOG_(level, part, ...)                                                           \
  do {                                                                                           \
    if (::nestbox::log::enabled(level)) {                                                        \
      static ::nestbox::log::RateLimit nestbox_log_place;                                        \
      ::nestbox::log::write_limited(nestbox_log_place, level, part, ::fmt::format(__VA_ARGS__)); \
    }                                                                                            \
  } while (false)

#define NESTBOX_LOG_DEBUG(part, ...) NESTBOX_LOG_(::nestbox::log::Level::kDebug, part, __VA_ARGS__)
#define NESTBOX_LOG_INFO(part, ...) NESTBOX_LOG_(::nestbox::log::Level::kInfo, part, __VA_ARGS__)
#define NESTBOX_LOG_WARNING(part, ...) NESTBOX_LOG_(::nestbox::log::Level::kWarning, part, __VA_ARGS__)
#define NESTBOX_LOG_ERROR(part, ...) NESTBOX_LOG_(::nestbox::log::Level::kError, part, __VA_ARGS__)
