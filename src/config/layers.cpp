#include "layers.h"

#include <fmt/format.h>

#include <algorithm>

#include "nestbox/rules/motion_zones.h"

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

struct Contradiction {
  std::vector<std::string> keys;
  std::function<std::string(const Options&)> message;  ///< empty: none
  std::string allowed;
};

std::vector<Contradiction> contradictions() {
  return {
      {{"encoder.bitrate_min", "encoder.bitrate"},
       [](const Options& o) {
         if (o.encoder.bitrate_min_bps <= o.encoder.bitrate_bps) return std::string();
         return fmt::format("encoder.bitrate_min ({}) is above encoder.bitrate ({})",
                            print_rate(o.encoder.bitrate_min_bps), print_rate(o.encoder.bitrate_bps));
       },
       "bitrate_min up to bitrate"},
      {{"camera.analysis_width", "camera.width"},
       [](const Options& o) {
         if (o.camera.analysis_width <= o.camera.width) return std::string();
         return fmt::format("camera.analysis_width ({}) is above camera.width ({})", o.camera.analysis_width,
                            o.camera.width);
       },
       "analysis_width up to width"},
      {{"visits.event_gap", "visits.max_length"},
       [](const Options& o) {
         if (o.visits.event_gap <= o.visits.max_length) return std::string();
         return fmt::format("visits.event_gap ({}) is above visits.max_length ({})", print_duration(o.visits.event_gap),
                            print_duration(o.visits.max_length));
       },
       "event_gap up to max_length"},
      {{"live.when", "live.schedule"},
       [](const Options& o) {
         if (!o.live.when.schedule || !o.live.schedule.empty()) return std::string();
         return std::string("live.when says schedule, and live.schedule is empty");
       },
       "a schedule such as [{from: \"06:30\", to: \"20:00\"}]"},
      {{"web.tls_cert", "web.tls_key"},
       [](const Options& o) {
         if (o.web.tls_cert.empty() == o.web.tls_key.empty()) return std::string();
         return std::string("web.tls_cert and web.tls_key go together, and one of them is missing");
       },
       "both or neither"},
  };
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

std::vector<std::string> doubts(const Options& options) {
  std::vector<std::string> doubts;
  if (options.motion.enabled && !is_anything_watched(options.motion.zones)) {
    doubts.emplace_back(
        "motion.zones leaves nothing of the picture to watch, so nothing that moves will be noticed: make a zone with "
        "watch: false smaller, or one with watch: true larger");
  }
  if (options.live.when.visit && !options.motion.enabled) {
    doubts.emplace_back("live.when says visit, and motion.enabled is false: no visit will put anything on air");
  }
  return doubts;
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
