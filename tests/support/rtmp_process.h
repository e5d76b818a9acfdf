#pragma once
/// Programs that a test starts and certainly ends, ports that are free, and waiting for something to become true.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "nestbox/base/assert.h"
#include "nestbox/base/clock.h"
#include "nestbox/base/file.h"
#include "support/patience.h"

extern char** environ;

namespace nestbox {

/// A program in the background; killed, if it still runs, when this object dies.
class ChildProcess {
 public:
  /// Standard output and error go to `log` ("/dev/null").
  ChildProcess(std::vector<std::string> command, const std::string& log) {
    std::vector<char*> arguments;
    for (auto& word : command) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    const int error = posix_spawnp(&pid_, arguments[0], &files, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    if (error != 0) pid_ = -1;
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess() { end(SIGKILL); }

  bool started() const { return pid_ > 0; }
  void signal(int number) const {
    if (pid_ > 0) ::kill(pid_, number);
  }
  /// Sends the signal and waits for the end. The exit status, as waitpid(2) has it.
  int end(int number) {
    signal(number);
    return wait();
  }
  int wait() {
    int status = -1;
    if (pid_ > 0) waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_ = -1;
};

/// Runs a program to its end; whether it succeeded.
inline bool run(std::vector<std::string> command) {
  ChildProcess child(std::move(command), "/dev/null");
  return child.started() && child.wait() == 0;
}

inline sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// A TCP port of the loopback that nobody had a moment ago.
inline int free_port() {
  const FileDescriptor probe(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  auto address = loopback(0);
  socklen_t bytes = sizeof address;
  NESTBOX_ASSERT(bind(probe.get(), reinterpret_cast<sockaddr*>(&address), bytes) == 0);
  NESTBOX_ASSERT(getsockname(probe.get(), reinterpret_cast<sockaddr*>(&address), &bytes) == 0);
  return ntohs(address.sin_port);
}

/// A server that accepts and never says a word, or (backlog full) does not even accept.
class SilentServer {
 public:
  enum class Manners { kAccepts, kIgnores };
  explicit SilentServer(Manners manners) : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    auto address = loopback(0);
    socklen_t bytes = sizeof address;
    NESTBOX_ASSERT(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), bytes) == 0);
    NESTBOX_ASSERT(listen(listener_.get(), manners == Manners::kAccepts ? 64 : 0) == 0);
    NESTBOX_ASSERT(getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &bytes) == 0);
    port_ = ntohs(address.sin_port);
    if (manners == Manners::kAccepts) return;
    for (int n = 0; n < 3; ++n) {  // fills the backlog: the kernel lets later SYNs go unanswered
      fillers_.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      connect(fillers_.back().get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    }
  }
  int port() const { return port_; }

 private:
  FileDescriptor listener_;
  std::vector<FileDescriptor> fillers_;
  int port_ = 0;
};

/// A server that accepts and resets at once, counting.
class ResettingServer {
 public:
  ResettingServer() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    auto address = loopback(0);
    socklen_t bytes = sizeof address;
    NESTBOX_ASSERT(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), bytes) == 0);
    NESTBOX_ASSERT(listen(listener_.get(), 8) == 0);
    NESTBOX_ASSERT(getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &bytes) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] {
      for (;;) {
        const FileDescriptor client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!client) return;
        const linger at_once{1, 0};
        setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      }
    });
  }
  ~ResettingServer() {
    shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  int port() const { return port_; }

 private:
  FileDescriptor listener_;
  int port_ = 0;
  std::thread thread_;
};

/// Looks every 10 ms; how long it took, or nothing when it did not come true within `at_most`: patience, not a claim.
inline std::optional<double> seconds_until(const std::function<bool()>& condition,
                                           std::chrono::nanoseconds at_most = kPatience) {
  const auto began_at = BootClock::now();
  while (!condition()) {
    if (BootClock::now() - began_at > at_most) return std::nullopt;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return to_seconds(BootClock::now() - began_at);
}

inline bool listens(int port) {
  const FileDescriptor probe(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = loopback(port);
  return connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace nestbox
