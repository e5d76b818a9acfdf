#include "scalars.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "nestbox/base/text.h"

namespace nestbox::config {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};
constexpr std::array<Unit, 5> kUnits = {{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};

struct SizeUnit {
  char letter;
  std::int64_t bytes;
};
constexpr std::array<SizeUnit, 4> kSizes = {
    {{'T', 1'000'000'000'000}, {'G', 1'000'000'000}, {'M', 1'000'000}, {'K', 1000}}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
/// Takes the digits at the front; nothing for none or more than nine, so that no sum can overflow.
std::optional<std::int64_t> take_number(std::string_view& text) {
  const auto end = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
  if (end == 0 || end > 9) return std::nullopt;
  std::int64_t number = 0;
  for (const char c : text.substr(0, end)) number = number * 10 + (c - '0');
  text.remove_prefix(end);
  return number;
}

std::optional<int> two_digits(std::string_view text, int limit) {
  if (text.empty() || text.size() > 2) return std::nullopt;
  const auto number = take_number(text);
  if (!number || !text.empty() || *number >= limit) return std::nullopt;
  return static_cast<int>(*number);
}

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
  if (text == "0") return milliseconds(0);
  std::int64_t total = 0;
  std::size_t units_used = 0;
  while (!text.empty()) {
    const auto number = take_number(text);
    const auto letters =
        text.substr(0, static_cast<std::size_t>(std::find_if(text.begin(), text.end(), is_digit) - text.begin()));
    const auto unit = std::find_if(kUnits.begin() + static_cast<std::ptrdiff_t>(units_used), kUnits.end(),
                                   [&](const auto& known) { return known.name == letters; });
    if (!number || unit == kUnits.end()) return std::nullopt;
    total += *number * unit->milliseconds;
    units_used = static_cast<std::size_t>(unit - kUnits.begin()) + 1;
    text.remove_prefix(letters.size());
  }
  if (units_used == 0) return std::nullopt;
  return milliseconds(total);
}

std::string print_duration(milliseconds duration) {
  std::string text;
  auto rest = duration.count();
  for (const auto& unit : kUnits) {
    const auto whole = rest / unit.milliseconds;
    if (whole > 0) text += fmt::format("{}{}", whole, unit.name);
    rest -= whole * unit.milliseconds;
  }
  return text.empty() ? "0s" : text;
}

std::optional<milliseconds> parse_signed_duration(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative || (!text.empty() && text[0] == '+')) text.remove_prefix(1);
  const auto size = parse_duration(text);
  if (!size) return std::nullopt;
  return negative ? -*size : *size;
}

std::string print_signed_duration(milliseconds duration) {
  return duration.count() < 0 ? "-" + print_duration(-duration) : print_duration(duration);
}

std::optional<double> parse_lux(std::string_view text) {
  if (!text.ends_with("lx") || !is_digit(text[0])) return std::nullopt;
  text.remove_suffix(2);
  if (text.back() == ' ') text.remove_suffix(1);
  return parse_real(text);
}

std::string print_lux(double lux) {
  return fmt::format("{} lx", lux);
}

std::optional<std::int64_t> parse_rate(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  const auto unit = text.back();
  if (unit != 'k' && unit != 'M') return std::nullopt;
  text.remove_suffix(1);
  if (!is_digit(text[0])) return std::nullopt;
  const auto number = parse_real(text);
  if (!number || *number > 1e6) return std::nullopt;
  const double kilobits = *number * (unit == 'M' ? 1000 : 1);
  if (std::abs(kilobits - std::round(kilobits)) > 1e-6) return std::nullopt;
  return static_cast<std::int64_t>(std::llround(kilobits)) * 1000;
}

std::string print_rate(std::int64_t bits_per_second) {
  if (bits_per_second % 1'000'000 == 0) return fmt::format("{}M", bits_per_second / 1'000'000);
  return fmt::format("{}k", bits_per_second / 1000);
}

std::optional<std::int64_t> parse_size(std::string_view text) {
  if (text == "0") return 0;
  const auto unit = std::find_if(kSizes.begin(), kSizes.end(),
                                 [&](const auto& size) { return !text.empty() && text.back() == size.letter; });
  if (unit == kSizes.end() || !is_digit(text[0])) return std::nullopt;
  text.remove_suffix(1);
  const auto number = parse_real(text);
  if (!number || *number > 1e6) return std::nullopt;
  const double bytes = *number * static_cast<double>(unit->bytes);
  if (bytes > 9e15 || std::abs(bytes - std::round(bytes)) > 1e-3) return std::nullopt;
  return std::llround(bytes);
}

std::string print_size(std::int64_t bytes) {
  for (const auto& size : kSizes) {
    if (bytes != 0 && bytes % size.bytes == 0) return fmt::format("{}{}", bytes / size.bytes, size.letter);
  }
  return bytes == 0 ? "0" : fmt::format("{}K", static_cast<double>(bytes) / 1000);
}

std::optional<double> parse_share(std::string_view text) {
  if (text.size() < 2 || text.back() != '%' || !is_digit(text[0])) return std::nullopt;
  text.remove_suffix(1);
  const auto per_cent = parse_real(text);
  if (!per_cent) return std::nullopt;
  return *per_cent / 100;
}

std::string print_share(double share) {
  return fmt::format("{:.10g}%", share * 100);
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto* const end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, value);
  if (text.empty() || problem != std::errc() || stopped != end) return std::nullopt;
  return value;
}

std::optional<double> parse_real(std::string_view text) {
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  double value = 0;
  const auto* const end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, value);
  if (text.empty() || problem != std::errc() || stopped != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string print_real(double value) {
  auto text = fmt::format("{}", value == 0 ? 0.0 : value);  // no "-0.0"
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::optional<bool> parse_boolean(std::string_view text) {
  const auto word = lower_case(text);
  if (word == "true" || word == "yes" || word == "on") return true;
  if (word == "false" || word == "no" || word == "off") return false;
  return std::nullopt;
}

std::optional<std::chrono::seconds> parse_clock(std::string_view text) {
  std::array<int, 3> fields = {0, 0, 0};
  std::size_t count = 0;
  for (bool more = true; more; ++count) {
    const auto colon = text.find(':');
    more = colon != std::string_view::npos;
    if (count == fields.size()) return std::nullopt;
    const auto field = two_digits(text.substr(0, colon), count == 0 ? 24 : 60);
    if (!field) return std::nullopt;
    fields[count] = *field;
    if (more) text.remove_prefix(colon + 1);
  }
  if (count < 2) return std::nullopt;
  return std::chrono::hours(fields[0]) + std::chrono::minutes(fields[1]) + std::chrono::seconds(fields[2]);
}

std::string print_clock(std::chrono::seconds since_midnight) {
  const auto s = since_midnight.count();
  const auto hours_minutes = fmt::format("{:02}:{:02}", s / 3600, s / 60 % 60);
  return s % 60 == 0 ? hours_minutes : fmt::format("{}:{:02}", hours_minutes, s % 60);
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::string nearest_word(std::string_view word, const std::vector<std::string>& known) {
  constexpr std::size_t kLengthMax = 64;  // nobody mistypes that much, and the search stays short
  if (word.empty() || word.size() > kLengthMax) return "";
  const auto wanted = lower_case(word);
  std::string best;
  auto best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const auto& candidate : known) {
    const auto distance = edit_distance(wanted, lower_case(candidate));
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = candidate;
  }
  return best;
}

}  // namespace nestbox::config
