#pragma once
/// Runs the built `nestbox`, which stands beside this test program.
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "nestbox/base/file.h"

namespace nestbox::tune {

inline std::filesystem::path nestbox_program() {
  const auto path = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "nestbox";
  if (!std::filesystem::exists(path)) throw std::runtime_error("build the target nestbox first: " + path.string());
  return path;
}

struct Finished {
  int exit_status = -1;  ///< -1 when a signal ended it
  int signal = 0;
  std::string out, err;
};

/// A string's worth of argv or environment, which lives as long as this.
class WordList {
 public:
  explicit WordList(std::vector<std::string> words) : words_(std::move(words)) {
    for (auto& word : words_) pointers_.push_back(word.data());
    pointers_.push_back(nullptr);
  }
  WordList(const WordList&) = delete;
  WordList& operator=(const WordList&) = delete;
  char* const* data() { return pointers_.data(); }

 private:
  std::vector<std::string> words_;
  std::vector<char*> pointers_;
};

inline Finished wait_for_end(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  Finished finished;
  if (WIFEXITED(status)) finished.exit_status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) finished.signal = WTERMSIG(status);
  return finished;
}

struct CommandLine {
  std::vector<std::string> arguments;
  std::string input{};
  std::filesystem::path program = nestbox_program();
  std::filesystem::path folder = ".";  ///< working directory
  uid_t user = ::geteuid();            ///< another needs root; the group of the same number, and no other

  /// Not on a terminal: what a script sees.
  Finished run() const {
    int in[2], out[2], err[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0 || ::pipe2(out, O_CLOEXEC) != 0 ||
        ::pipe2(err, O_CLOEXEC) != 0) {
      throw std::runtime_error("pipe: " + system_error_text(errno));
    }
    auto words = arguments;
    words.insert(words.begin(), "nestbox");
    WordList argv(std::move(words)), environment({"PATH=/usr/bin:/bin", "TERM=xterm"});
    const auto program_text = program.string();
    const auto folder_text = folder.string();
    const pid_t child = ::fork();
    if (child == 0) {
      ::dup2(in[0], STDIN_FILENO);
      ::dup2(out[1], STDOUT_FILENO);
      ::dup2(err[1], STDERR_FILENO);
      if (::chdir(folder_text.c_str()) != 0) ::_exit(126);
      if (user != ::geteuid() && (::setgroups(0, nullptr) != 0 || ::setgid(user) != 0 || ::setuid(user) != 0)) {
        ::_exit(126);
      }
      ::execve(program_text.c_str(), argv.data(), environment.data());
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    ::close(err[1]);
    const FileDescriptor out_end(out[0]), err_end(err[0]);
    {
      const FileDescriptor in_end(in[1]);
      // Small enough to fit without waiting; a program that has ended already is no reason for SIGPIPE here.
      static_cast<void>(::send(in_end.get(), input.data(), input.size(), MSG_NOSIGNAL));
    }
    Finished heard;
    hear(out_end.get(), heard.out, err_end.get(), heard.err);
    auto finished = wait_for_end(child);
    finished.out = std::move(heard.out);
    finished.err = std::move(heard.err);
    return finished;
  }

 private:
  static void hear(int out, std::string& out_text, int err, std::string& err_text) {
    pollfd ends[2] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
    std::string* texts[2] = {&out_text, &err_text};
    while (ends[0].fd >= 0 || ends[1].fd >= 0) {
      if (::poll(ends, 2, 30'000) <= 0) throw std::runtime_error("nestbox hangs");
      for (int i = 0; i < 2; ++i) {
        if (ends[i].fd < 0 || ends[i].revents == 0) continue;
        char chunk[4096];
        const auto got = ::read(ends[i].fd, chunk, sizeof chunk);
        if (got <= 0) {
          ends[i].fd = -1;
        } else {
          texts[i]->append(chunk, static_cast<std::size_t>(got));
        }
      }
    }
  }
};

}  // namespace nestbox::tune
