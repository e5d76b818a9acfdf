#include "nestbox/rules/moment.h"

#include <charconv>
#include <optional>
#include <string>

namespace nestbox {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

tl::unexpected<Error> no_moment(std::string_view text) {
  return fail(ErrorKind::kInvalidArgument,
              "\"" + std::string(text) + "\" is no time: write 24h, 7d, 2026-11-20 or 2026-11-20T12:53:18+01:00");
}

/// Takes what it has read from the front of a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Exactly `digits` of them, from `min` to `max`.
  bool take(int& number, std::size_t digits, int min, int max) {
    if (rest_.size() < digits) return false;
    const auto* const end = rest_.data() + digits;
    const auto [stopped, error] = std::from_chars(rest_.data(), end, number);
    if (error != std::errc{} || stopped != end || number < min || number > max) return false;
    rest_.remove_prefix(digits);
    return true;
  }
  std::string_view rest() const { return rest_; }
  void skip(std::size_t characters) { rest_.remove_prefix(characters); }

 private:
  std::string_view rest_;
};

std::optional<nanoseconds> span_of(std::string_view text) {
  constexpr int kNumberMax = 1'000'000;
  int number = 0;
  const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0 || number > kNumberMax) return std::nullopt;
  const auto unit = text.substr(static_cast<std::size_t>(stopped - text.data()));
  if (unit == "s") return seconds(number);
  if (unit == "m") return std::chrono::minutes(number);
  if (unit == "h") return std::chrono::hours(number);
  if (unit == "d") return std::chrono::hours(24 * number);
  return std::nullopt;
}

int days_in(int year, int month) {
  const std::chrono::year_month_day_last last{std::chrono::year(year) / month / std::chrono::last};
  return static_cast<int>(static_cast<unsigned>(last.day()));
}

bool take_date(Reader& reader, LocalTime& local) {
  constexpr int kYearMin = 1971, kYearMax = 2199;  // what nanoseconds since 1970 can count
  const bool read = reader.take(local.year, 4, kYearMin, kYearMax) && reader.take('-') &&
                    reader.take(local.month, 2, 1, 12) && reader.take('-') && reader.take(local.day, 2, 1, 31);
  return read && local.day <= days_in(local.year, local.month);
}

bool take_clock(Reader& reader, LocalTime& local) {
  const bool read = reader.take(local.hour, 2, 0, 23) && reader.take(':') && reader.take(local.minute, 2, 0, 59) &&
                    reader.take(':') && reader.take(local.second, 2, 0, 59);
  if (!read) return false;
  if (!reader.take('.')) return true;  // parts of a second are read over: a visit is not looked for by them
  const auto digits = reader.rest().find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos) return false;
  reader.skip(digits);
  return true;
}

std::optional<seconds> take_offset(Reader& reader) {
  if (reader.take('Z')) return seconds(0);
  const bool west = reader.take('-');
  if (!west && !reader.take('+')) return std::nullopt;
  int hours = 0, minutes = 0;
  if (!reader.take(hours, 2, 0, 23) || !reader.take(':') || !reader.take(minutes, 2, 0, 59)) return std::nullopt;
  const auto offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
  return west ? -offset : offset;
}

}  // namespace

Result<WallTime> parse_moment(std::string_view text, WallTime now, const TimeZone& zone) {
  if (const auto span = span_of(text)) return now - *span;
  Reader reader(text);
  LocalTime local;
  if (!take_date(reader, local)) return no_moment(text);
  if (reader.done()) return zone.to_wall(local);
  if (!reader.take('T') && !reader.take(' ')) return no_moment(text);
  if (!take_clock(reader, local)) return no_moment(text);
  const auto offset = take_offset(reader);
  if (!offset || !reader.done()) return no_moment(text);
  return TimeZone::utc().to_wall(local) - *offset;
}

}  // namespace nestbox
