#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace nestbox::cli {

/// A QR code for a terminal: two rows of modules in a line of half blocks (UTF-8), light modules as blocks, with the
/// quiet zone of 4 modules around it. Dark terminals show it as it stands; `Colours::kSet` makes it right on any.
/// Nothing for a text that is too long.
enum class Colours { kSet, kLeave };
std::optional<std::string> qr_text(std::string_view text, Colours colours);

}  // namespace nestbox::cli
