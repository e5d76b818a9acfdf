#include <fmt/format.h>

#include <algorithm>

#include "bindings.h"
#include "nestbox/config/settings.h"
#include "reference.h"

namespace nestbox {

using namespace config;

namespace {

constexpr std::string_view kReferenceHead = R"(# Configuration

<!-- Made from the bindings in src/config. Do not edit; after a change there:
     ninja -C build/dev config_reference && build/dev/bin/config_reference reference > docs/configuration.md -->

Every setting has a default, so the shortest useful file is empty. [`config/nestbox.yaml`](../config/nestbox.yaml) has
them all, with the defaults. `nestboxd --config FILE --check-config` says what is wrong with a file, and
`--print-config` prints every setting with its value, its default and who said so.

## Where settings come from

From the lowest to the highest; a higher one wins:

1. the defaults on this page
2. the file named by `--config`
3. drop-ins: `nestbox.d/*.yaml` beside that file, in the order of their names
4. `settings.yaml` in the folder `paths.state`: what `nestbox set KEY VALUE` changed while the daemon ran
5. environment variables: `NESTBOX_` and the key in capitals, with `_` for each dot
6. `--set KEY=VALUE`, and `--source SPEC` for `camera.source`

Maps merge, lists replace. Below `live.outputs` a map changes outputs of the layers below by name, for example
`outputs: {youtube: {enabled: false}}`; `nestbox set live.outputs.youtube.enabled false` does the same.
Values of variables, `--set` and `nestbox set` are YAML on one line; for a text, quotes may be left out. A key that
a variable or an option holds cannot be changed by `nestbox set`. Of a file that is wrong nothing is used: the daemon does
not start with it, and a reload keeps the settings in effect. A damaged `settings.yaml` never stops the daemon: the last
good copy, `settings.yaml.bak`, is used, and `nestbox status` says so.

## How values are written

| what | for example | |
|---|---|---|
| duration | `500ms` `10s` `5m` `1h` `7d` `11h50m` | the unit is always written |
| bit rate | `2500k` `4M` | bits a second |
| size | `200M` `2G` | bytes; `K` `M` `G` `T`, each 1000 of the one before |
| share | `0.2%` `10%` | |
| light | `5 lx` `0.5 lx` | lux |
| truth | `true` `false`, or `yes` `no` `on` `off` | |
| time of day | `"22:00"` | local time |
| place on the picture | `[0.5, 0.5]` | from 0 to 1, from the top left corner |
| part of the picture | `[0.25, 0.25, 0.75, 0.75]` | left, top, right, bottom |

Files are UTF-8 and up to 1 MiB; tabs, tags, merge keys (`<<`) and second documents are refused, and a key given twice is an
error.

## Secrets

Stream keys never stand in these files. `nestbox key set NAME` stores the key of the output NAME where only the daemon
reads it; `key_file` names a file of your own that nobody else can read. An address that carries a key or a password is
an error.

## What a change touches

Nothing but the part that is named after each setting: **overlay** and **picture** between two frames, **camera** by opening it
anew, **encoder** at once for the bit rate and by a new encoder for the rest, **motion** between two frames, **visits** at once (a visit
in progress goes on), **lines** at once, **outputs** where the setting is theirs, **page** by opening it anew, **log** at once, **start** at the next start of the daemon only.
)";

constexpr std::string_view kSampleHead =
    R"(# nestbox: every setting with its default. The shortest useful file is empty: keep the lines that you change.
# Made from the bindings in src/config. After a change there:
#   ninja -C build/dev config_reference && build/dev/bin/config_reference sample > config/nestbox.yaml
#
# Durations 500ms 10s 5m 1h 7d 11h50m. Bit rates 2500k 4M. Sizes 200M 2G. Shares 0.2% 10%.
# Stream keys never stand here: nestbox key set NAME.
# Check it with: nestboxd --config nestbox.yaml --check-config
)";

struct SectionText {
  std::string_view name, text;
};
constexpr SectionText kSections[] = {
    {"camera", "Where the picture comes from and what it looks like."},
    {"camera.night", kNightHelp},
    {"day_night", "When it is day and when it is night, and what is moved and lit then."},
    {"gpio",
     "What is wired to the pins. active says which level means something, bias what an open line rests at, and a "
     "level counts when it was stable for debounce."},
    {"encoder", "From pictures to H.264."},
    {"audio", "The sound of the stream."},
    {"overlay", "Text on the picture."},
    {"motion", "What is taken for movement."},
    {"triggers", "What begins something."},
    {"visits", "What is kept of each visit."},
    {"live", "The live stream."},
    {"retain", "How long recordings are kept. Visits themselves, their times and notes, are kept for ever."},
    {"web", "The page in the browser."},
    {"control", "The nestbox command's way to the daemon."},
    {"paths", "Folders."},
    {"log", "The journal."},
};

/// Breaks a text into comment lines of up to 110 columns.
std::string comment(const std::string& indent, std::string_view text) {
  constexpr std::size_t kWidth = 110;
  std::string out;
  std::string line;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    if (!line.empty() && indent.size() + line.size() + word.size() + 3 > kWidth) {
      out += indent + "# " + line + '\n';
      line.clear();
    }
    line += (line.empty() ? "" : " ") + std::string(word);
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  return out + indent + "# " + line + '\n';
}

std::string describe_key(const std::string& level, const std::string& key, const std::string& help,
                         const std::string& by_default, const std::string& allowed, const std::string& example,
                         const std::string& variable, Stages stages) {
  auto text = fmt::format("\n{} `{}`\n\n{}\n\n- default: {}\n- allowed: {}\n", level, key, help, by_default, allowed);
  if (!example.empty()) text += fmt::format("- for example: `{}`\n", example);
  if (!variable.empty()) text += fmt::format("- variable: `{}`\n", variable);
  return text + fmt::format("- touches: {}\n", stages_text(stages));
}

/// Angle brackets and pipes mean something to Markdown outside of code.
std::string as_code(const std::string& text) {
  return fmt::format("`{}`", text);
}

std::string reference_of_night() {
  std::string text = fmt::format(
      "\n### `{0}`\n\n{1}\n\n- variable: `{2}`, for a map of them\n\n| key | default | variable |\n"
      "|---|---|---|\n",
      kNight, kNightHelp, variable_name(kNight));
  const Options defaults;
  for (const auto& binding : bindings()) {
    if (binding.section != kNight) continue;
    const auto value = binding.shown == Shown::kAlways ? as_code(to_flow_yaml(binding.write(defaults))) : "as by day";
    text += fmt::format("| `{}` | {} | `{}` |\n", binding.key, value, variable_name(binding.key));
  }
  return text;
}

std::string reference_of_outputs() {
  std::string text;
  for (const auto& field : output_fields()) {
    const auto by_default =
        field.need == Need::kRequired ? "none, it must be given" : as_code(to_flow_yaml(field.write(OutputOptions{})));
    text += describe_key("####", fmt::format("{}.NAME.{}", kOutputs, field.name), field.help, by_default,
                         as_code(field.allowed), field.example, "", field.stages);
  }
  return text;
}

}  // namespace

namespace config {

std::string_view section_text(std::string_view section) {
  for (const auto& known : kSections) {
    if (known.name == section) return known.text;
  }
  return "";
}

std::string stages_text(Stages stages) {
  std::string text;
  for (const auto stage : kEveryStage) {
    if (stages.contains(stage)) text += fmt::format("{}{}", text.empty() ? "" : ", ", stage_text(stage));
  }
  return text.empty() ? "nothing" : text;
}

}  // namespace config

std::string configuration_reference() {
  std::string text(kReferenceHead);
  const Options defaults;
  std::string section = "none";
  for (const auto& binding : bindings()) {
    if (binding.section == kNight) {
      if (section != kNight) text += reference_of_night();
      section = binding.section;
      continue;
    }
    if (binding.section != section) {
      section = binding.section;
      text += section.empty() ? "\n## At the top\n" : fmt::format("\n## {}\n\n{}\n", section, section_text(section));
    }
    text += describe_key("###", binding.key, binding.help, as_code(to_flow_yaml(binding.write(defaults))),
                         as_code(binding.allowed), binding.example, variable_name(binding.key), binding.stages);
    if (binding.key == kOutputs) text += reference_of_outputs();
  }
  return text;
}

std::string configuration_sample() {
  std::string text(kSampleHead);
  const Options defaults;
  std::string section;
  for (const auto& binding : bindings()) {
    if (binding.shown == Shown::kWhenSet) continue;
    const std::string indent = binding.section.empty() ? "" : binding.section == kNight ? "    " : "  ";
    if (binding.section != section) {
      section = binding.section;
      const std::string outer = section == kNight ? "  " : "";
      if (!section.empty()) {
        text += '\n' + comment(outer, section_text(section)) + outer + (section == kNight ? "night" : section) + ":\n";
      }
    }
    if (section.empty()) text += '\n';
    text += comment(indent, binding.help) + comment(indent, "Allowed: " + binding.allowed);
    if (!binding.example.empty()) text += comment(indent, "For example: " + binding.name + ": " + binding.example);
    text += fmt::format("{}{}: {}\n", indent, binding.name, to_flow_yaml(binding.write(defaults)));
  }
  return text;
}

}  // namespace nestbox
