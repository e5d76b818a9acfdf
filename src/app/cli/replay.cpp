#include "replay.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "nestbox/config/settings.h"
#include "nestbox/tune/control_client.h"
#include "progress_line.h"
#include "report.h"
#include "settings_text.h"

namespace nestbox::cli {
namespace {

/// What a file says of motion, as --set would say it: the daemon may not be able to read where its owner keeps it.
ConfigResult<std::vector<std::string>> motion_of(const std::string& file) {
  Sources sources;
  sources.file = file;
  sources.changed_by_set = false;
  const auto settings = Settings::load(std::move(sources));
  if (!settings) return tl::unexpected(settings.error());
  const auto section = settings->get("motion");
  if (!section) return tl::unexpected(section.error());
  std::vector<std::string> set;
  for (const auto& setting : *section) set.push_back(setting.key + '=' + setting.value);
  return set;
}

/// How far it is, in the words of a progress line.
std::string how_far(std::string_view progress_json) {
  const auto progress = Json::parse(progress_json, nullptr, false);
  return fmt::format("{:.0f} of {:.0f} recordings", number_of(progress, "done").value_or(0),
                     number_of(progress, "of").value_or(0));
}

std::vector<std::string> score_fields(const Json& score) {
  std::vector<std::string> fields;
  for (const auto* const name : {"caught", "missed", "false"})
    fields.push_back(fmt::format("{:.0f}", number_of(score, name).value_or(0)));
  return fields;
}

Row score_row(const std::string& title, const Json& score) {
  Row row{title};
  for (auto& field : score_fields(score)) row.push_back(std::move(field));
  return row;
}

std::string change_line(const Json& change) {
  const auto before = score_fields(member(change, "before")), after = score_fields(member(change, "after"));
  std::string line = "  " + time_text(text_of(change, "time")) + ": ";
  const char* comma = "";
  constexpr const char* kNames[] = {"caught", "missed", "false"};
  for (std::size_t n = 0; n < before.size(); ++n) {
    if (before[n] == after[n]) continue;
    line += fmt::format("{}{} {} -> {}", comma, kNames[n], before[n], after[n]);
    comma = ", ";
  }
  return line + '\n';
}

}  // namespace

std::string replay_text(const Json& body, const Style& style) {
  auto text = fmt::format("{:.0f} recordings of what moved\n\n", number_of(body, "recordings").value_or(0));
  text += table({{"", "caught", "missed", "false"},
                 score_row("as it is", member(body, "before")),
                 score_row("as asked", member(body, "after"))});
  const auto& changes = list_of(body, "changes");
  if (changes.empty()) return text + "\nThe two make no difference to what has been kept.\n";
  text += '\n' + style.strong("What changes") + '\n';
  for (const auto& change : changes) text += change_line(change);
  return text;
}

int run_replay(const Invocation& invocation) {
  std::vector<std::string> set;
  if (invocation.config) {
    const auto motion = motion_of(*invocation.config);
    if (!motion) return report(invocation, kBadUsage, "bad_settings", to_lines(motion.error()));
    set = *motion;
  }
  set.insert(set.end(), invocation.set.begin(), invocation.set.end());
  tune::ClientLimits limits;
  limits.silence = std::chrono::seconds(60);  // one long recording on a small board
  auto client = tune::ControlClient::connect(invocation.socket, limits);
  if (!client) return report_no_connection(invocation, client.error());
  ProgressLine line;
  const auto call = Json{{"set", set}}.dump(-1, ' ', false, Json::error_handler_t::replace);
  const auto answer =
      client->call({"replay", call}, [&](std::string_view progress) { line.show_for_now(how_far(progress)); });
  line.finish();
  if (!answer) return report_no_answer(invocation, answer.error());
  const auto body = Json::parse(answer->json, nullptr, false);
  const bool good = answer->exit_status == kGood && !member(body, "error").is_object();
  auto& stream = good || invocation.form == OutputForm::kJson ? *stdout : *stderr;
  const auto text = invocation.form == OutputForm::kJson ? answer->json + '\n'
                    : good                               ? replay_text(body, style_for(STDOUT_FILENO))
                                                         : error_text(body);
  std::fwrite(text.data(), 1, text.size(), &stream);
  return good ? kGood : answer->exit_status;
}

}  // namespace nestbox::cli
