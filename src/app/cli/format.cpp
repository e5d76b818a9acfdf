#include "format.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace nestbox::cli {
namespace {

constexpr std::size_t kColumnMax = 40;  // a longer value pushes its own row alone

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

const Json& nothing() {
  static const Json null;
  return null;
}

const Json& empty_list() {
  static const Json list = Json::array();
  return list;
}

}  // namespace

std::string Style::paint(std::string_view code, std::string_view text) const {
  return colours ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
}

Style style_for(int descriptor) {
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal == nullptr || std::string_view(terminal) == "dumb";
  return Style{::isatty(descriptor) == 1 && !dumb && !is_set("NO_COLOR")};
}

std::string printable(std::string_view text) {
  std::string shown;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    const bool c1_control = byte == 0xC2 && next >= 0x80 && next < 0xA0;  // U+0080 to U+009F: CSI in one character
    if (c1_control) ++i;
    shown += c1_control || byte < 0x20 || byte == 0x7F ? '?' : text[i];
  }
  return shown;
}

const Json& member(const Json& object, const char* key) {
  if (!object.is_object()) return nothing();
  const auto found = object.find(key);
  return found == object.end() ? nothing() : *found;
}

std::string text_of(const Json& object, const char* key) {
  const auto& value = member(object, key);
  return value.is_string() ? printable(value.get_ref<const std::string&>()) : "";
}

std::optional<double> number_of(const Json& object, const char* key) {
  const auto& value = member(object, key);
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

const Json& list_of(const Json& object, const char* key) {
  const auto& value = member(object, key);
  return value.is_array() ? value : empty_list();
}

std::string value_text(const Json& value) {
  if (value.is_null()) return "-";
  if (value.is_array() || value.is_object()) {
    std::vector<std::string> parts;
    for (const auto& [key, item] : value.items()) {
      parts.push_back(value.is_array() ? value_text(item) : printable(key) + ": " + value_text(item));
    }
    return value.is_array() ? fmt::format("[{}]", fmt::join(parts, ", "))
                            : fmt::format("{{{}}}", fmt::join(parts, ", "));
  }
  if (!value.is_string()) return value.dump();
  const auto& text = value.get_ref<const std::string&>();
  return text.empty() ? "\"\"" : printable(text);
}

std::string rate_text(double bits_per_second) {
  if (bits_per_second >= 1e6) return fmt::format("{:.1f} Mbit/s", bits_per_second / 1e6);
  return fmt::format("{:.0f} kbit/s", bits_per_second / 1e3);
}

std::string bytes_text(double bytes) {
  if (bytes >= 1e9) return fmt::format("{:.1f} GB", bytes / 1e9);
  if (bytes >= 1e6) return fmt::format("{:.0f} MB", bytes / 1e6);
  return fmt::format("{:.0f} kB", bytes / 1e3);
}

std::string duration_text(double seconds) {
  constexpr std::int64_t kMinute = 60, kHour = 60 * kMinute, kDay = 24 * kHour;
  const auto whole = static_cast<std::int64_t>(std::clamp(seconds, 0.0, 1e12));
  if (whole >= kDay) return fmt::format("{} d {} h", whole / kDay, whole % kDay / kHour);
  if (whole >= kHour) return fmt::format("{} h {} min", whole / kHour, whole % kHour / kMinute);
  if (whole >= kMinute) return fmt::format("{} min", whole / kMinute);
  return fmt::format("{} s", whole);
}

std::string time_text(std::string_view rfc3339) {
  constexpr std::size_t kToTheMinute = 16;
  auto text = printable(rfc3339.substr(0, kToTheMinute));
  std::replace(text.begin(), text.end(), 'T', ' ');
  return text;
}

std::size_t width_of(std::string_view text) {
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  return text.size() - static_cast<std::size_t>(std::count_if(text.begin(), text.end(), continues));
}

std::string padded(std::string_view text, std::size_t width) {
  const auto wide = width_of(text);
  return std::string(text) + std::string(wide < width ? width - wide : 0, ' ');
}

std::string table(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], std::min(kColumnMax, width_of(row[i])));
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) text += padded(row[i], widths[i]) + "  ";
    text += row.back() + '\n';
  }
  return text;
}

}  // namespace nestbox::cli
