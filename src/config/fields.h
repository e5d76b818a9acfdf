#pragma once
/// The fields of each section: name, type, range, what a change touches, and what it is for, in one place each.
#include <functional>
#include <string>
#include <vector>

#include "codec.h"
#include "nestbox/config/settings.h"
#include "nestbox/options/options.h"

namespace nestbox::config {

enum class Need : std::uint8_t { kMayMiss, kRequired };

/// One field of the struct S.
template <class S>
struct Field {
  std::string name;
  Stages stages;
  std::string allowed;
  std::string help;     ///< what it is for, in a sentence
  std::string example;  ///< a value worth showing where the default says little; may be empty
  Form form = Form::kValue;
  Need need = Need::kMayMiss;  ///< in a list of maps; the fields of a section all have defaults
  std::function<void(const Node&, S&, const Reading&)> read;
  std::function<Node(const S&)> write;
};

template <class S, class T>
Field<S> field(std::string name, T S::*member, Codec<T> codec, Stages stages, std::string help,
               std::string example = "") {
  return {std::move(name),
          stages,
          codec.allowed,
          std::move(help),
          std::move(example),
          codec.form,
          Need::kMayMiss,
          [=](const Node& node, S& out, const Reading& reading) { codec.read(node, out.*member, reading); },
          [=](const S& from) { return codec.write(from.*member); }};
}

template <class S>
Field<S> required(Field<S> field) {
  field.need = Need::kRequired;
  return field;
}

template <class S>
std::vector<std::string> names_of(const std::vector<Field<S>>& fields) {
  std::vector<std::string> names;
  for (const auto& field : fields) names.push_back(field.name);
  return names;
}

/// Reads the members of a map into `out`; what the map does not name stays.
template <class S>
void read_members(const Node& node, const std::vector<Field<S>>& fields, S& out, const Reading& reading) {
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const auto& key = node.keys[i];
    const auto below = reading.below("." + key.text);
    bool known = false;
    for (const auto& field : fields) {
      if (field.name != key.text) continue;
      known = true;
      field.read(node.items[i], out, below);
    }
    if (!known) {
      below.complain(ConfigErrorCode::kUnknownKey, key.where, "no such key", "",
                     nearest_word(key.text, names_of(fields)));
    }
  }
}

/// A map with the fields of S.
template <class S>
Codec<S> map_of(std::string allowed, std::vector<Field<S>> fields) {
  return {allowed,
          [=](const Node& node, S& out, const Reading& reading) {
            if (!node.is_map()) return reading.complain(node, "is not a map", allowed);
            read_members(node, fields, out, reading);
            for (const auto& field : fields) {
              if (field.need == Need::kRequired && node.find(field.name) == nullptr) {
                reading.below("." + field.name).complain(node, "is missing", field.allowed);
              }
            }
          },
          [=](const S& from) {
            auto node = map_node();
            for (const auto& field : fields) node.put(field.name, field.write(from));
            return node;
          }};
}

std::vector<Field<Options>> general_fields();  ///< name, location, time_zone
std::vector<Field<CameraOptions>> camera_fields();
std::vector<Field<DayNightOptions>> day_night_fields();
std::vector<Field<GpioOptions>> gpio_fields();
Field<Options> privacy_field();
std::vector<Field<EncoderOptions>> encoder_fields();
std::vector<Field<AudioOptions>> audio_fields();
std::vector<Field<OverlayOptions>> overlay_fields();
std::vector<Field<MotionOptions>> motion_fields();
std::vector<Field<TriggerOptions>> trigger_fields();
std::vector<Field<VisitOptions>> visit_fields();
std::vector<Field<LiveOptions>> live_fields();
std::vector<Field<OutputOptions>> output_fields();  ///< of one of live.outputs
std::vector<Field<RetainOptions>> retain_fields();
std::vector<Field<WebOptions>> web_fields();
std::vector<Field<ControlOptions>> control_fields();
std::vector<Field<PathsOptions>> paths_fields();
std::vector<Field<LogOptions>> log_fields();

}  // namespace nestbox::config
