#include "nestbox/config/settings.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "contradictions.h"
#include "layers.h"
#include "nestbox/base/assert.h"
#include "overlay.h"
#include "show.h"
#include "yaml_reader.h"

namespace nestbox {

using namespace config;

namespace {

namespace fs = std::filesystem;
using Errors = std::vector<ConfigError>;

Errors bounded(Errors errors) {
  if (errors.size() <= kErrorsMax) return errors;
  const auto more = errors.size() - kErrorsMax;
  errors.resize(kErrorsMax);
  errors.push_back({ConfigErrorCode::kBadValue, "", "", fmt::format("and {} more errors", more), "", ""});
  return errors;
}

tl::unexpected<Errors> refuse(Errors errors) {
  return tl::unexpected<Errors>(bounded(std::move(errors)));
}

/// The whole stack laid, and whose errors there are.
struct Outcome {
  Laid laid;
  Errors of_layers, of_overlay, contradictions;
  std::vector<std::string> notes;
};

Outcome lay_all(const ReadLayers& layers, const Node& overlay) {
  Outcome outcome;
  for (const auto& tree : layers.below) lay(tree, outcome.laid, outcome.of_layers);
  auto known = overlay;
  for (const auto& name : unknown_outputs(overlay, outcome.laid)) {
    remove_from_overlay(known, fmt::format("{}.{}", kOutputs, name));
    outcome.notes.push_back(fmt::format(
        "settings.yaml changes an output \"{0}\" that is gone; nestbox reset {1}.{0} forgets it", name, kOutputs));
  }
  lay({Layer::kSettings, known}, outcome.laid, outcome.of_overlay);
  for (const auto& tree : layers.above) lay(tree, outcome.laid, outcome.of_layers);
  auto all = outcome.of_layers;
  all.insert(all.end(), outcome.of_overlay.begin(), outcome.of_overlay.end());
  const auto judged = static_cast<std::ptrdiff_t>(all.size());
  complete(outcome.laid, all);
  outcome.contradictions.assign(all.begin() + judged, all.end());
  if (all.empty()) {
    for (auto& doubt : doubts(outcome.laid.options())) outcome.notes.push_back(std::move(doubt));
  }
  return outcome;
}

Change difference(const Options& before, const Options& after) {
  Change change;
  const auto differs = [&](const Binding& binding) {
    return to_flow_yaml(binding.write(before)) != to_flow_yaml(binding.write(after));
  };
  const auto follows_day = [](const Binding& night, const Options& options) {
    const auto* const day = find_binding("camera." + night.name);
    return to_flow_yaml(night.write(options)) == to_flow_yaml(day->write(options));
  };
  for (const auto& binding : bindings()) {
    if (!differs(binding)) continue;
    change.stages |= binding.stages;
    const bool said_by_day = binding.section == kNight && follows_day(binding, before) && follows_day(binding, after);
    if (!said_by_day) change.keys.push_back(binding.key);
  }
  return change;
}

/// What is read at the start only stays as it is.
std::vector<std::string> keep_fixed(const Laid& before, Laid& after) {
  std::vector<std::string> kept;
  for (const auto& binding : bindings()) {
    if (!binding.stages.contains(Stage::kFixed)) continue;
    const auto running = binding.write(before.options());
    if (to_flow_yaml(running) == to_flow_yaml(binding.write(after.options()))) continue;
    Errors none;
    binding.read(running, after.draft, Reading(binding.key, none));
    NESTBOX_ASSERT(none.empty());
    after.origins[binding.key] = before.origin(binding.key);
    kept.push_back(binding.key);
  }
  return kept;
}

/// {camera: null} and {camera: {}} name none.
bool names_a_setting(const Node& tree) {
  bool named = false;
  Errors unknown;
  for_each_setting(tree, unknown,
                   [&](const Binding&, const Node& node) { named = named || !node.is_map() || !node.keys.empty(); });
  return named;
}

/// gpio.pir.hold: the value of gpio.pir is a map.
bool is_part_of_setting(std::string_view key, const Options& options) {
  const auto dot = key.rfind('.');
  const auto* const binding = dot == std::string_view::npos ? nullptr : find_binding(key.substr(0, dot));
  return binding != nullptr && binding->write(options).find(key.substr(dot + 1)) != nullptr;
}

ConfigError unknown_key(std::string_view key) {
  return {ConfigErrorCode::kUnknownKey, "", std::string(key.substr(0, 200)), "no such key", "", nearest_key(key)};
}

}  // namespace

struct Settings::State {
  Sources sources;
  ReadLayers layers;
  fs::path folder;            ///< paths.state of the start
  Node overlay = map_node();  ///< what settings.yaml says, or said when it was last good
  Damaged damaged = Damaged::kNo;
  Laid laid;
  std::vector<std::string> warnings;

  Errors choose_overlay();
  ConfigResult<Change> replace_overlay(const Node& overlay);
  void check_may_set(const Node& tree, Errors& errors) const;
  std::string holder(const std::string& key) const;
};

/// Takes the first of settings.yaml, its copy, and nothing, that all layers together allow.
Errors Settings::State::choose_overlay() {
  std::string problem;
  for (const auto& path : {overlay_path(folder), overlay_copy_path(folder)}) {
    if (!sources.changed_by_set) break;
    auto file = read_overlay(path);
    if (!file.root && file.problem.empty()) {
      if (problem.empty())
        break;  // nothing was ever set, or somebody took it away: then its copy does not count either
      continue;
    }
    if (file.root) {
      auto outcome = lay_all(layers, *file.root);
      if (outcome.of_overlay.empty() && outcome.contradictions.empty()) {
        if (!problem.empty()) {
          warnings.push_back(fmt::format("{}; the last good settings are used, from {}", problem, file.name));
        }
        overlay = std::move(*file.root);
        laid = std::move(outcome.laid);
        warnings.insert(warnings.end(), outcome.notes.begin(), outcome.notes.end());
        return {};
      }
      file.problem = to_line(outcome.of_overlay.empty() ? outcome.contradictions[0] : outcome.of_overlay[0]);
    }
    if (problem.empty()) problem = file.problem;
    damaged = Damaged::kKeepAside;
  }
  auto outcome = lay_all(layers, map_node());
  if (!outcome.contradictions.empty()) return outcome.contradictions;
  if (!problem.empty()) {
    warnings.push_back(fmt::format("{}; settings changed while running are not in effect", problem));
  }
  warnings.insert(warnings.end(), outcome.notes.begin(), outcome.notes.end());
  laid = std::move(outcome.laid);
  return {};
}

ConfigResult<Settings> Settings::load(Sources sources) {
  auto state = std::make_unique<State>();
  Errors errors;
  state->layers = read_files(sources, errors);
  read_environment_and_options(sources, state->layers, errors);
  state->sources = std::move(sources);
  auto without_overlay = lay_all(state->layers, map_node());
  errors.insert(errors.end(), without_overlay.of_layers.begin(), without_overlay.of_layers.end());
  if (!errors.empty()) {
    const auto unreadable = std::any_of(errors.begin(), errors.end(), [](const auto& error) {
      return error.code == ConfigErrorCode::kNotYaml || error.code == ConfigErrorCode::kUnreadable;
    });
    const auto& more = without_overlay.contradictions;
    if (!unreadable) errors.insert(errors.end(), more.begin(), more.end());
    return refuse(std::move(errors));
  }
  state->folder = without_overlay.laid.options().paths.state;
  if (auto contradictions = state->choose_overlay(); !contradictions.empty()) return refuse(std::move(contradictions));
  return Settings(std::move(state));
}

Settings::Settings(std::unique_ptr<State> state) : state_(std::move(state)) {}
Settings::Settings(Settings&&) noexcept = default;
Settings& Settings::operator=(Settings&&) noexcept = default;
Settings::~Settings() = default;

const Options& Settings::options() const noexcept {
  return state_->laid.options();
}
const std::vector<std::string>& Settings::warnings() const noexcept {
  return state_->warnings;
}

std::string Settings::State::holder(const std::string& key) const {
  const auto origin = laid.origin(key);
  return origin.layer > Layer::kSettings ? origin.where : "";
}

/// Keys that something above settings.yaml holds, and keys that are read at the start only.
void Settings::State::check_may_set(const Node& tree, Errors& errors) const {
  Errors unknown;  // has been said already
  for_each_setting(tree, unknown, [&](const Binding& binding, const Node& node) {
    if (binding.stages.contains(Stage::kFixed)) {
      errors.push_back({ConfigErrorCode::kFixed, "", binding.key,
                        "is read at the start only: change it in the configuration file, and restart nestbox", "", ""});
      return;
    }
    std::vector<std::string> keys = {binding.key};
    if (binding.key == kOutputs && node.is_map()) {
      for (std::size_t i = 0; i < node.keys.size(); ++i) {
        for (const auto& field : node.items[i].keys) {
          keys.push_back(fmt::format("{}.{}.{}", kOutputs, node.keys[i].text, field.text));
        }
      }
    }
    for (const auto& key : keys) {
      const auto held_by = holder(key);
      if (held_by.empty()) continue;
      errors.push_back({ConfigErrorCode::kHeld, "", key,
                        fmt::format("is held by {}, which stands above what is set here; change it there", held_by), "",
                        ""});
    }
  });
}

/// Lays everything anew with this in settings.yaml's place; writes it, and only then takes it.
ConfigResult<Change> Settings::State::replace_overlay(const Node& replacement) {
  const auto name = overlay_path(folder).string();
  Errors errors;
  auto as_read = read_yaml(overlay_text(replacement), name, Lines::kShown, errors);  // for the places that it will have
  if (!as_read || !errors.empty()) return refuse(std::move(errors));
  if (as_read->is_null()) *as_read = map_node();
  auto outcome = lay_all(layers, *as_read);
  errors.insert(errors.end(), outcome.of_overlay.begin(), outcome.of_overlay.end());
  errors.insert(errors.end(), outcome.contradictions.begin(), outcome.contradictions.end());
  for (auto& error : errors) {
    if (error.where.starts_with(name)) error.where.clear();  // a place in a file that is not written
  }
  if (!errors.empty()) return refuse(std::move(errors));
  if (auto written = write_overlay(folder, *as_read, damaged); !written) {
    return refuse({{ConfigErrorCode::kNotSaved, "", "", "cannot be kept: " + written.error().message, "", ""}});
  }
  damaged = Damaged::kNo;
  keep_fixed(laid, outcome.laid);
  auto change = difference(laid.options(), outcome.laid.options());
  overlay = std::move(*as_read);
  laid = std::move(outcome.laid);
  warnings = std::move(outcome.notes);
  return change;
}

ConfigResult<Change> Settings::set(std::string_view key, std::string_view value) {
  Errors errors;
  const auto tree = tree_of(key, value, "", errors);
  if (!tree) return refuse(std::move(errors));
  auto tried = state_->laid;
  lay({Layer::kSettings, *tree}, tried, errors);
  state_->check_may_set(*tree, errors);
  if (errors.empty() && !names_a_setting(*tree)) {
    errors.push_back(
        {ConfigErrorCode::kBadValue, "", std::string(key), "is given no setting", "a map of its keys", ""});
  }
  if (!errors.empty()) return refuse(std::move(errors));
  auto overlay = state_->overlay;
  merge_into_overlay(overlay, *tree);
  return state_->replace_overlay(overlay);
}

ConfigResult<Change> Settings::reset(std::string_view key) {
  if (key.empty()) return state_->replace_overlay(map_node());
  const bool of_output = key.starts_with(std::string(kOutputs) + ".");
  const bool is_known = find_binding(key) != nullptr || is_section(key) || is_part_of_setting(key, options());
  if (!of_output && !is_known) return refuse({unknown_key(key)});
  auto overlay = state_->overlay;
  if (remove_from_overlay(overlay, key)) return state_->replace_overlay(overlay);
  const auto* const live = overlay.find("live");
  const auto* const outputs = live != nullptr ? live->find("outputs") : nullptr;
  if (of_output && outputs != nullptr && outputs->is_list()) {
    return refuse({{ConfigErrorCode::kBadValue, "", std::string(key),
                    "was set as part of the whole list, and is reset with it", std::string(kOutputs), ""}});
  }
  if (of_output && show_output(key, state_->laid).empty()) return refuse({unknown_key(key)});
  return Change{};
}

ConfigResult<Change> Settings::reload() {
  auto& state = *state_;
  Errors errors;
  auto layers = read_files(state.sources, errors);
  read_environment_and_options(state.sources, layers, errors);
  auto file = read_overlay(overlay_path(state.folder));
  auto overlay = file.root.value_or(file.problem.empty() ? map_node() : state.overlay);
  auto outcome = lay_all(layers, overlay);
  if (!outcome.of_overlay.empty()) {
    file.problem = to_line(outcome.of_overlay[0]);
    overlay = state.overlay;
    outcome = lay_all(layers, overlay);
  }
  errors.insert(errors.end(), outcome.of_layers.begin(), outcome.of_layers.end());
  errors.insert(errors.end(), outcome.of_overlay.begin(), outcome.of_overlay.end());
  if (errors.empty()) errors = outcome.contradictions;
  if (!errors.empty()) return refuse(std::move(errors));
  auto at_next_start = keep_fixed(state.laid, outcome.laid);
  auto change = difference(state.laid.options(), outcome.laid.options());
  change.at_next_start = std::move(at_next_start);
  state.warnings = std::move(outcome.notes);
  if (!file.problem.empty()) {
    state.warnings.push_back(fmt::format("{}; what was set before stays in effect", file.problem));
    state.damaged = Damaged::kKeepAside;
  }
  state.layers = std::move(layers);
  state.overlay = std::move(overlay);
  state.laid = std::move(outcome.laid);
  return change;
}

ConfigResult<std::vector<Setting>> Settings::get(std::string_view key) const {
  std::vector<Setting> settings;
  if (const auto* const binding = find_binding(key)) {
    settings.push_back(show(*binding, state_->laid));
  } else if (key.empty() || is_section(key)) {
    for (const auto& one : bindings()) {
      const bool wanted = key.empty() || one.key.starts_with(std::string(key) + ".");
      if (wanted && is_shown(one, state_->laid)) settings.push_back(show(one, state_->laid));
    }
  } else {
    settings = show_output(key, state_->laid);
  }
  if (settings.empty()) return refuse({unknown_key(key)});
  return settings;
}

ConfigResult<Options> Settings::tried(const std::vector<std::string>& set_options) const {
  Sources sources;
  sources.set_options = set_options;
  ReadLayers layers;
  Errors errors;
  read_environment_and_options(sources, layers, errors);
  auto laid = state_->laid;
  for (const auto& tree : layers.above) lay(tree, laid, errors);
  complete(laid, errors);
  if (!errors.empty()) return refuse(std::move(errors));
  return laid.options();
}

std::vector<Difference> Settings::diff() const {
  std::vector<Difference> differences;
  const auto without = lay_all(state_->layers, map_node());
  const auto add = [&](const std::string& key, const Node& value, const Setting& below) {
    differences.push_back({key, to_flow_yaml(value), below.value, below.where, state_->holder(key)});
  };
  Errors none;
  for_each_setting(state_->overlay, none, [&](const Binding& binding, const Node& node) {
    if (binding.key != kOutputs || !node.is_map()) return add(binding.key, node, show(binding, without.laid));
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
      for (std::size_t j = 0; j < node.items[i].keys.size(); ++j) {
        const auto key = fmt::format("{}.{}.{}", kOutputs, node.keys[i].text, node.items[i].keys[j].text);
        const auto below = show_output(key, without.laid);
        add(key, node.items[i].items[j], below.empty() ? Setting{} : below[0]);
      }
    }
  });
  return differences;
}

std::string Settings::print() const {
  return print_with_origins(state_->laid);
}

std::map<std::string, std::string> nestbox_environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (!text.starts_with("NESTBOX_") || equals == std::string_view::npos) continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

ConfigResult<Options> options_from_yaml(std::string_view text, std::string_view name) {
  Errors errors;
  auto root = read_yaml(text, std::string(name), Lines::kShown, errors);
  Laid laid;
  if (root) lay({Layer::kFile, std::move(*root)}, laid, errors);
  complete(laid, errors);
  if (!errors.empty()) return refuse(std::move(errors));
  return laid.options();
}

const char* stage_text(Stage stage) {
  switch (stage) {
    case Stage::kText:
      return "overlay";
    case Stage::kPicture:
      return "picture";
    case Stage::kSource:
      return "camera";
    case Stage::kEncoder:
      return "encoder";
    case Stage::kMotion:
      return "motion";
    case Stage::kVisits:
      return "visits";
    case Stage::kLines:
      return "lines";
    case Stage::kOutputs:
      return "outputs";
    case Stage::kWeb:
      return "page";
    case Stage::kLog:
      return "log";
    case Stage::kFixed:
      return "start";
  }
  return "start";
}

}  // namespace nestbox
