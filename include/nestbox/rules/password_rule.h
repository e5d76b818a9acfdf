#pragma once
/// Which passwords are too weak for a page that strangers may reach.
#include <optional>
#include <string>
#include <string_view>

namespace nestbox {

inline constexpr std::size_t kPasswordCharactersMin = 8;
inline constexpr std::size_t kPasswordBytesMax = 1024;

/// What is too weak about a password, and what would be right; empty for a good one. The text never repeats the
/// password. `box_name` is what everybody sees on the picture. Pure.
std::optional<std::string> password_problem(std::string_view password, std::string_view box_name);

}  // namespace nestbox
