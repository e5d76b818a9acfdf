#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "fields.h"
#include "secret_url.h"

namespace nestbox::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr Stages kOutputStages{Stage::kOutputs};

std::optional<TextProblem> name_problem(const std::string& name) {
  const bool good = !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (good) return std::nullopt;
  return TextProblem{"is no name of an output"};
}

bool ends_with(std::string_view text, std::string_view ending) {
  return text.size() > ending.size() && text.substr(text.size() - ending.size()) == ending;
}

bool is_address(std::string_view url) {
  constexpr std::array<std::string_view, 7> kSchemes = {"rtmp://", "rtmps://", "srt://",  "udp://",
                                                        "tcp://",  "http://",  "https://"};
  constexpr std::array<std::string_view, 4> kEndings = {".flv", ".mkv", ".mp4", ".ts"};
  if (url.starts_with("file:") || url.starts_with("/")) {
    return std::any_of(kEndings.begin(), kEndings.end(), [&](auto ending) { return ends_with(url, ending); });
  }
  return std::any_of(kSchemes.begin(), kSchemes.end(), [&](auto scheme) {
    return url.starts_with(scheme) && url.size() > scheme.size() && url[scheme.size()] != '/';
  });
}

/// A text that is wrong may still have a secret in it: no complaint repeats it.
std::optional<TextProblem> url_problem(const std::string& url) {
  if (const auto secret = secret_in_url(url); !secret.empty()) {
    return TextProblem{fmt::format("carries a secret ({}): keep the address only, and give the key by: "
                                   "nestbox key set NAME",
                                   secret),
                       ConfigErrorCode::kSecret, false};
  }
  if (!is_address(url)) return TextProblem{"is no address to stream to", ConfigErrorCode::kBadValue, false};
  if (url.find(' ') != std::string::npos && url.find("://") != std::string::npos) {
    return TextProblem{"has a space in it", ConfigErrorCode::kBadValue, false};
  }
  return std::nullopt;
}

std::optional<TextProblem> key_file_problem(const std::string& path) {
  if (path.empty() || path[0] == '/') return std::nullopt;
  // Somebody may have put the key itself here.
  return TextProblem{"is no absolute path; a stream key itself is given by: nestbox key set NAME",
                     ConfigErrorCode::kBadValue, false};
}

Codec<LiveWhen> when() {
  const std::vector<std::string> words = {"never", "always", "visit", "manual", "schedule", "button"};
  const std::string allowed = "never | always | visit | manual | schedule | button, or a list of them";
  const auto one = word(words);
  const auto add = [](LiveWhen& when, const std::string& word) {
    when.always = when.always || word == "always";
    when.manual = when.manual || word == "manual";
    when.schedule = when.schedule || word == "schedule";
    when.visit = when.visit || word == "visit";
    when.button = when.button || word == "button";
  };
  return {allowed,
          [=](const Node& node, LiveWhen& out, const Reading& reading) {
            if (!node.is_list() && !node.is_scalar())
              return reading.complain(node, "is not one word or a list", allowed);
            LiveWhen value;
            const auto& entries = node.is_list() ? node.items : std::vector<Node>{node};
            for (const auto& entry : entries) {
              std::vector<ConfigError> errors;
              std::string text;
              one.read(entry, text, Reading(reading.key(), errors));
              for (auto& error : errors) {
                error.allowed = allowed;
                reading.take(std::move(error));
              }
              if (text == "never" && entries.size() > 1) {
                reading.complain(entry, "\"never\" stands beside other words", allowed);
              }
              add(value, text);
            }
            out = value;
          },
          [](const LiveWhen& value) {
            std::vector<Node> items;
            if (value.always) items.push_back(text_node("always"));
            if (value.manual) items.push_back(text_node("manual"));
            if (value.schedule) items.push_back(text_node("schedule"));
            if (value.visit) items.push_back(text_node("visit"));
            if (value.button) items.push_back(text_node("button"));
            if (items.empty()) return text_node("never");
            return items.size() == 1 ? items[0] : list_node(std::move(items));
          }};
}

Codec<Idle> idle() {
  const auto words = word({"slate", "off"});
  return {words.allowed,
          [=](const Node& node, Idle& out, const Reading& reading) {
            std::string text = out == Idle::kOff ? "off" : "slate";
            words.read(node, text, reading);
            out = text == "off" ? Idle::kOff : Idle::kSlate;
          },
          [=](const Idle& value) { return text_node(value == Idle::kOff ? "off" : "slate"); }};
}

Codec<std::vector<ScheduleSpan>> schedule() {
  const std::vector<Field<ScheduleSpan>> fields = {required(field("from", &ScheduleSpan::from, day_moment(), {}, "")),
                                                   required(field("to", &ScheduleSpan::to, day_moment(), {}, ""))};
  return list("a list of up to 24 spans {from: \"22:00\", to: \"06:30\"} or {from: dawn-10m, to: dusk+20m}",
              map_of("{from: \"22:00\", to: \"06:30\"} or {from: dawn-10m, to: dusk+20m}", fields), 0, 24);
}

/// Complains of keys put beside an output, and takes them out, so that they are not called unknown as well.
Node without_secrets(Node output, const Reading& reading) {
  for (const auto* const secret : {"key", "stream_key", "streamkey", "token", "password"}) {
    const auto found =
        std::find_if(output.keys.begin(), output.keys.end(), [&](const auto& key) { return key.text == secret; });
    if (found == output.keys.end()) continue;
    const auto* const name = output.find("name");
    reading.below("." + found->text)
        .complain(ConfigErrorCode::kSecret, found->where,
                  fmt::format("a secret does not stand in this file: remove it, and give it by: nestbox key set {}",
                              name != nullptr && !name_problem(name->text) ? name->text : "NAME"),
                  "", "");
    output.remove(secret);
  }
  return output;
}

/// A list, or a map that changes outputs of the layers below by name: {youtube: {enabled: false}}.
Codec<std::vector<OutputOptions>> outputs() {
  const auto fields = output_fields();
  const auto whole = list("a list of up to 8 outputs {name: NAME, url: ADDRESS, ...}",
                          map_of("{name: NAME, url: ADDRESS, ...}", fields), 0, 8);
  const auto read_list = [=](const Node& node, std::vector<OutputOptions>& out, const Reading& reading) {
    auto clean = node;
    for (std::size_t i = 0; i < clean.items.size(); ++i) {
      clean.items[i] = without_secrets(std::move(clean.items[i]), reading.below(fmt::format("[{}]", i)));
    }
    whole.read(clean, out, reading);
    std::set<std::string> seen;
    for (std::size_t i = 0; i < out.size() && i < node.items.size(); ++i) {
      if (out[i].name.empty() || seen.insert(out[i].name).second) continue;
      reading.below(fmt::format("[{}].name", i))
          .complain(ConfigErrorCode::kContradiction, node.items[i].where,
                    fmt::format("two outputs are called \"{}\"", out[i].name), "names that differ", "");
    }
  };
  const auto read_patch = [=](const Node& node, std::vector<OutputOptions>& out, const Reading& reading) {
    std::vector<std::string> names;
    for (const auto& output : out) names.push_back(output.name);
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
      const auto& key = node.keys[i];
      const auto below = reading.below("." + key.text);
      const auto output = std::find(names.begin(), names.end(), key.text);
      if (output == names.end()) {
        below.complain(ConfigErrorCode::kUnknownKey, key.where, "no output has this name", "",
                       nearest_word(key.text, names));
      } else if (!node.items[i].is_map()) {
        below.complain(node.items[i], "is not a map", "a map such as {enabled: false}");
      } else if (const auto* const name = node.items[i].find("name"); name != nullptr) {
        below.below(".name").complain(*name, "an output keeps its name", "live.outputs as a whole list");
      } else {
        read_members(without_secrets(node.items[i], below), fields,
                     out[static_cast<std::size_t>(output - names.begin())], below);
      }
    }
  };
  return {whole.allowed,
          [=](const Node& node, std::vector<OutputOptions>& out, const Reading& reading) {
            node.is_map() ? read_patch(node, out, reading) : read_list(node, out, reading);
          },
          whole.write};
}

}  // namespace

std::vector<Field<OutputOptions>> output_fields() {
  using O = OutputOptions;
  const auto where =
      "rtmp://, rtmps://, srt://, udp://, tcp://, http:// or https:// without the stream key, or file:PATH with a PATH "
      "that ends in .flv, .mkv, .mp4 or .ts";
  return {
      required(field("name", &O::name, text("lower-case letters, digits and hyphens, 1 to 32", name_problem),
                     kOutputStages, "What you call it; nestbox key set NAME stores its stream key.", "youtube")),
      required(field("url", &O::url, text(where, url_problem), kOutputStages,
                     "Where it streams to, without the stream key.", "\"rtmps://a.rtmps.youtube.com/live2\"")),
      field("key_file", &O::key_file,
            text("an absolute path, or \"\" for the key that nestbox key set stored", key_file_problem), kOutputStages,
            "A file with the stream key, readable by nobody else."),
      field("enabled", &O::enabled, boolean(), kOutputStages, "Whether it is used."),
      field("max_session", &O::max_session, duration_or_zero(minutes(1), hours(24 * 7), "unlimited"), kOutputStages,
            "When a session is ended and begun anew; YouTube keeps a recording of at most 12 hours."),
      field("ca_file", &O::ca_file, text("an absolute path, or \"\" for the system's", no_absolute_path), kOutputStages,
            "The certificate authority of a server of your own, as a PEM file."),
  };
}

std::vector<Field<LiveOptions>> live_fields() {
  using L = LiveOptions;
  return {
      field("when", &L::when, when(), kOutputStages,
            "When the outputs are live; with a list, when any of its words says so. visit: while somebody is there; "
            "manual: nestbox live start; button: a press of gpio.button, and the next one ends it.",
            "[visit, schedule]"),
      field("idle", &L::idle, idle(), kOutputStages,
            "What viewers get while not live: a still picture with the session kept up, or nothing."),
      field("min_on_air", &L::min_on_air, duration(milliseconds(0), hours(24)), kOutputStages,
            "With idle: off, how long a session lasts at least."),
      field("schedule", &L::schedule, schedule(), kOutputStages,
            "Times of day for when: schedule, in local time; past midnight where to is not after from. Dawn and dusk, "
            "sunrise and sunset are those over location.",
            "[{from: dawn-10m, to: dusk+20m}, {from: \"22:00\", to: \"02:00\"}]"),
      field(
          "outputs", &L::outputs, outputs(), kOutputStages,
          "Where the stream goes. In a drop-in, a map changes outputs of the files below by name: {youtube: {enabled: "
          "false}}.",
          "[{name: youtube, url: \"rtmps://a.rtmps.youtube.com/live2\"}]"),
  };
}

}  // namespace nestbox::config
