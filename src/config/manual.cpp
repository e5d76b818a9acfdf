#include <fmt/format.h>

#include <algorithm>

#include "bindings.h"
#include "nestbox/base/roff.h"
#include "nestbox/config/settings.h"
#include "reference.h"

namespace nestbox {

using namespace config;

namespace {

constexpr std::string_view kHead = R"(.SH NAME
nestbox.yaml \- configuration of nestboxd, the camera daemon of a nest box
.SH DESCRIPTION
Every setting has a default, so the shortest useful file is empty. The service reads
.I /etc/nestbox/nestbox.yaml
and, after it,
.IR /etc/nestbox/nestbox.d/*.yaml
in the order of their names; maps merge, lists replace. Above these files stand what
.B nestbox set
changed while the daemon ran, then environment variables, then
.B \-\-set
and
.BR \-\-source .
.PP
.B nestboxd \-\-config FILE \-\-check\-config
names every mistake with its line and what would be right,
.B systemctl reload nestbox
has the daemon read the files again. A file with every setting and its default is
.IR /usr/share/doc/nestbox/examples/nestbox.yaml .
.PP
Durations are written 500ms, 10s, 5m, 1h, 7d or 11h50m, bit rates 2500k or 4M, sizes 200M or 2G, shares 10%, times of day "22:00" in local time, places on
the picture [0.5, 0.5] from its top left corner. Stream keys never stand in these files:
.BR "nestbox key set NAME" .
)";

std::string tagged(const std::string& key, const std::string& help, const std::string& rest) {
  return fmt::format(".TP\n{}\n{}\n.br\n{}\n", roff_bold(key), roff_text(help), rest);
}

/// "Default: 30. Allowed: a whole number, 1 to 120. Touches: camera."
std::string facts(const std::string& by_default, const std::string& allowed, const std::string& example,
                  Stages stages) {
  auto text = fmt::format("Default: {}. Allowed: {}.", roff_text(by_default), roff_text(allowed));
  if (!example.empty()) text += fmt::format(" For example: {}.", roff_text(example));
  return text + fmt::format(" Touches: {}.", roff_text(stages_text(stages)));
}

std::string about_outputs() {
  std::string text;
  for (const auto& field : output_fields()) {
    const auto by_default =
        field.need == Need::kRequired ? "none, it must be given" : to_flow_yaml(field.write(OutputOptions{}));
    text += tagged(fmt::format("{}.NAME.{}", kOutputs, field.name), field.help,
                   facts(by_default, field.allowed, field.example, field.stages));
  }
  return text;
}

std::string heading(const std::string& section) {
  const auto name = section.empty() ? std::string("at the top") : section;
  const auto text = std::string(section_text(section));
  return fmt::format(".SS {}\n{}", roff_text(name), text.empty() ? text : roff_text(text) + '\n');
}

}  // namespace

std::string configuration_manual() {
  auto text = fmt::format(".TH NESTBOX.YAML 5 \"\" \"\" nestbox\n{}.SH SETTINGS\n", kHead);
  const Options defaults;
  std::string section = "none";
  for (const auto& binding : bindings()) {
    if (binding.section != section) text += heading(section = binding.section);
    const auto by_default = binding.shown == Shown::kAlways ? to_flow_yaml(binding.write(defaults)) : "as by day";
    text += tagged(binding.key, binding.help, facts(by_default, binding.allowed, binding.example, binding.stages));
    if (binding.key == kOutputs) text += about_outputs();
  }
  return text + ".SH SEE ALSO\nnestboxd(8), nestbox(1)\n";
}

}  // namespace nestbox
