#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "layers.h"
#include "nestbox/base/file.h"
#include "yaml_reader.h"

namespace nestbox::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDropInsMax = 64;
constexpr std::string_view kPrefix = "NESTBOX_";

void complain_of_file(const fs::path& path, std::string message, std::vector<ConfigError>& errors) {
  errors.push_back({ConfigErrorCode::kUnreadable, path.string(), "", std::move(message), "", ""});
}

void read_layer(const fs::path& path, Layer layer, std::vector<LayerTree>& layers, std::vector<ConfigError>& errors) {
  const auto content = read_file(path, kFileBytesMax);
  if (!content) {
    const bool too_large = content.error().kind == ErrorKind::kExhausted;
    const bool missing = content.error().kind == ErrorKind::kNotFound;
    return complain_of_file(path,
                            too_large ? "larger than 1 MiB; this is no configuration"
                            : missing ? "no such file"
                                      : content.error().message,
                            errors);
  }
  if (auto root = read_yaml(*content, path.string(), Lines::kShown, errors)) {
    layers.push_back({layer, std::move(*root)});
  }
}

/// nestbox.d/*.yaml beside the file, by name.
std::vector<fs::path> drop_ins(const fs::path& file, std::vector<ConfigError>& errors) {
  const auto folder = file.parent_path() / "nestbox.d";
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const auto name = entry->path().filename().string();
    if (name[0] != '.' && entry->path().extension() == ".yaml") found.push_back(entry->path());
    if (found.size() > kDropInsMax) {
      complain_of_file(folder, fmt::format("holds more than {} files", kDropInsMax), errors);
      return {};
    }
  }
  if (error && error != std::errc::no_such_file_or_directory) complain_of_file(folder, error.message(), errors);
  std::sort(found.begin(), found.end());
  return found;
}

/// The key whose variable this is; empty for none.
std::string key_of_variable(const std::string& variable) {
  if (variable == variable_name(kNight)) return std::string(kNight);
  for (const auto& binding : bindings()) {
    if (variable_name(binding.key) == variable) return binding.key;
  }
  return "";
}

std::string nearest_variable(const std::string& variable) {
  std::vector<std::string> known;
  for (const auto& binding : bindings()) known.push_back(variable_name(binding.key));
  return nearest_word(variable, known);
}

Node at_path(std::string_view key, Node value, const Where& where) {
  const auto dot = key.rfind('.');
  auto map = map_node();
  map.where = where;
  map.keys.push_back({std::string(dot == std::string_view::npos ? key : key.substr(dot + 1)), where});
  map.items.push_back(std::move(value));
  return dot == std::string_view::npos ? map : at_path(key.substr(0, dot), std::move(map), where);
}

Form form_of(std::string_view key) {
  if (const auto* const binding = find_binding(key)) return binding->form;
  const auto outputs = std::string(kOutputs) + ".";
  if (key.substr(0, outputs.size()) != outputs) return Form::kValue;
  for (const auto& field : output_fields()) {
    if (key.substr(key.rfind('.') + 1) == field.name) return field.form;
  }
  return Form::kValue;
}

}  // namespace

std::optional<Node> tree_of(std::string_view key, std::string_view value, const std::string& place,
                            std::vector<ConfigError>& errors) {
  const Where where{place, 0, 0};
  const bool well_formed = !key.empty() && key.size() <= 200 && key.front() != '.' && key.back() != '.' &&
                           key.find("..") == std::string_view::npos && std::all_of(key.begin(), key.end(), [](char c) {
                             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                    c == '.' || c == '_' || c == '-';
                           });
  if (!well_formed) {
    errors.push_back({ConfigErrorCode::kUnknownKey, place, echo(key), "is no key", "", ""});
    return std::nullopt;
  }
  std::vector<ConfigError> problems;
  auto node = read_yaml(value, place, Lines::kOne, problems);
  const bool readable = node && problems.empty();
  const bool quoted_text = !value.empty() && (value[0] == '"' || value[0] == '\'');
  const bool scalar = readable && (node->is_scalar() || node->is_null());
  if (form_of(key) == Form::kText && !scalar && !quoted_text && value.find_first_of("\n\r") == std::string_view::npos) {
    // "{name} at {time}" is a text to everybody but YAML. What read_yaml refused as bytes is refused by the field.
    std::vector<ConfigError> in_quotes;
    if (auto as_text = read_yaml(double_quoted(value), place, Lines::kOne, in_quotes)) {
      node = std::move(as_text);
      problems.clear();
    }
  }
  if (!node || !problems.empty()) {
    for (auto& problem : problems) {
      problem.key = problem.key.empty() ? std::string(key) : fmt::format("{}.{}", key, problem.key);
      errors.push_back(std::move(problem));
    }
    return std::nullopt;
  }
  node->where = where;
  return at_path(key, std::move(*node), where);
}

ReadLayers read_files(const Sources& sources, std::vector<ConfigError>& errors) {
  ReadLayers layers;
  if (!sources.file) return layers;
  read_layer(*sources.file, Layer::kFile, layers.below, errors);
  for (const auto& path : drop_ins(*sources.file, errors)) read_layer(path, Layer::kDropIn, layers.below, errors);
  return layers;
}

void read_environment_and_options(const Sources& sources, ReadLayers& layers, std::vector<ConfigError>& errors) {
  const auto add = [&](Layer layer, std::string_view key, std::string_view value, const std::string& place) {
    if (auto tree = tree_of(key, value, place, errors)) layers.above.push_back({layer, std::move(*tree)});
  };
  for (const auto& [variable, value] : sources.environment) {
    if (variable.compare(0, kPrefix.size(), kPrefix) != 0) continue;
    const auto key = key_of_variable(variable);
    if (!key.empty()) {
      add(Layer::kEnvironment, key, value, variable);
      continue;
    }
    errors.push_back(
        {ConfigErrorCode::kUnknownKey, variable, "", "no setting has this variable", "", nearest_variable(variable)});
  }
  for (const auto& option : sources.set_options) {
    const auto equals = option.find('=');
    const auto key = option.substr(0, equals);
    if (equals == std::string::npos) {
      errors.push_back({ConfigErrorCode::kBadValue, "--set", "", fmt::format("{} has no \"=\"", echo(key)), "KEY=VALUE",
                        nearest_key(key)});
      continue;
    }
    add(Layer::kOption, key, std::string_view(option).substr(equals + 1), "--set " + key);
  }
  if (sources.source) add(Layer::kOption, "camera.source", double_quoted(*sources.source), "--source");
}

}  // namespace nestbox::config
