#include "settings_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <vector>

namespace nestbox::cli {
namespace {

/// A list or a single value as words; nothing for null.
std::string joined(const Json& value) {
  if (value.is_null()) return "";
  if (!value.is_array()) return value_text(value);
  std::vector<std::string> words;
  for (const auto& item : value) words.push_back(value_text(item));
  return fmt::format("{}", fmt::join(words, ", "));
}

/// A text that may have several lines, each printable, the later ones indented.
std::string lines_of(const Json& object, const char* key) {
  const auto& value = member(object, key);
  if (!value.is_string()) return "";
  std::istringstream in(value.get_ref<const std::string&>());
  std::string text;
  for (std::string line; std::getline(in, line);) text += (text.empty() ? "" : "\n         ") + printable(line);
  return text;
}

std::string labelled(const char* label, const std::string& text) {
  return text.empty() ? "" : fmt::format("  {:<9} {}\n", fmt::format("{}:", label), text);
}

}  // namespace

std::string settings_text(const Json& body, const Style& style) {
  std::vector<Row> rows{{"KEY", "VALUE", "DEFAULT", "FROM"}};
  for (const auto& setting : list_of(body, "settings")) {
    rows.push_back({text_of(setting, "key"), value_text(member(setting, "value")),
                    value_text(member(setting, "default")), text_of(setting, "from")});
  }
  auto text = table(rows);
  const auto heading_end = text.find('\n');
  return style.faint(text.substr(0, heading_end)) + text.substr(heading_end);
}

std::string one_setting_text(const Json& body, const Style& style) {
  const auto& settings = list_of(body, "settings");
  if (settings.size() != 1) return settings_text(body, style);
  const auto& setting = settings.front();
  return fmt::format("{} = {}\n", text_of(setting, "key"), style.strong(value_text(member(setting, "value")))) +
         labelled("default", value_text(member(setting, "default"))) + labelled("from", text_of(setting, "from")) +
         labelled("allowed", text_of(setting, "allowed")) + labelled("touches", joined(member(setting, "stage"))) +
         labelled("what", text_of(setting, "help"));
}

std::string differences_text(const Json& body) {
  std::vector<Row> rows;
  for (const auto& change : list_of(body, "changes")) {
    const auto held_by = text_of(change, "held_by");
    rows.push_back({text_of(change, "key"), value_text(member(change, "was")), "->",
                    value_text(member(change, "value")) + (held_by.empty() ? "" : "  (overruled by " + held_by + ")")});
  }
  return rows.empty() ? "Nothing was changed by set: the box runs as its files say.\n" : table(rows);
}

std::string changed_text(const Json& body, const std::string& nothing) {
  const auto& changed = list_of(body, "changed");
  std::string text = changed.empty() ? nothing + '\n' : fmt::format("Changed: {}.\n", joined(changed));
  if (const auto& rebuilt = list_of(body, "rebuilt"); !rebuilt.empty()) {
    text += fmt::format("Took effect in: {}.\n", joined(rebuilt));
  }
  for (const auto& note : list_of(body, "notes")) text += fmt::format("Note: {}\n", value_text(note));
  return text;
}

std::string error_text(const Json& body) {
  const auto& error = member(body, "error");
  const auto message = lines_of(error, "message");
  return fmt::format("nestbox: {}\n", message.empty() ? "the daemon says that it failed, and not why" : message) +
         labelled("key", text_of(error, "key")) + labelled("allowed", joined(member(error, "allowed"))) +
         labelled("nearest", text_of(error, "nearest"));
}

}  // namespace nestbox::cli
