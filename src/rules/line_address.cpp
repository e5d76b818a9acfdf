#include "nestbox/rules/line_address.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace nestbox {
namespace {

constexpr unsigned kOffsetMax = 65'535;  // far beyond any chip

tl::unexpected<Error> refuse(std::string_view text, std::string_view what) {
  return fail(
      ErrorKind::kInvalidArgument,
      fmt::format("line \"{}\": {}; a line is none, a number (17), a name (GPIO17), or either after the name of "
                  "its chip (gpiochip1:17, pinctrl-rp1:GPIO17)",
                  text, what));
}

bool only_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_word(std::string_view text) {
  const auto unseen = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return !text.empty() && text.front() != ' ' && text.back() != ' ' && std::none_of(text.begin(), text.end(), unseen);
}

std::optional<unsigned> offset_of(std::string_view digits) {
  unsigned offset = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), offset);
  if (error != std::errc{} || offset > kOffsetMax) return std::nullopt;
  return offset;
}

}  // namespace

Result<std::optional<LineAddress>> parse_line(std::string_view text) {
  if (text == "none") return std::optional<LineAddress>();
  LineAddress address;
  std::string_view line = text;
  // The last colon: some labels have one of their own ("INT34C5:00").
  if (const auto colon = text.rfind(':'); colon != std::string_view::npos) {
    address.chip = text.substr(0, colon);
    line = text.substr(colon + 1);
    if (!is_word(address.chip)) return refuse(text, "there is no chip before the colon");
  }
  if (line.empty()) return refuse(text, text.empty() ? "it is empty" : "there is no line after the colon");
  if (!is_word(line)) return refuse(text, "it has a space at an end, or a sign that nobody can see");
  if (!only_digits(line)) {
    if (line.front() == '-' || line.front() == '+') return refuse(text, "a number has no sign");
    address.line = std::string(line);
    return address;
  }
  const auto offset = offset_of(line);
  if (!offset) return refuse(text, fmt::format("no chip has more than {} lines", kOffsetMax));
  address.line = *offset;
  return address;
}

}  // namespace nestbox
