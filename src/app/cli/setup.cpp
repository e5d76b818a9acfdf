#include "setup.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <stdexcept>

#include "arguments.h"
#include "machine.h"
#include "nestbox/tune/control_client.h"
#include "new_password.h"
#include "picture_file.h"
#include "qr_text.h"
#include "secret_prompt.h"
#include "settings_text.h"
#include "setup_rules.h"

namespace nestbox::cli {
namespace {

constexpr auto kYouTube = "[{name: youtube, url: \"rtmps://a.rtmps.youtube.com/live2\"}]";

/// Ends the dialogue from wherever it is: the terminal has gone, or the daemon.
struct Stopped : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void say(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

/// A line from the terminal, byte by byte: what comes after it belongs to whoever reads next.
std::string read_answer() {
  std::string line;
  for (char c = 0;;) {
    const auto got = ::read(STDIN_FILENO, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw Stopped("");
    if (c == '\n') return line;
    line += c;
  }
}

std::string ask(const std::string& question, const std::string& by_default) {
  say(fmt::format("  {} [{}]: ", question, printable(by_default)));
  const auto answer = without_spaces_around(read_answer());
  return answer.empty() ? by_default : answer;
}

bool ask_yes_no(const std::string& question, bool by_default) {
  while (true) {
    say(fmt::format("  {} [{}]: ", question, by_default ? "Y/n" : "y/N"));
    if (const auto answer = yes_or_no(read_answer(), by_default)) return *answer;
    say("  Please answer y or n, or press Enter.\n");
  }
}

class Dialogue {
 public:
  explicit Dialogue(std::string control_socket) : socket_(std::move(control_socket)) {}
  void run();

 private:
  struct Reply {
    bool good = false;
    Json body;
    std::string attachment;
  };
  Reply call(const Call& call);
  Reply call(const std::string& command, const Json& arguments = Json::object()) {
    return this->call(Call{command, arguments.dump(-1, ' ', false, Json::error_handler_t::replace)});
  }
  Json status() { return call("status").body; }
  Json setting(const std::string& key);
  /// Says what is wrong where it is refused.
  bool set(const std::string& key, const std::string& value);

  void camera();
  bool take_picture();
  void name();
  void password();
  bool new_password();
  void network();
  void open_page(const Listen& listen);
  void stream();
  bool add_youtube();
  void stream_key(const std::string& output, bool is_new);
  void picture();
  void farewell();

  const std::string socket_;
};

// Answers take minutes, and the daemon hangs up on whoever is silent: a connection for each question.
Dialogue::Reply Dialogue::call(const Call& call) {
  auto client = tune::ControlClient::connect(socket_);
  if (!client) throw Stopped(client.error().message);
  auto answer = client->call(call);
  if (!answer) throw Stopped(answer.error().message);
  Reply reply{answer->exit_status == kGood, Json::parse(answer->json, nullptr, false), std::move(answer->attachment)};
  if (member(reply.body, "error").is_object()) reply.good = false;
  return reply;
}

Json Dialogue::setting(const std::string& key) {
  const auto reply = call("get", {{"key", key}});
  const auto& settings = list_of(reply.body, "settings");
  return settings.empty() ? Json() : member(settings.front(), "value");
}

bool Dialogue::set(const std::string& key, const std::string& value) {
  const auto reply = call("set", {{"key", key}, {"value", value}});
  if (!reply.good) say(error_text(reply.body));
  return reply.good;
}

void Dialogue::run() {
  say("This sets up the box in seven steps. Enter keeps what stands in [brackets]. Ctrl-C stops; what was answered\n"
      "until then is kept, and setup can be run again at any time.\n");
  camera();
  name();
  password();
  network();
  stream();
  picture();
  farewell();
}

void Dialogue::camera() {
  say("\n1 Camera\n");
  while (true) {
    const auto now = member(status(), "camera");
    say("  " + camera_text(now));
    if (camera_works(now) && take_picture()) return;
    if (!camera_works(now)) say(camera_advice(now));
    if (!ask_yes_no("Look again?", false)) return;
  }
}

// The first one after a change may have to wait for the camera.
bool Dialogue::take_picture() {
  constexpr int kTries = 3;
  Reply reply;
  for (int i = 0; i < kTries && !reply.good; ++i) reply = call("snapshot");
  if (!reply.good) {
    say(error_text(reply.body));
    return false;
  }
  const auto file = free_picture_name(text_of(status(), "name"), text_of(reply.body, "taken_at"));
  auto path = std::filesystem::absolute(file);
  if (!save_picture(path, reply.attachment)) {
    path = std::filesystem::temp_directory_path() / file;  // the folder we stand in is not ours
    if (const auto saved = save_picture(path, reply.attachment); !saved) {
      say(fmt::format("  The picture could not be saved: {}\n", saved.error().message));
      return true;
    }
  }
  say(fmt::format("  A picture is in {}\n  To see it on your computer, there: scp {}.local:{} .\n", path.string(),
                  host_name(), path.string()));
  return true;
}

void Dialogue::name() {
  say("\n2 Name\n");
  const auto before = text_of(status(), "name");
  while (true) {
    const auto name = ask("What is the box called?", before);
    if (name == before || set("name", Json(name).dump(-1, ' ', false, Json::error_handler_t::replace))) return;
  }
}

void Dialogue::password() {
  say("\n3 Password of the page\n");
  const bool has_one = member(status(), "password_set") == Json(true);
  const bool wanted = has_one ? ask_yes_no("The page has a password. Give it another one?", false)
                              : ask_yes_no("Without one the page stays on this machine. Set one now?", true);
  if (!wanted) return;
  while (!new_password())
    if (!ask_yes_no("Try again?", true)) return;
}

bool Dialogue::new_password() {
  auto password = read_new_password(text_of(status(), "name"));
  if (!password) {
    say(fmt::format("  {}\n", password.error().message));
    return false;
  }
  const auto reply = call(Call{"passwd", "{}", std::move(*password)});
  say(reply.good ? "  The page has this password now.\n" : error_text(reply.body));
  return reply.good;
}

void Dialogue::network() {
  say("\n4 Network\n");
  const auto now = status();
  if (member(now, "password_set") != Json(true)) {
    say("  The page has no password, so it answers on this machine alone.\n");
    return;
  }
  auto listen = split_listen(value_text(setting("web.listen")));
  const bool open = !is_loopback(listen);
  if (open == ask_yes_no("May phones and computers in your network open the page, with the password?", true)) {
    if (open) open_page(listen);
    return;
  }
  listen.host = open ? "127.0.0.1" : "0.0.0.0";
  if (set("web.listen", fmt::format("\"{}:{}\"", listen.host, listen.port))) open_page(listen);
}

void Dialogue::open_page(const Listen& listen) {
  const auto page = text_of(status(), "page");
  if (page.starts_with("https:")) return say(fmt::format("  The page answers at {}\n", page));
  const auto port = split_listen(page.substr(0, page.find_last_not_of('/') + 1)).port;
  if (const auto answers = page_answers(listen.host, port); !answers) {
    for (const auto& problem : list_of(status(), "problems")) say(fmt::format("  {}\n", text_of(problem, "text")));
    return say(fmt::format("  The page does not answer: {}\n", answers.error().message));
  }
  say(fmt::format("  The page answers on port {}.\n", port));
}

void Dialogue::stream() {
  say("\n5 Live stream\n");
  const auto now = status();
  const auto& outputs = list_of(now, "outputs");
  if (outputs.empty()) {
    if (ask_yes_no("Stream to YouTube?", false) && add_youtube()) stream_key("youtube", true);
    return;
  }
  for (const auto& output : outputs) stream_key(text_of(output, "name"), false);
}

bool Dialogue::add_youtube() {
  if (set("live.outputs", kYouTube)) return true;
  say(
      fmt::format("  Write it into /etc/nestbox/nestbox.yaml instead, below \"live:\", and run setup again:\n"
                  "    outputs: {}\n",
                  kYouTube));
  return false;
}

void Dialogue::stream_key(const std::string& output, bool is_new) {
  const auto shown = printable(output);
  const auto question =
      is_new ? fmt::format("Its stream key stands in YouTube Studio under Go live. Give it to the box now?")
             : fmt::format("Give the output {} a new stream key?", shown);
  while (ask_yes_no(question, is_new)) {
    auto key = read_secret(fmt::format("Key for {} (it is not shown): ", shown), "key");
    if (!key) {
      say(fmt::format("  {}\n", key.error().message));
      continue;
    }
    const auto reply = call(Call{"key", Json{{"action", "set"}, {"name", output}}.dump(), std::move(*key)});
    if (!reply.good) {
      say(error_text(reply.body));
      continue;
    }
    say(fmt::format("  The key is stored. Try it: nestbox live test {}\n  Then send: nestbox live start\n", shown));
    return;
  }
}

void Dialogue::picture() {
  say("\n6 Picture\n");
  const bool turned = setting("camera.rotation") == Json(180);
  const bool turn = ask_yes_no(turned ? "The picture is turned by 180 degrees. Turn it back?"
                                      : "Is the picture upside down, so that it must be turned?",
                               false);
  if (turn && set("camera.rotation", turned ? "0" : "180")) take_picture();
  const bool text = setting("overlay.enabled") == Json(true);
  const bool wanted = ask_yes_no("Name and time on the picture?", text);
  if (wanted != text) set("overlay.enabled", wanted ? "true" : "false");
}

void Dialogue::farewell() {
  say("\n7 Where to look\n");
  const auto page = text_of(status(), "page");
  if (page.empty()) return say("  The page does not answer at present; `nestbox status` says why.\n");
  const auto scheme = page.substr(0, page.find("://"));
  auto listen = split_listen(value_text(setting("web.listen")));
  listen.port = split_listen(page.substr(0, page.find_last_not_of('/') + 1)).port;
  if (is_loopback(listen) || member(status(), "password_set") != Json(true)) {
    return say(
        fmt::format("  The page answers on this machine alone. From your computer:\n"
                    "    ssh -L {0}:localhost:{0} {1}.local\n  and then open {2}://localhost:{0}\n",
                    listen.port, host_name(), scheme));
  }
  const auto addresses = page_addresses(scheme, listen, host_name(), machine_addresses());
  for (const auto& address : addresses) say(fmt::format("  {}\n", address));
  // A phone knows numbers for sure; not every one finds names that end in .local.
  const auto& for_phones = addresses.size() > 1 ? addresses[1] : addresses[0];
  if (!terminal_shows_utf8()) return;
  const auto colours = style_for(STDOUT_FILENO).colours ? Colours::kSet : Colours::kLeave;
  if (const auto code = qr_text(for_phones, colours)) say(fmt::format("\n{}  {}\n", *code, for_phones));
}

}  // namespace

int run_setup(const std::string& control_socket) {
  try {
    Dialogue(control_socket).run();
    return kGood;
  } catch (const Stopped& stopped) {
    const std::string why = stopped.what();
    say(fmt::format("\n{}Setup was stopped; what was answered is kept. Run it again at any time: nestbox setup\n",
                    why.empty() ? "" : why + "\n"));
    return kFailed;
  }
}

}  // namespace nestbox::cli
