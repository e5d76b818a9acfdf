#include "doctor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "format.h"
#include "nestbox/base/file.h"
#include "nestbox/tune/control_client.h"
#include "progress_line.h"

namespace nestbox::cli {
namespace {

constexpr auto kConfig = "/etc/nestbox/nestbox.yaml";

/// The daemon's program: beside this one, as it is installed and built, else wherever the shell finds it.
std::string daemon_program() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto beside = self.parent_path() / "nestboxd";
  return !error && std::filesystem::exists(beside, error) ? beside.string() : "nestboxd";
}

/// What a program prints, until it ends.
Result<std::string> output_of(const std::vector<std::string>& words) {
  constexpr std::size_t kOutputMax = 4 << 20;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(ErrorKind::kUnavailable, system_error_text(errno));
  const FileDescriptor reader(ends[0]);
  FileDescriptor writer(ends[1]);
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));  // posix_spawn(3) changes none
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, writer.get(), STDOUT_FILENO);
  pid_t child = 0;
  const int refused = ::posix_spawnp(&child, words.front().c_str(), &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  writer = FileDescriptor();
  if (refused != 0) return fail(ErrorKind::kNotFound, fmt::format("{}: {}", words.front(), system_error_text(refused)));
  std::string output;
  std::array<char, 4096> piece{};
  for (;;) {
    const auto count = ::read(reader.get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0 || output.size() > kOutputMax) break;
    output.append(piece.data(), static_cast<std::size_t>(count));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return output;
}

Json finding(const char* code, const std::string& text, const std::string& advice, const char* area = "service") {
  return {{"code", code}, {"area", area}, {"level", "fault"}, {"text", text}, {"advice", advice}};
}

/// An answer with this one finding, for a box where not even nestboxd can be started.
Json alone(const Json& only) {
  return {{"findings", Json::array({only})}, {"daemon_running", false}};
}

/// What nestboxd finds when it only looks. `why` is how the daemon could not be asked.
Json look_by_itself(const Invocation& invocation, const Error& why) {
  std::vector<std::string> words{daemon_program(), "--doctor", "--doctor-trouble", why.message};
  const bool absent = why.kind == ErrorKind::kNotFound || why.kind == ErrorKind::kUnavailable;
  if (!absent) words.emplace_back("--doctor-silent");
  const auto config = invocation.file.value_or(kConfig);
  if (invocation.file || std::filesystem::exists(config)) {
    words.emplace_back("--config");
    words.push_back(config);
  }
  const auto output = output_of(words);
  if (!output) return alone(finding("program_missing", output.error().message, "install the package nestbox again"));
  auto body = Json::parse(*output, nullptr, false);
  if (!member(body, "findings").is_array()) {
    return alone(finding("program_broken", words.front() + " does not start on this system",
                         "see what it says: nestboxd --version; then: sudo apt install --reinstall nestbox"));
  }
  return body;
}

/// What was asked for and takes the daemon.
void add_untried(const Invocation& invocation, Json& body) {
  if (invocation.uplink_s > 0) {
    body["findings"].push_back(finding("uplink",
                                       "the way to the server could not be measured: that takes the daemon, "
                                       "its picture and its key",
                                       "start it, then: nestbox doctor --uplink 60s"));
  }
  if (invocation.lights) {
    body["findings"].push_back(finding("lights_trial",
                                       "lamp and filter could not be tried: that takes the daemon and its picture",
                                       "start it, then: nestbox doctor --lights", "light"));
  }
}

Json look_without_daemon(const Invocation& invocation, const Error& why) {
  auto body = look_by_itself(invocation, why);
  add_untried(invocation, body);
  return body;
}

struct Looked {
  Json body;
  std::string json;  ///< the daemon's own bytes; empty where it was not asked
};

Looked look(const Invocation& invocation) {
  tune::ClientLimits limits;
  limits.silence = std::chrono::seconds(45);  // as long as a server may let a try wait
  auto client = tune::ControlClient::connect(invocation.socket, limits);
  if (!client) return {look_without_daemon(invocation, client.error()), {}};
  Json arguments = Json::object();
  if (invocation.uplink_s > 0) arguments["uplink_s"] = invocation.uplink_s;
  if (invocation.lights) arguments["lights"] = true;
  ProgressLine progress_line;
  const auto answer =
      client->call({"doctor", arguments.dump()}, [&](std::string_view progress) { progress_line.show(progress); });
  progress_line.finish();
  if (!answer) return {look_without_daemon(invocation, answer.error()), {}};
  auto body = Json::parse(answer->json, nullptr, false);
  if (member(body, "findings").is_array()) return {std::move(body), answer->json};
  const auto message = text_of(member(body, "error"), "message");
  return {alone(finding("no_examination", message.empty() ? "the daemon gave no answer" : message, "")), {}};
}

std::string mark(const std::string& level, const Style& style) {
  if (level == "fault") return style.bad("fault  ");
  if (level == "warning") return style.doubtful("warning");
  if (level == "good") return style.good("good   ");
  return style.faint("note   ");
}

std::string findings_text(const Json& body, const Style& style) {
  std::string text;
  int faults = 0, warnings = 0;
  for (const auto& found : list_of(body, "findings")) {
    const auto level = text_of(found, "level");
    faults += level == "fault" ? 1 : 0;
    warnings += level == "warning" ? 1 : 0;
    text += fmt::format("{}  {}  {}\n", mark(level, style), padded(text_of(found, "area"), 7),
                        printable(text_of(found, "text")));
    if (const auto advice = text_of(found, "advice"); !advice.empty()) {
      text += fmt::format("{}  {}\n", padded("", 16), style.strong("do: ") + printable(advice));
    }
  }
  return text + fmt::format("\n{} {}, {} {}\n", faults, faults == 1 ? "fault" : "faults", warnings,
                            warnings == 1 ? "warning" : "warnings");
}

bool has_fault(const Json& body) {
  for (const auto& found : list_of(body, "findings")) {
    if (text_of(found, "level") == "fault") return true;
  }
  return false;
}

}  // namespace

int run_doctor(const Invocation& invocation) {
  const auto looked = look(invocation);
  const auto text = invocation.form == OutputForm::kText ? findings_text(looked.body, style_for(STDOUT_FILENO))
                    : looked.json.empty() ? looked.body.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n'
                                          : looked.json + '\n';
  std::fwrite(text.data(), 1, text.size(), stdout);
  return has_fault(looked.body) ? kFailed : kGood;
}

}  // namespace nestbox::cli
