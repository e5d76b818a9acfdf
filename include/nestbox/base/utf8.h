#pragma once
/// Text as UTF-8 (RFC 3629). Thread-safe.
#include <cstddef>
#include <string_view>

namespace nestbox {

constexpr char32_t kReplacement = U'\uFFFD';

/// The code point at `position`, which moves past it. What is no UTF-8 (RFC 3629: cut short, overlong, a surrogate,
/// above 10FFFF) is kReplacement, one byte at a time.
inline char32_t next_code_point(std::string_view text, std::size_t& position) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned lead = byte(position++);
  if (lead < 0x80) return lead;
  const std::size_t tail = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - position < tail) return kReplacement;
  char32_t code = lead & (0x3Fu >> tail);
  for (std::size_t i = 0; i < tail; ++i) {
    if ((byte(position + i) & 0xC0) != 0x80) return kReplacement;
    code = (code << 6) | (byte(position + i) & 0x3Fu);
  }
  constexpr char32_t kSmallest[] = {0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < kSmallest[tail] || surrogate || code > 0x10FFFF) return kReplacement;
  position += tail;
  return code;
}

/// Whether all of it is UTF-8.
inline bool is_utf8(std::string_view text) {
  for (std::size_t position = 0; position < text.size();) {
    const auto begin = position;
    if (next_code_point(text, position) == kReplacement && position - begin == 1) return false;
  }
  return true;
}

}  // namespace nestbox
