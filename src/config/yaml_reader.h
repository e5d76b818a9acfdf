#pragma once
/// Text to tree, within bounds; yaml-cpp stands behind it, in yaml_reader.cpp alone.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nestbox/config/config_error.h"
#include "node.h"

namespace nestbox::config {

inline constexpr std::size_t kFileBytesMax = std::size_t{1} << 20;
inline constexpr int kDepthMax = 16;              ///< the deepest setting, a corner of a privacy area, stands at 5
inline constexpr std::size_t kNodesMax = 10'000;  ///< aliases count as often as they are used
inline constexpr std::size_t kErrorsMax = 100;

enum class Lines : std::uint8_t {
  kShown,  ///< a file: places are source:line:column
  kOne,    ///< a value from the environment or an option: places are the source alone
};

/// The document, a null node for an empty one; nothing when the text cannot be read. A key given twice is an error too,
/// and the first one is kept. Every error is added to `errors`.
std::optional<Node> read_yaml(std::string_view text, const std::string& source, Lines lines,
                              std::vector<ConfigError>& errors);

}  // namespace nestbox::config
