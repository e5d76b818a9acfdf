#include "commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <string_view>
#include <utility>

#include "analyze.h"
#include "doctor.h"
#include "focus.h"
#include "format.h"
#include "nestbox/tune/control_client.h"
#include "new_password.h"
#include "picture_file.h"
#include "progress_line.h"
#include "replay.h"
#include "report.h"
#include "secret_prompt.h"
#include "settings_text.h"
#include "setup.h"
#include "setup_rules.h"
#include "status_text.h"
#include "visits.h"
#include "visits_text.h"

namespace nestbox::cli {
namespace {

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}
void complain(const std::string& text) {
  std::fflush(stdout);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

Result<tune::ControlClient> connect(const Invocation& invocation) {
  // The try of a connection may be silent for as long as a server lets it wait.
  constexpr std::chrono::seconds kQuick{15}, kLong{45};
  tune::ClientLimits limits;
  limits.silence = invocation.action == "test" || invocation.command == "day" ? kLong : kQuick;
  return tune::ControlClient::connect(invocation.socket, limits);
}

Call to_call(const Invocation& invocation) {
  Json arguments = Json::object();
  const auto text_or_null = [](const std::optional<std::string>& text) { return text ? Json(*text) : Json(nullptr); };
  const auto& command = invocation.command;
  if (command == "live") arguments = {{"action", invocation.action}, {"output", text_or_null(invocation.name)}};
  if (command == "key") arguments = {{"action", invocation.action}, {"name", text_or_null(invocation.name)}};
  if (command == "get" || command == "reset") arguments = {{"key", text_or_null(invocation.key)}};
  if (command == "set") arguments = {{"key", text_or_null(invocation.key)}, {"value", invocation.value}};
  if (command == "why") arguments = {{"id", invocation.visit}};
  if (command == "day") arguments = {{"day", text_or_null(invocation.since)}};
  if (command == "star") arguments = {{"id", invocation.visit}, {"starred", !invocation.off}};
  if (command == "note") arguments = {{"id", invocation.visit}, {"text", invocation.value}};
  if (command == "species") arguments = {{"id", invocation.visit}, {"name", invocation.value}};
  if (command == "sim") {
    arguments = {{"action", invocation.action}, {"line", text_or_null(invocation.name)}};
    if (invocation.action == "set") arguments["value"] = invocation.value == "1" ? 1 : 0;
  }
  return {command, arguments.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

// --- live test -----------------------------------------------------------------------------------------------------

std::string verdict_words(const std::string& verdict) {
  static const std::map<std::string, std::string, std::less<>> kWords{
      {"sending", "The server takes the stream; check Studio."},
      {"no_network", "There is no network: check the cable or the Wi-Fi."},
      {"no_name", "The server's name is not known: check the address and the name server."},
      {"tls", "The server's certificate cannot be trusted: check the address, the clock, and ca_file."},
      {"refused", "The server refuses: check the key, and whether another program sends with it."},
      {"too_slow", "The way to the server is too slow: lower encoder.bitrate."},
      {"lost", "The connection broke off."}};
  const auto words = kWords.find(verdict);
  return words == kWords.end() ? "The test ended without a verdict." : words->second;
}

std::string verdict_text(const Json& body, const Style& style) {
  const auto verdict = text_of(body, "verdict");
  auto words = text_of(body, "text");
  if (words.empty()) words = verdict_words(verdict);
  auto text = (verdict == "sending" ? style.good(words) : style.bad(words)) + '\n';
  const auto measured_bps = number_of(body, "throughput_bps"), needed_bps = number_of(body, "needed_bps");
  if (measured_bps && *measured_bps > 0) text += fmt::format("  measured  {}\n", rate_text(*measured_bps));
  if (needed_bps && *needed_bps > 0) text += fmt::format("  needed    {}\n", rate_text(*needed_bps));
  return text;
}

// --- answers -------------------------------------------------------------------------------------------------------

std::string live_text(const Invocation& invocation, const Json& body, const Style& style) {
  if (invocation.action == "test") return verdict_text(body, style);
  std::string text = invocation.action == "start"
                         ? "Starting, until the next automatic change; `nestbox status` says how it goes.\n"
                         : "Stopping, until the next automatic change.\n";
  for (const auto& note : list_of(body, "notes")) text += fmt::format("Note: {}\n", value_text(note));
  return text;
}

std::string answer_text(const Invocation& invocation, const Json& body) {
  const auto style = style_for(STDOUT_FILENO);
  const auto& command = invocation.command;
  if (command == "status") return status_text(body, style);
  if (command == "live") return live_text(invocation, body, style);
  if (command == "get") return invocation.key ? one_setting_text(body, style) : settings_text(body, style);
  if (command == "diff") return differences_text(body);
  if (command == "why") return why_text(body, style);
  if (command == "day") return day_text(body);
  if (command == "star" || command == "note" || command == "species") return remark_text(command, body);
  if (command == "key") {
    return fmt::format("The key {} is stored; only the daemon can read it.\n", invocation.name.value_or(""));
  }
  if (command == "sim") {
    return fmt::format("{} = {}\n", printable(text_of(body, "line")), value_text(member(body, "value")));
  }
  if (command == "passwd") return "The page has this password now; whoever was logged in has to log in again.\n";
  return changed_text(body, command == "set"     ? "Nothing changed: it was so already."
                            : command == "reset" ? "Nothing to take back."
                                                 : "Read again; nothing changed.");
}

/// What to print for an answer without a picture. Its exit status is the daemon's.
int show(const Invocation& invocation, const Answer& answer) {
  const auto body = Json::parse(answer.json, nullptr, false);
  if (invocation.form == OutputForm::kJson) print(answer.json + '\n');
  if (member(body, "error").is_object() || (answer.exit_status != kGood && invocation.action != "test")) {
    complain(error_text(body));
    return answer.exit_status == kGood ? kFailed : answer.exit_status;
  }
  if (invocation.form == OutputForm::kText) print(answer_text(invocation, body));
  return answer.exit_status;
}

// --- commands ------------------------------------------------------------------------------------------------------

int ask_and_show(const Invocation& invocation, const Call& call) {
  auto client = connect(invocation);
  if (!client) return report_no_connection(invocation, client.error());
  ProgressLine progress_line;
  const auto answer = client->call(call, [&](std::string_view progress) { progress_line.show(progress); });
  progress_line.finish();
  if (!answer) return report_no_answer(invocation, answer.error());
  return show(invocation, *answer);
}

/// The box's name, for the file's; not knowing it is no reason to fail.
std::string box_name(tune::ControlClient& client) {
  const auto status = client.call({"status"});
  return status ? text_of(Json::parse(status->json, nullptr, false), "name") : "";
}

int snapshot(const Invocation& invocation) {
  const bool to_stdout = invocation.file == "-";
  if (to_stdout && invocation.form == OutputForm::kJson) {
    return report({}, kBadUsage, "usage", "standard output takes the picture or the JSON, not both: leave out one");
  }
  if (to_stdout && ::isatty(STDOUT_FILENO) == 1) {
    return report({}, kBadUsage, "usage", "a picture would garble this terminal: name a file, or pipe it on");
  }
  auto client = connect(invocation);
  if (!client) return report_no_connection(invocation, client.error());
  const auto name = invocation.file ? "" : box_name(*client);
  const auto answer = client->call(to_call(invocation));
  if (!answer) return report_no_answer(invocation, answer.error());
  if (answer->exit_status != kGood) return show(invocation, *answer);
  if (answer->attachment.empty()) return report(invocation, kFailed, "no_picture", "the daemon sent no picture");

  const auto body = Json::parse(answer->json, nullptr, false);
  const auto file = invocation.file ? *invocation.file : free_picture_name(name, text_of(body, "taken_at"));
  const auto saved = save_picture(file, answer->attachment);
  if (!saved) return report(invocation, kFailed, "not_saved", saved.error().message);
  if (invocation.form == OutputForm::kJson) print(answer->json + '\n');
  if (invocation.form == OutputForm::kText && !to_stdout) {
    print(fmt::format("{}  {:.0f} x {:.0f}, {}\n", printable(file), number_of(body, "width").value_or(0),
                      number_of(body, "height").value_or(0),
                      bytes_text(static_cast<double>(answer->attachment.size()))));
  }
  return kGood;
}

int set_key(const Invocation& invocation) {
  // Nobody is asked for a key that cannot be handed on; but no connection is held while they look for it.
  if (const auto client = connect(invocation); !client) return report_no_connection(invocation, client.error());
  auto secret = read_secret(fmt::format("Key for {} (it is not shown): ", printable(*invocation.name)), "key");
  if (!secret) return report(invocation, kBadUsage, "bad_key", secret.error().message);
  auto call = to_call(invocation);
  call.secret = std::move(*secret);
  return ask_and_show(invocation, call);
}

int set_password(const Invocation& invocation) {
  std::string name;
  {
    auto client = connect(invocation);
    if (!client) return report_no_connection(invocation, client.error());
    name = box_name(*client);
  }
  auto password = read_new_password(name);
  if (!password) return report(invocation, kBadUsage, "bad_password", password.error().message);
  auto call = to_call(invocation);
  call.secret = std::move(*password);
  return ask_and_show(invocation, call);
}

int setup(const Invocation& invocation) {
  const bool at_terminal = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
  if (!at_terminal || invocation.unattended || invocation.form == OutputForm::kJson) {
    return report(invocation, kBadUsage, "usage",
                  "setup asks questions, and somebody at a terminal answers them; these commands do the same",
                  commands_instead());
  }
  if (const auto client = connect(invocation); !client) return report_no_connection(invocation, client.error());
  return run_setup(invocation.socket);
}

}  // namespace

int run(const Invocation& invocation) {
  int exit_status = kGood;
  if (invocation.command == "snapshot") {
    exit_status = snapshot(invocation);
  } else if (invocation.command == "key") {
    exit_status = set_key(invocation);
  } else if (invocation.command == "setup") {
    exit_status = setup(invocation);
  } else if (invocation.command == "passwd") {
    exit_status = set_password(invocation);
  } else if (invocation.command == "focus") {
    exit_status = invocation.action == "lock" ? lock_focus(invocation) : watch_focus(invocation);
  } else if (invocation.command == "visits") {
    exit_status = list_visits(invocation);
  } else if (invocation.command == "doctor") {
    exit_status = run_doctor(invocation);
  } else if (invocation.command == "replay") {
    exit_status = run_replay(invocation);
  } else if (invocation.command == "analyze") {
    exit_status = run_analyze(invocation);
  } else {
    exit_status = ask_and_show(invocation, to_call(invocation));
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    complain("nestbox: what was to be printed could not be written\n");
    return exit_status == kGood ? kFailed : exit_status;
  }
  return exit_status;
}

}  // namespace nestbox::cli
