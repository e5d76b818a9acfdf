#pragma once
/// Small words of the daemon's JSON.
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace nestbox {

/// null says "not known": the key is there all the same.
template <class T>
nlohmann::ordered_json value_or_null(const std::optional<T>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

/// Likewise, of a text that is empty.
inline nlohmann::ordered_json text_or_null(const std::string& text) {
  return text.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(text);
}

}  // namespace nestbox
