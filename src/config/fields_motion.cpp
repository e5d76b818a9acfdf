#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "fields.h"

namespace nestbox::config {
namespace {

constexpr Stages kMotion{Stage::kMotion};

Codec<MotionPreset> preset() {
  static const std::vector<std::string> kWords{"nest-box", "feeder", "garden"};  // in the order of MotionPreset
  const auto words = word(kWords);
  return {words.allowed,
          [=](const Node& node, MotionPreset& out, const Reading& reading) {
            auto read = kWords[static_cast<std::size_t>(out)];
            words.read(node, read, reading);
            out = static_cast<MotionPreset>(std::find(kWords.begin(), kWords.end(), read) - kWords.begin());
          },
          [=](const MotionPreset& value) { return words.write(kWords[static_cast<std::size_t>(value)]); }};
}

std::optional<TextProblem> zone_name_problem(const std::string& name) {
  const bool letters = std::all_of(name.begin(), name.end(),
                                   [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
  if (letters && !name.empty() && name.size() <= 32) return std::nullopt;
  return TextProblem{"is no name for a zone"};
}

Codec<std::vector<MotionZone>> zones() {
  using Z = MotionZone;
  const auto corners = list("a list of 3 to 32 corners [x, y]", point(), 3, 32);
  const auto name = text("1 to 32 of a-z, 0-9 and -", zone_name_problem);
  const auto zone = map_of("{name: NAME, watch: true, polygon: [[x, y], ...]}",
                           std::vector<Field<Z>>{required(field("name", &Z::name, name, {}, "")),
                                                 field("watch", &Z::watch, boolean(), {}, ""),
                                                 required(field("polygon", &Z::polygon, corners, {}, ""))});
  auto all = list("a list of up to 16 zones {name: NAME, watch: true, polygon: [[x, y], ...]}", zone, 0, 16);
  const auto read_any = all.read;
  all.read = [=, allowed = all.allowed](const Node& node, std::vector<Z>& out, const Reading& reading) {
    read_any(node, out, reading);
    std::set<std::string> names;
    for (std::size_t i = 0; i < out.size() && i < node.items.size(); ++i) {
      if (out[i].name.empty() || names.insert(out[i].name).second) continue;
      reading.below(fmt::format("[{}]", i)).complain(node.items[i], "has the name of another zone", allowed);
    }
  };
  return all;
}

}  // namespace

std::vector<Field<MotionOptions>> motion_fields() {
  using M = MotionOptions;
  return {
      field("enabled", &M::enabled, boolean(), kMotion, "Whether motion is looked for at all."),
      field("preset", &M::preset, preset(), kMotion,
            "What the camera looks at: the inside of a nest box, animals close by, or a garden with leaves and rain."),
      field("sensitivity", &M::sensitivity, integer(0, 100), kMotion,
            "50 is right for most boxes; higher notices fainter animals, and more of what is none."),
      field("min_area", &M::min_area, real(0.0001, 1), kMotion,
            "Share of the picture that moves at least: 0.002 is a great tit in the garden's middle."),
      field("min_duration", &M::min_duration, duration(milliseconds(0), std::chrono::seconds(10)), kMotion,
            "How long something moves before it is an event."),
      field("zones", &M::zones, zones(), kMotion,
            "Parts of the picture with names. With one to watch, what lies in none is not looked at; with watch: false "
            "a part is left out.",
            "[{name: hole, polygon: [[0.4, 0.3], [0.6, 0.3], [0.6, 0.6], [0.4, 0.6]]}]"),
  };
}

}  // namespace nestbox::config
