#include "nestbox/base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>

#include "nestbox/base/secret.h"

namespace nestbox::log {
namespace {

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

/// "<6>" and its like, as sd-daemon(3) reads them.
class JournalPriority : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    const char digit = message.level >= spdlog::level::err    ? '3'
                       : message.level >= spdlog::level::warn ? '4'
                       : message.level >= spdlog::level::info ? '6'
                                                              : '7';
    const char prefix[] = {'<', digit, '>'};
    out.append(prefix, prefix + sizeof prefix);
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<JournalPriority>(); }
};

/// systemd names the device and inode of the stream it made (systemd.exec(5)); a program started from a terminal inside
/// of a service inherits the variable, but not the stream.
bool standard_error_is_journal() {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &status) != 0) return false;
  return fmt::format("{}:{}", status.st_dev, status.st_ino) == stream;
}

/// A message is one line, whatever a server or a library put into it.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return text;
}

std::shared_ptr<spdlog::logger> make_logger() {
  auto logger = std::make_shared<spdlog::logger>("nestbox", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<JournalPriority>('J').set_pattern(standard_error_is_journal() ? "%J%v" : "%H:%M:%S.%e %l %v");
  logger->set_formatter(std::move(formatter));
  logger->set_level(spdlog::level::info);
  return logger;
}

// Leaked on purpose: threads may log until the very end of the process.
spdlog::logger& logger() {
  static auto* const instance = new std::shared_ptr<spdlog::logger>(make_logger());
  return **instance;
}

}  // namespace

void set_level(Level level) noexcept {
  logger().set_level(to_spdlog(level));
}

bool enabled(Level level) noexcept {
  return logger().should_log(to_spdlog(level));
}

void write(Level level, std::string_view part, std::string_view message) {
  logger().log(to_spdlog(level), one_line(redacted(fmt::format("{}: {}", part, message))));
}

std::optional<std::uint64_t> RateLimit::admit(BootTime now) noexcept {
  const auto now_ns = now.time_since_epoch().count();
  auto next_ns = next_ns_.load(std::memory_order_relaxed);
  if (now_ns >= next_ns && next_ns_.compare_exchange_strong(next_ns, now_ns + interval_.count())) {
    return held_back_.exchange(0);
  }
  held_back_.fetch_add(1, std::memory_order_relaxed);
  return std::nullopt;
}

void write_limited(RateLimit& place, Level level, std::string_view part, std::string_view message) {
  const auto held_back = place.admit(BootClock::now());
  if (!held_back) return;
  if (*held_back == 0) return write(level, part, message);
  write(level, part, fmt::format("{} ({} more like it)", message, *held_back));
}

}  // namespace nestbox::log
