#include "show.h"

#include <fmt/format.h>

#include <algorithm>

namespace nestbox::config {
namespace {

Setting make_setting(std::string key, const Node& value, const Node& by_default, const Origin& origin) {
  Setting setting;
  setting.key = std::move(key);
  setting.value = to_flow_yaml(value);
  setting.default_value = to_flow_yaml(by_default);
  setting.value_json = to_json(value);
  setting.default_json = to_json(by_default);
  setting.layer = origin.layer;
  setting.where = origin.where;
  return setting;
}

/// A comment stays on its line whatever a file is called.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c >= 0 && c < ' '; }, '?');
  return text;
}

/// Opens the sections of `section` that `open` is not in yet, each on its own line.
void open_section(const std::string& section, std::string& open, std::string& out) {
  if (section == open) return;
  if (section == kNight) {
    out += "  night:\n";
  } else if (!section.empty()) {
    out += section + ":\n";
  }
  open = section;
}

std::size_t depth(const std::string& section) {
  return section.empty() ? 0 : 1 + static_cast<std::size_t>(std::count(section.begin(), section.end(), '.'));
}

}  // namespace

bool is_shown(const Binding& binding, const Laid& laid) {
  return binding.shown == Shown::kAlways || laid.draft.night.count(binding.name) > 0;
}

Setting show(const Binding& binding, const Laid& laid) {
  static const Options defaults;
  auto setting =
      make_setting(binding.key, binding.write(laid.options()), binding.write(defaults), laid.origin(binding.key));
  setting.allowed = binding.allowed;
  setting.help = binding.help;
  setting.stages = binding.stages;
  return setting;
}

std::vector<Setting> show_output(std::string_view key, const Laid& laid) {
  std::vector<Setting> settings;
  const auto prefix = std::string(kOutputs) + ".";
  if (key.substr(0, prefix.size()) != prefix) return settings;
  key.remove_prefix(prefix.size());
  const auto name = key.substr(0, key.find('.'));
  const auto wanted = name.size() == key.size() ? std::string_view() : key.substr(name.size() + 1);
  const auto& outputs = laid.options().live.outputs;
  const auto output = std::find_if(outputs.begin(), outputs.end(), [&](const auto& one) { return one.name == name; });
  if (output == outputs.end()) return settings;
  for (const auto& field : output_fields()) {
    if (!wanted.empty() && wanted != field.name) continue;
    const auto full = fmt::format("{}{}.{}", prefix, name, field.name);
    const auto by_name = laid.origins.find(full);
    const auto origin = by_name != laid.origins.end() ? by_name->second : laid.origin(kOutputs);
    auto setting = make_setting(full, field.write(*output), field.write(OutputOptions{}), origin);
    setting.allowed = field.allowed;
    setting.help = field.help;
    setting.stages = field.stages;
    settings.push_back(std::move(setting));
  }
  return settings;
}

std::string print_with_origins(const Laid& laid) {
  std::string out;
  std::string open;
  for (const auto& binding : bindings()) {
    if (!is_shown(binding, laid)) continue;
    open_section(binding.section, open, out);
    const auto setting = show(binding, laid);
    const std::string indent(2 * depth(binding.section), ' ');
    out += fmt::format("{}{}: {}", indent, binding.name, setting.value);
    out += setting.layer == Layer::kDefault
               ? "  # default\n"
               : one_line(fmt::format("  # {}; default {}", setting.where, setting.default_value)) + "\n";
  }
  return out;
}

}  // namespace nestbox::config
