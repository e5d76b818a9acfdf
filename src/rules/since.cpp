#include "nestbox/rules/since.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace nestbox {
namespace {

using std::chrono::seconds;

/// Takes a number of exactly `digits` digits from the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  int value = 0;
  if (text.size() < digits) return std::nullopt;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, std::string_view either) {
  if (text.empty() || either.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

/// "24h", "1d12h".
std::optional<seconds> parse_ago(std::string_view text) {
  constexpr std::int64_t kLongest = 100LL * 366 * 86'400;
  std::int64_t total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    std::int64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc() || number < 0 || number > kLongest || end == text.data() + text.size()) {
      return std::nullopt;
    }
    const auto unit = std::string_view("smhd").find(*end);
    if (unit == std::string_view::npos) return std::nullopt;
    constexpr std::int64_t kSeconds[] = {1, 60, 3600, 86'400};
    total += number * kSeconds[unit];
    if (total > kLongest) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end + 1 - text.data()));
  }
  return seconds(total);
}

int days_of(int year, int month) {
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 ? (leap ? 29 : 28) : month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/// "2026-11-20" with midnight, or with "T12:53", "T12:53:18".
std::optional<LocalTime> take_local_time(std::string_view& text) {
  LocalTime local;
  const auto year = take_number(text, 4);
  const auto month = year && take(text, "-") ? take_number(text, 2) : std::nullopt;
  const auto day = month && take(text, "-") ? take_number(text, 2) : std::nullopt;
  if (!day || *year < 1970 || *month < 1 || *month > 12 || *day < 1 || *day > days_of(*year, *month)) {
    return std::nullopt;
  }
  local.year = *year;
  local.month = *month;
  local.day = *day;
  if (!take(text, "Tt ")) return local;
  const auto hour = take_number(text, 2);
  const auto minute = hour && take(text, ":") ? take_number(text, 2) : std::nullopt;
  if (!minute || *hour > 23 || *minute > 59) return std::nullopt;
  local.hour = *hour;
  local.minute = *minute;
  if (!take(text, ":")) return local;
  const auto second = take_number(text, 2);
  if (!second || *second > 59) return std::nullopt;
  local.second = *second;
  if (take(text, ".")) {  // fractions are cut off
    if (!take_number(text, 1)) return std::nullopt;
    while (take_number(text, 1)) {
    }
  }
  return local;
}

/// "Z", "+01:00".
std::optional<seconds> take_offset(std::string_view& text) {
  if (take(text, "Zz")) return seconds(0);
  const bool west = !text.empty() && text[0] == '-';
  if (!take(text, "+-")) return std::nullopt;
  const auto hours = take_number(text, 2);
  const auto minutes = hours && take(text, ":") ? take_number(text, 2) : std::nullopt;
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const auto offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return west ? -offset : offset;
}

std::optional<WallTime> parse_time(std::string_view text, const TimeZone& zone) {
  constexpr std::size_t kDay = 10;
  const bool has_time = text.size() > kDay && std::string_view("Tt ").find(text[kDay]) != std::string_view::npos;
  const auto local = take_local_time(text);
  if (!local) return std::nullopt;
  if (text.empty()) return zone.to_wall(*local);
  const auto offset = has_time ? take_offset(text) : std::nullopt;
  if (!offset || !text.empty()) return std::nullopt;
  return TimeZone::utc().to_wall(*local) - *offset;
}

}  // namespace

Result<WallTime> parse_since(std::string_view text, WallTime now, const TimeZone& zone) {
  if (const auto ago = parse_ago(text)) return now - *ago;
  if (const auto time = parse_time(text, zone)) return *time;
  return fail(ErrorKind::kInvalidArgument,
              fmt::format("\"{}\" is no time: it is how long ago (24h, 7d), a day (2026-11-20), or a time "
                          "(2026-11-20T12:53:18+01:00)",
                          text.substr(0, 40)));
}

}  // namespace nestbox
