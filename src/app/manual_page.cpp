#include "manual_page.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <vector>

#include "nestbox/base/roff.h"

namespace nestbox {
namespace {

std::string full_name(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : full_name(*app.get_parent()) + ' ' + app.get_name();
}

bool is_word(const CLI::Option& option) {
  return option.get_positional();
}

/// "-o, --output FILE"
std::string option_names(const CLI::Option& option) {
  std::string text;
  const auto add = [&text](std::string_view dashes, const std::string& name) {
    text += (text.empty() ? "" : ", ") + roff_bold(std::string(dashes) + name);
  };
  for (const auto& name : option.get_snames()) add("-", name);
  for (const auto& name : option.get_lnames()) add("--", name);
  const auto value = option.get_type_size() == 0 ? "" : option.get_type_name();
  return value.empty() ? text : text + ' ' + roff_italic(value);
}

std::string options_of(const CLI::App& app) {
  std::string text;
  for (const auto* option : app.get_options()) {
    if (is_word(*option) || option->get_group().empty()) continue;
    const bool is_help = option == app.get_help_ptr() && app.get_parent() != nullptr;  // every command has it
    if (is_help) continue;
    text += fmt::format(".TP\n{}\n{}", option_names(*option), roff_text(option->get_description()));
    if (const auto by_default = option->get_default_str(); !by_default.empty()) {
      text += fmt::format(" (default: {})", roff_text(by_default));
    }
    text += '\n';
  }
  return text;
}

std::string words_of(const CLI::App& app) {
  std::string text;
  for (const auto* option : app.get_options()) {
    if (!is_word(*option)) continue;
    const auto word = roff_italic(option->get_name(true));
    text += option->get_required() ? ' ' + word : fmt::format(" [{}]", word);
  }
  return text;
}

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* command) { return !command->get_group().empty(); });
}

/// Commands that have commands of their own are their commands.
void add_command(const CLI::App& command, std::string& text) {
  const auto inner = commands_of(command);
  for (const auto* one : inner) add_command(*one, text);
  if (!inner.empty()) return;
  text += fmt::format(".TP\n{}{}\n{}.\n", roff_bold(full_name(command)), words_of(command),
                      roff_text(command.get_description()));
  for (const auto* option : command.get_options()) {
    if (!is_word(*option)) continue;
    text += fmt::format("{}: {}.\n", roff_italic(option->get_name(true)), roff_text(option->get_description()));
  }
  const auto options = options_of(command);
  if (!options.empty()) text += ".RS\n" + options + ".RE\n";
}

std::string paragraphs(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = text.find("\n\n");
    out += (out.empty() ? "" : ".PP\n") + roff_text(text.substr(0, end)) + '\n';
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
  }
  return out;
}

std::string files(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    const auto path = line.substr(0, line.find("  "));
    out += fmt::format(".TP\n{}\n{}\n", roff_italic(path), roff_text(line.substr(path.size() + 2)));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return out;
}

}  // namespace

std::string manual_page(const CLI::App& app, const ManualPage& page) {
  const auto& name = app.get_name();
  const auto commands = commands_of(app);
  auto text = fmt::format(".TH {0} {1} \"\" \"nestbox {2}\" nestbox\n.SH NAME\n{0} \\- {3}\n", name, page.section,
                          page.version, roff_text(page.what));
  text += fmt::format(".SH SYNOPSIS\n{} [\\fIOPTION\\fR]...{}{}\n", roff_bold(name), words_of(app),
                      commands.empty() ? "" : " \\fICOMMAND\\fR");
  text += ".SH DESCRIPTION\n" + paragraphs(page.description);
  text += ".SH OPTIONS\n" + options_of(app);
  if (!commands.empty()) text += ".SH COMMANDS\n";
  for (const auto* command : commands) add_command(*command, text);
  text += ".SH EXIT STATUS\n" + roff_text(page.exit_status) + '\n';
  text += ".SH FILES\n" + files(page.files);
  text += fmt::format(".SH SEE ALSO\n{}\n", roff_text(page.see_also));
  return text;
}

}  // namespace nestbox
