#include "overlay.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "layers.h"
#include "nestbox/base/file.h"
#include "yaml_reader.h"

namespace nestbox::config {
namespace {

namespace fs = std::filesystem;

// A file that begins like ours must also end like ours: any shorter one lost its end. A file without this first line
// was written by hand, and is taken as it stands.
constexpr std::string_view kFirstLine = "# nestbox: settings changed while running; written by `nestbox set`.\n";
constexpr std::string_view kLastLine = "...\n";  // YAML's own end of a document
constexpr unsigned kMode = 0640;

bool is_cut_off(std::string_view content) {
  if (content.size() <= kFirstLine.size()) return kFirstLine.starts_with(content);
  if (!content.starts_with(kFirstLine)) return false;
  const auto end = "\n" + std::string(kLastLine);
  const auto has_end = [&](std::string_view ending) {
    return content.size() >= ending.size() && content.substr(content.size() - ending.size()) == ending;
  };
  return !has_end(end) && !has_end(std::string_view(end).substr(0, end.size() - 1));
}

void write_block(const Node& node, const std::string& path, int depth, std::string& out) {
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const auto& item = node.items[i];
    const auto key_path = path + node.keys[i].text;
    out += std::string(static_cast<std::size_t>(depth) * 2, ' ') + node.keys[i].text + ':';
    if (item.is_map() && is_section(key_path)) {
      out += '\n';
      write_block(item, key_path + ".", depth + 1, out);
    } else {
      out += ' ' + to_flow_yaml(item) + '\n';
    }
  }
}

bool remove_path(Node& map, std::string_view path) {
  const auto dot = path.find('.');
  const auto name = path.substr(0, dot);
  auto* const item = map.find(name);
  if (item == nullptr) return false;
  if (dot == std::string_view::npos) {
    map.remove(name);
    return true;
  }
  if (!item->is_map() || !remove_path(*item, path.substr(dot + 1))) return false;
  if (item->keys.empty()) map.remove(name);
  return true;
}

/// A section that is null says nothing, and must not wipe out what was set in it.
void drop_null_sections(Node& map, const std::string& path) {
  for (std::size_t i = map.keys.size(); i-- > 0;) {
    const auto key_path = path + map.keys[i].text;
    if (!is_section(key_path)) continue;
    if (map.items[i].is_null()) {
      map.remove(map.keys[i].text);
    } else {
      drop_null_sections(map.items[i], key_path + ".");
    }
  }
}

/// Of a filter or lamp of another type than was set before, nothing stays.
void forget_other_types(Node& overlay, const Node& tree) {
  for (std::size_t i = 0; i < tree.keys.size(); ++i) {
    auto* const below = overlay.find(tree.keys[i].text);
    if (below == nullptr) continue;
    const auto* const type = tree.items[i].find("type");
    const auto* const type_below = below->find("type");
    if (type != nullptr && (type_below == nullptr || type_below->text != type->text)) {
      *below = map_node();
    } else {
      forget_other_types(*below, tree.items[i]);
    }
  }
}

/// {youtube: {enabled: false}} over [{name: youtube, ...}].
void merge_outputs(Node& list, const Node& by_name) {
  for (std::size_t i = 0; i < by_name.keys.size(); ++i) {
    const auto& name = by_name.keys[i].text;
    const auto output = std::find_if(list.items.begin(), list.items.end(), [&](const Node& item) {
      const auto* const said = item.find("name");
      return said != nullptr && said->text == name;
    });
    if (output != list.items.end()) merge(*output, by_name.items[i]);
  }
}

}  // namespace

fs::path overlay_path(const fs::path& state_folder) {
  return state_folder / "settings.yaml";
}
fs::path overlay_copy_path(const fs::path& state_folder) {
  return state_folder / "settings.yaml.bak";
}

OverlayFile read_overlay(const fs::path& path) {
  OverlayFile file{path.string(), std::nullopt, ""};
  const auto content = read_file(path, kFileBytesMax);
  if (!content) {
    if (content.error().kind != ErrorKind::kNotFound) file.problem = content.error().message;
    return file;
  }
  if (is_cut_off(*content)) {
    file.problem = fmt::format("{}: half written", file.name);
    return file;
  }
  std::vector<ConfigError> errors;
  auto root = read_yaml(*content, file.name, Lines::kShown, errors);
  if (root) {
    for_each_setting(*root, errors, [&](const Binding& binding, const Node& node) {
      if (!binding.stages.contains(Stage::kFixed)) return;
      errors.push_back({ConfigErrorCode::kFixed, node.where.text(), binding.key,
                        "is read at the start only and has no place in this file", "", ""});
    });
  }
  if (!errors.empty()) {
    file.problem = to_line(errors[0]);
    return file;
  }
  file.root = root->is_null() ? map_node() : std::move(*root);
  return file;
}

std::string overlay_text(const Node& root) {
  std::string text(kFirstLine);
  write_block(root, "", 0, text);
  if (root.keys.empty()) text += "{}\n";
  text += kLastLine;
  return text;
}

Result<void> write_overlay(const fs::path& state_folder, const Node& root, Damaged present) {
  const auto path = overlay_path(state_folder);
  if (present == Damaged::kKeepAside) {
    auto aside = path;
    aside += ".broken";
    std::error_code ignored;  // what cannot be kept is no reason to lose the new settings too
    fs::rename(path, aside, ignored);
  }
  const auto text = overlay_text(root);
  if (auto written = write_file_atomically(path, text, kMode); !written) return written;
  return write_file_atomically(overlay_copy_path(state_folder), text, kMode);
}

void merge_into_overlay(Node& overlay, const Node& tree) {
  auto rest = tree;
  drop_null_sections(rest, "");
  auto* const live_over = overlay.find("live");
  auto* const live = rest.find("live");
  auto* const list = live_over != nullptr ? live_over->find("outputs") : nullptr;
  const auto* const by_name = live != nullptr ? live->find("outputs") : nullptr;
  if (list != nullptr && by_name != nullptr && list->is_list() && by_name->is_map()) {
    merge_outputs(*list, *by_name);
    live->remove("outputs");
  }
  forget_other_types(overlay, rest);
  merge(overlay, rest);
}

bool remove_from_overlay(Node& overlay, std::string_view key) {
  return remove_path(overlay, key);
}

}  // namespace nestbox::config
