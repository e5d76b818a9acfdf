#include "fields.h"

#include <charconv>

namespace nestbox::web {
namespace {

/// The part before `separator`, which is taken off the front together with it.
std::string_view next_part(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const auto part = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return part;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      plain += text[at] == '+' ? ' ' : text[at];
      continue;
    }
    constexpr int kHexadecimal = 16;
    unsigned char byte = 0;
    const auto digits = text.substr(at + 1, 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, kHexadecimal);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2) return std::nullopt;
    plain += static_cast<char>(byte);
    at += 2;
  }
  return plain;
}

}  // namespace

std::string cookie_in(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    auto pair = next_part(header, ';');
    pair.remove_prefix(std::min(pair.find_first_not_of(' '), pair.size()));
    if (next_part(pair, '=') == name) return std::string(pair);
  }
  return {};
}

std::optional<std::string> form_field(std::string_view body, std::string_view name) {
  std::optional<std::string> found;
  while (!body.empty()) {
    auto pair = next_part(body, '&');
    if (next_part(pair, '=') != name) continue;
    if (found) return std::nullopt;
    found = decoded(pair);
    if (!found) return std::nullopt;
  }
  return found;
}

bool has_field(std::string_view body, std::string_view name) {
  while (!body.empty()) {
    auto pair = next_part(body, '&');
    if (next_part(pair, '=') == name) return true;
  }
  return false;
}

}  // namespace nestbox::web
