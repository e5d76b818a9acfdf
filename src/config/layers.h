#pragma once
/// Layers of settings, one over the other: what each says, who says what holds, and what is wrong with it.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bindings.h"
#include "nestbox/config/settings.h"
#include "node.h"

namespace nestbox::config {

/// One layer: a document, whose sections may be partial.
struct LayerTree {
  Layer layer = Layer::kFile;
  Node root;
};

/// Who said last what a key is.
struct Origin {
  Layer layer = Layer::kDefault;
  std::string where = "default";
};

/// The outcome of laying layers over each other.
struct Laid {
  Draft draft = default_draft();
  std::map<std::string, Origin> origins;  ///< by key; of live.outputs.NAME.FIELD too where a map changed it by name

  const Options& options() const { return draft.options; }
  Origin origin(std::string_view key) const;
};

/// Calls `visit` for every setting that a tree names: its binding, its key, its node. Unknown keys are errors.
/// For a map below live.outputs it calls once, with the map.
void for_each_setting(const Node& root, std::vector<ConfigError>& errors,
                      const std::function<void(const Binding&, const Node&)>& visit);

/// Lays one tree over `laid`. An error leaves the rest of the tree in effect; the caller does not use it then.
void lay(const LayerTree& tree, Laid& laid, std::vector<ConfigError>& errors);

/// The names below live.outputs that a tree changes, and that no layer so far has: outputs taken out of the file since.
std::vector<std::string> unknown_outputs(const Node& root, const Laid& laid);

/// finish(), and what contradicts across settings; settings that `errors` already names are not judged.
void complete(Laid& laid, std::vector<ConfigError>& errors);

/// Everything below settings.yaml and everything above it, read from where `sources` says. Errors are added.
struct ReadLayers {
  std::vector<LayerTree> below, above;
};
ReadLayers read_files(const Sources& sources, std::vector<ConfigError>& errors);
void read_environment_and_options(const Sources& sources, ReadLayers& layers, std::vector<ConfigError>& errors);

/// A tree that says one thing: {camera: {width: VALUE}} for camera.width. `place` stands in errors and origins.
/// Nothing when the value cannot be read.
std::optional<Node> tree_of(std::string_view key, std::string_view value, const std::string& place,
                            std::vector<ConfigError>& errors);

}  // namespace nestbox::config
