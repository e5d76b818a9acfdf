#include "nestbox/tune/control_client.h"

#include <fmt/format.h>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>

#include "nestbox/base/clock.h"
#include "nestbox/base/secret.h"
#include "socket_address.h"

namespace nestbox::tune {
namespace {

using Json = nlohmann::json;

// The body is the last member of the answer's line, so that it can be handed on byte for byte.
constexpr std::string_view kBody = R"("body":)";

std::string user_name() {
  const passwd* user = ::getpwuid(::geteuid());
  return user != nullptr ? user->pw_name : "$USER";
}

Error explain_connect(int reason, const std::string& path) {
  switch (reason) {
    case ENOENT:
    case ENOTDIR:
      return {ErrorKind::kNotFound, fmt::format("nestboxd is not running: there is no socket at {}", path)};
    case ECONNREFUSED:
      return {ErrorKind::kUnavailable, fmt::format("nestboxd is not running: nobody listens on {}", path)};
    case EACCES:
    case EPERM:
      return {ErrorKind::kInvalidArgument,
              fmt::format("you may not use {}: you need to be in group nestbox: sudo usermod -aG nestbox {} (then log "
                          "out and in again)",
                          path, user_name())};
    case EAGAIN:
      return {ErrorKind::kTimeout, fmt::format("nestboxd does not answer on {}: too many are waiting", path)};
    default:
      return {ErrorKind::kUnavailable, fmt::format("connect to {}: {}", path, system_error_text(reason))};
  }
}

/// As a Secret, since it may hold one: wiped when it was sent.
Result<Secret> request_line(const Call& call) {
  auto arguments = Json::parse(call.arguments_json.empty() ? "{}" : call.arguments_json, nullptr, false);
  if (!arguments.is_object()) {
    return fail(ErrorKind::kInvalidArgument, "the arguments of " + call.command + " are not a JSON object");
  }
  if (!call.secret.empty()) arguments["secret"] = call.secret.reveal();
  Json request{{"command", call.command}, {"arguments", std::move(arguments)}};
  try {
    auto line = request.dump();
    if (!call.secret.empty()) {
      auto& text = request["arguments"]["secret"].get_ref<std::string&>();
      wipe(text.data(), text.size());
    }
    line += '\n';
    return Secret(std::move(line));
  } catch (const Json::exception&) {
    return fail(ErrorKind::kInvalidArgument, "what was given is not text (UTF-8)");
  }
}

tl::unexpected<Error> nonsense(std::string_view what) {
  return fail(ErrorKind::kInternal, fmt::format("what answers on the socket is not nestboxd: {}", what));
}

struct Head {
  Answer answer;
  std::size_t attachment_bytes = 0;
};

Result<Head> parse_head(const std::string& line, const Json& json, std::size_t attachment_bytes_max) {
  const auto exit_status = json.find("exit");
  const auto attachment = json.find("attachment_bytes");
  const auto body = line.find(kBody);
  if (exit_status == json.end() || !exit_status->is_number_integer() || attachment == json.end() ||
      !attachment->is_number_unsigned() || !json.contains("body") || body == std::string::npos) {
    return nonsense("its answer lacks a part");
  }
  Head head;
  head.answer.exit_status = exit_status->get<int>();
  head.answer.json = line.substr(body + kBody.size(), line.size() - body - kBody.size() - 1);
  if (!Json::accept(head.answer.json)) return nonsense("its answer has its parts in another order");
  const auto bytes = attachment->get<std::uint64_t>();
  if (bytes > attachment_bytes_max) {
    return fail(ErrorKind::kExhausted,
                fmt::format("the answer brings {} bytes; at most {} are taken", bytes, attachment_bytes_max));
  }
  head.attachment_bytes = static_cast<std::size_t>(bytes);
  return head;
}

}  // namespace

ControlClient::ControlClient(FileDescriptor socket, const ClientLimits& limits, std::string path)
    : socket_(std::move(socket)), limits_(limits), path_(std::move(path)) {}

Result<ControlClient> ControlClient::connect(const std::string& path, const ClientLimits& limits) {
  const auto address = socket_address(path);
  if (!address) return tl::unexpected<Error>(address.error());
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return fail(ErrorKind::kUnavailable, "make a socket: " + system_error_text(errno));
  // A local socket connects at once or not at all.
  if (::connect(socket.get(), as_sockaddr(*address), sizeof *address) != 0) {
    return tl::unexpected<Error>(explain_connect(errno, path));
  }
  return ControlClient(std::move(socket), limits, path);
}

Result<Answer> ControlClient::call(const Call& call, const std::function<void(std::string_view)>& on_progress) {
  auto request = request_line(call);
  if (!request) return tl::unexpected<Error>(std::move(request.error()));
  if (auto sent = send(request->reveal()); !sent) return tl::unexpected<Error>(std::move(sent.error()));
  while (true) {
    auto line = read_line();
    if (!line) return tl::unexpected<Error>(std::move(line.error()));
    const auto json = Json::parse(*line, nullptr, false);
    if (!json.is_object()) return nonsense("its answer is not a JSON object");
    if (const auto progress = json.find("progress"); progress != json.end()) {
      if (on_progress) on_progress(progress->dump());
      continue;
    }
    auto head = parse_head(*line, json, limits_.attachment_bytes);
    if (!head) return tl::unexpected<Error>(std::move(head.error()));
    auto attachment = read_bytes(head->attachment_bytes);
    if (!attachment) return tl::unexpected<Error>(std::move(attachment.error()));
    head->answer.attachment = std::move(*attachment);
    return std::move(head->answer);
  }
}

Result<void> ControlClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EPIPE || errno == ECONNRESET) return {};  // its reason may wait to be read: "busy"
    if (errno != EAGAIN) return fail(ErrorKind::kUnavailable, "ask nestboxd: " + system_error_text(errno));
    if (auto ready = wait_for(POLLOUT); !ready) return ready;
  }
  return {};
}

Result<std::string> ControlClient::read_line() {
  std::size_t searched = 0;
  while (true) {
    const auto newline = input_.find('\n', searched);
    if (newline != std::string::npos) {
      auto line = input_.substr(0, newline);
      input_.erase(0, newline + 1);
      return line;
    }
    searched = input_.size();
    if (searched > limits_.line_bytes) {
      return fail(ErrorKind::kExhausted, fmt::format("nestboxd's answer is longer than {} bytes", limits_.line_bytes));
    }
    if (auto got = receive(); !got) return tl::unexpected<Error>(std::move(got.error()));
  }
}

Result<std::string> ControlClient::read_bytes(std::size_t count) {
  while (input_.size() < count) {
    if (auto got = receive(); !got) return tl::unexpected<Error>(std::move(got.error()));
  }
  auto bytes = input_.substr(0, count);
  input_.erase(0, count);
  return bytes;
}

Result<void> ControlClient::receive() {
  char chunk[16 * 1024];
  while (true) {
    const auto count = ::recv(socket_.get(), chunk, sizeof chunk, 0);
    if (count > 0) {
      input_.append(chunk, static_cast<std::size_t>(count));
      return {};
    }
    if (count == 0 || errno == ECONNRESET) {
      return fail(ErrorKind::kUnavailable, "nestboxd went away before it had answered");
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return fail(ErrorKind::kUnavailable, "read nestboxd's answer: " + system_error_text(errno));
    if (auto ready = wait_for(POLLIN); !ready) return ready;
  }
}

Result<void> ControlClient::wait_for(short events) {
  const auto deadline = BootClock::now() + limits_.silence;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - BootClock::now()).count();
    pollfd descriptor{socket_.get(), events, 0};
    const int ready = left <= 0 ? 0 : ::poll(&descriptor, 1, static_cast<int>(left));
    if (ready > 0) return {};
    if (ready == 0) {
      return fail(ErrorKind::kTimeout,
                  fmt::format("nestboxd did not answer on {} within {:.0f} s", path_, to_seconds(limits_.silence)));
    }
    if (errno != EINTR) return fail(ErrorKind::kUnavailable, "wait for nestboxd: " + system_error_text(errno));
  }
}

}  // namespace nestbox::tune
