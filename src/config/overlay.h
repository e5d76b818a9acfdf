#pragma once
/// settings.yaml in the state folder: what was set while the daemon ran. Written whole and atomically, then once more
/// as settings.yaml.bak; a damaged one is told by its missing last line.
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "nestbox/base/result.h"
#include "nestbox/config/config_error.h"
#include "node.h"

namespace nestbox::config {

struct OverlayFile {
  std::string name;
  std::optional<Node> root;  ///< nothing: there is no such file, or it is broken
  std::string problem;       ///< not empty: why it cannot be used, in a sentence
};

/// Reads settings.yaml or its copy. Keys that are read at the start only have no place in it.
OverlayFile read_overlay(const std::filesystem::path& path);

/// The two files, the newer one first.
std::filesystem::path overlay_path(const std::filesystem::path& state_folder);
std::filesystem::path overlay_copy_path(const std::filesystem::path& state_folder);

enum class Damaged : std::uint8_t {
  kNo,
  kKeepAside,  ///< what stands there now is broken: it is kept as settings.yaml.broken
};
Result<void> write_overlay(const std::filesystem::path& state_folder, const Node& root, Damaged present);

/// The text of settings.yaml.
std::string overlay_text(const Node& root);

/// Merges what was set into the overlay; knows that a map below live.outputs changes a list there.
void merge_into_overlay(Node& overlay, const Node& tree);

/// Takes a key or a section out, and sections that are empty then. False when it does not stand there.
bool remove_from_overlay(Node& overlay, std::string_view key);

}  // namespace nestbox::config
