#include "bindings.h"

#include <fmt/format.h>

#include <algorithm>

#include "nestbox/base/assert.h"

namespace nestbox::config {
namespace {

constexpr std::string_view kNotByNight[] = {"source", "allow_simulated", "width", "height", "analysis_width"};

std::string path_of(const std::string& section, const std::string& name) {
  return section.empty() ? name : section + "." + name;
}

template <class S>
Binding describe(const std::string& section, const Field<S>& field) {
  Binding binding;
  binding.key = path_of(section, field.name);
  binding.section = section;
  binding.name = field.name;
  binding.stages = field.stages;
  binding.allowed = field.allowed;
  binding.help = field.help;
  binding.example = field.example;
  binding.form = field.form;
  return binding;
}

void add_general(std::vector<Binding>& all, const Field<Options>& field) {
  auto binding = describe("", field);
  binding.read = [field](const Node& node, Draft& draft, const Reading& reading) {
    field.read(node, draft.options, reading);
  };
  binding.write = field.write;
  all.push_back(std::move(binding));
}

template <class S>
void add_section(std::vector<Binding>& all, const std::string& section, S Options::*member,
                 const std::vector<Field<S>>& fields) {
  for (const auto& field : fields) {
    auto binding = describe(section, field);
    binding.read = [=](const Node& node, Draft& draft, const Reading& reading) {
      field.read(node, draft.options.*member, reading);
    };
    binding.write = [=](const Options& options) { return field.write(options.*member); };
    all.push_back(std::move(binding));
  }
}

void add_night(std::vector<Binding>& all) {
  const Options defaults;
  for (const auto& field : camera_fields()) {
    if (!refused_at_night(field.name).empty()) continue;
    auto binding = describe(std::string(kNight), field);
    const auto by_night = to_flow_yaml(field.write(defaults.camera_at_night));
    const bool differs = by_night != to_flow_yaml(field.write(defaults.camera));
    binding.shown = differs ? Shown::kAlways : Shown::kWhenSet;
    binding.read = [field](const Node& node, Draft& draft, const Reading& reading) {
      CameraOptions checked;
      field.read(node, checked, reading);
      draft.night[field.name] = node;
    };
    binding.write = [field](const Options& options) { return field.write(options.camera_at_night); };
    all.push_back(std::move(binding));
  }
}

std::vector<Binding> make_bindings() {
  std::vector<Binding> all;
  for (const auto& field : general_fields()) add_general(all, field);
  add_section(all, "camera", &Options::camera, camera_fields());
  add_night(all);
  add_section(all, "day_night", &Options::day_night, day_night_fields());
  add_section(all, "gpio", &Options::gpio, gpio_fields());
  add_general(all, privacy_field());
  add_section(all, "encoder", &Options::encoder, encoder_fields());
  add_section(all, "audio", &Options::audio, audio_fields());
  add_section(all, "overlay", &Options::overlay, overlay_fields());
  add_section(all, "motion", &Options::motion, motion_fields());
  add_section(all, "triggers", &Options::triggers, trigger_fields());
  add_section(all, "visits", &Options::visits, visit_fields());
  add_section(all, "live", &Options::live, live_fields());
  add_section(all, "retain", &Options::retain, retain_fields());
  add_section(all, "web", &Options::web, web_fields());
  add_section(all, "control", &Options::control, control_fields());
  add_section(all, "paths", &Options::paths, paths_fields());
  add_section(all, "log", &Options::log, log_fields());
  return all;
}

/// What stands directly in a section, or at the top: keys and sections.
std::vector<std::string> names_in(const std::string& section) {
  std::vector<std::string> names;
  const auto prefix = section.empty() ? "" : section + ".";
  for (const auto& binding : bindings()) {
    if (binding.key.compare(0, prefix.size(), prefix) != 0) continue;
    const auto rest = binding.key.substr(prefix.size());
    const auto name = rest.substr(0, rest.find('.'));
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

std::string_view last_part(std::string_view key) {
  const auto dot = key.rfind('.');
  return dot == std::string_view::npos ? key : key.substr(dot + 1);
}

}  // namespace

const std::vector<Binding>& bindings() {
  static const auto all = make_bindings();
  return all;
}

const Binding* find_binding(std::string_view key) {
  const auto found =
      std::find_if(bindings().begin(), bindings().end(), [&](const auto& binding) { return binding.key == key; });
  return found == bindings().end() ? nullptr : &*found;
}

bool is_section(std::string_view path) {
  return std::any_of(bindings().begin(), bindings().end(), [&](const auto& binding) {
    return binding.key.size() > path.size() && binding.key[path.size()] == '.' &&
           binding.key.compare(0, path.size(), path) == 0;
  });
}

std::string refused_at_night(std::string_view field) {
  if (std::find(std::begin(kNotByNight), std::end(kNotByNight), field) == std::end(kNotByNight)) return "";
  if (field == "source" || field == "allow_simulated") return "the source is the same by day and by night";
  return "the size of the picture is the same by day and by night, or the stream would break off at dusk";
}

std::string nearest_key(std::string_view key) {
  const auto dot = key.rfind('.');
  const auto parent = dot == std::string_view::npos ? std::string() : std::string(key.substr(0, dot));
  if (parent.empty() || is_section(parent)) {
    const auto name = nearest_word(last_part(key), names_in(parent));
    if (!name.empty()) return path_of(parent, name);
  } else {
    std::vector<std::string> known;
    for (const auto& binding : bindings()) known.push_back(binding.key);
    if (auto whole = nearest_word(key, known); !whole.empty()) return whole;
  }
  for (const auto& binding : bindings()) {
    if (binding.name == last_part(key) && binding.section != kNight) return binding.key;
  }
  return "";
}

std::string variable_name(std::string_view key) {
  std::string name = "NESTBOX_";
  for (const char c : key) name += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return name;
}

Draft default_draft() {
  Draft draft;
  for (const auto& binding : bindings()) {
    if (binding.section == kNight && binding.shown == Shown::kAlways) {
      draft.night[binding.name] = binding.write(draft.options);
    }
  }
  finish(draft);
  NESTBOX_ASSERT(draft.options == Options());
  return draft;
}

void finish(Draft& draft) {
  draft.options.camera_at_night = draft.options.camera;
  for (const auto& field : camera_fields()) {
    const auto said = draft.night.find(field.name);
    if (said == draft.night.end()) continue;
    std::vector<ConfigError> errors;
    field.read(said->second, draft.options.camera_at_night, Reading("", errors));
  }
}

}  // namespace nestbox::config
