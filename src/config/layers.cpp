#include "layers.h"

#include <fmt/format.h>

#include <algorithm>

#include "contradictions.h"

namespace nestbox::config {
namespace {

using Visit = std::function<void(const Binding&, const Node&)>;

void complain_of_unknown(const std::string& path, const Node::Key& key, std::vector<ConfigError>& errors) {
  ConfigError error{ConfigErrorCode::kUnknownKey, key.where.text(), path, "no such key", "", ""};
  if (key.text.find('.') != std::string::npos) {
    error.message = "a key in a file has no dots: each part stands on its own line below the other";
  } else if (path.compare(0, kNight.size() + 1, std::string(kNight) + ".") == 0) {
    const auto field = std::string_view(path).substr(kNight.size() + 1);
    const auto refusal = field == "night" ? "a night has no night" : refused_at_night(field);
    if (!refusal.empty()) error.message = "is not set for the night alone: " + refusal;
    if (refusal.empty()) error.nearest = nearest_key(path);
  } else {
    error.nearest = nearest_key(path);
  }
  errors.push_back(std::move(error));
}

void walk(const Node& map, const std::string& prefix, std::vector<ConfigError>& errors, const Visit& visit) {
  for (std::size_t i = 0; i < map.keys.size(); ++i) {
    const auto& key = map.keys[i];
    const auto& node = map.items[i];
    const auto path = prefix + key.text;
    const auto* const binding = find_binding(path);
    const bool dotted = key.text.find('.') != std::string::npos;
    if (binding != nullptr && !dotted) {
      visit(*binding, node);
    } else if (!is_section(path) || dotted) {
      complain_of_unknown(path, key, errors);
    } else if (node.is_map()) {
      walk(node, path + ".", errors, visit);
    } else if (!node.is_null()) {  // a section whose every line is commented out is null
      errors.push_back({ConfigErrorCode::kBadValue, node.where.text(), path,
                        "is a section: its keys stand below it, indented", "", ""});
    }
  }
}

/// Which outputs a map below live.outputs changed.
void record_outputs(const Node& map, Layer layer, Laid& laid) {
  for (std::size_t i = 0; i < map.keys.size(); ++i) {
    for (const auto& field : map.items[i].keys) {
      const auto key = fmt::format("{}.{}.{}", kOutputs, map.keys[i].text, field.text);
      laid.origins[key] = {layer, field.where.text()};
    }
  }
}

void forget_outputs(Laid& laid) {
  const auto prefix = std::string(kOutputs) + ".";
  for (auto origin = laid.origins.lower_bound(prefix); origin != laid.origins.end();) {
    if (origin->first.compare(0, prefix.size(), prefix) != 0) return;
    origin = laid.origins.erase(origin);
  }
}

/// Whether one of the errors is about this key or a part of it, or about a text that might have said something of it.
bool is_judged(const std::string& key, const std::vector<ConfigError>& errors) {
  return std::any_of(errors.begin(), errors.end(), [&](const auto& error) {
    if (error.code == ConfigErrorCode::kNotYaml || error.code == ConfigErrorCode::kUnreadable) return true;
    if (error.key.compare(0, key.size(), key) != 0) return false;
    return error.key.size() == key.size() || error.key[key.size()] == '.' || error.key[key.size()] == '[';
  });
}

/// The key that was said last: the change that brought the contradiction about.
std::string blamed(const std::vector<std::string>& keys, const Laid& laid) {
  return *std::max_element(keys.begin(), keys.end(),
                           [&](const auto& a, const auto& b) { return laid.origin(a).layer < laid.origin(b).layer; });
}

}  // namespace

Origin Laid::origin(std::string_view key) const {
  const auto found = origins.find(std::string(key));
  return found == origins.end() ? Origin{} : found->second;
}

void for_each_setting(const Node& root, std::vector<ConfigError>& errors, const Visit& visit) {
  if (root.is_null()) return;
  if (!root.is_map()) {
    errors.push_back(
        {ConfigErrorCode::kBadValue, root.where.text(), "", "is no map of settings such as \"name: owl-box\"", "", ""});
    return;
  }
  walk(root, "", errors, visit);
}

void lay(const LayerTree& tree, Laid& laid, std::vector<ConfigError>& errors) {
  for_each_setting(tree.root, errors, [&](const Binding& binding, const Node& node) {
    binding.read(node, laid.draft, Reading(binding.key, errors));
    if (binding.key == kOutputs && node.is_map()) {
      record_outputs(node, tree.layer, laid);
    } else {
      if (binding.key == kOutputs) forget_outputs(laid);
      laid.origins[binding.key] = {tree.layer, node.where.text()};
    }
  });
}

std::vector<std::string> unknown_outputs(const Node& root, const Laid& laid) {
  std::vector<std::string> unknown;
  const auto* const live = root.find("live");
  const auto* const by_name = live != nullptr ? live->find("outputs") : nullptr;
  if (by_name == nullptr || !by_name->is_map()) return unknown;
  const auto& outputs = laid.options().live.outputs;
  for (const auto& key : by_name->keys) {
    const bool known =
        std::any_of(outputs.begin(), outputs.end(), [&](const auto& output) { return output.name == key.text; });
    if (!known) unknown.push_back(key.text);
  }
  return unknown;
}

void complete(Laid& laid, std::vector<ConfigError>& errors) {
  finish(laid.draft);
  const auto found_before = errors;
  for (const auto& rule : contradictions()) {
    const bool judged =
        std::any_of(rule.keys.begin(), rule.keys.end(), [&](const auto& key) { return is_judged(key, found_before); });
    const auto message = judged ? std::string() : rule.message(laid.options());
    if (message.empty()) continue;
    const auto key = blamed(rule.keys, laid);
    const auto origin = laid.origin(key);
    errors.push_back({ConfigErrorCode::kContradiction, origin.layer == Layer::kDefault ? "" : origin.where, key,
                      message, rule.allowed, ""});
  }
}

}  // namespace nestbox::config
