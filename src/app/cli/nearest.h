#pragma once
#include <optional>
#include <string>
#include <vector>

namespace nestbox::cli {

/// The word that was probably meant; nothing when none is close.
std::optional<std::string> nearest(const std::string& word, const std::vector<std::string>& known);

}  // namespace nestbox::cli
