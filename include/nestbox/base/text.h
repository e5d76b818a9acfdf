#pragma once
/// Small rules for text. Thread-safe.
#include <algorithm>
#include <string>
#include <string_view>

namespace nestbox {

/// ASCII alone, whatever the locale says: host names, keywords, names of headers. Other bytes stay as they are.
inline char lower_case(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return lower_case(c); });
  return lower;
}

}  // namespace nestbox
