#pragma once
/// Somebody at a terminal: a pseudo terminal, a shell of few words that can stop and continue its one job, and the job.
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <termios.h>

#include "command_line.h"

namespace nestbox::tune {

class Terminal {
 public:
  Terminal(std::vector<std::string> arguments, std::vector<std::string> environment) {
    const auto program = nestbox_program().string();
    arguments.insert(arguments.begin(), "nestbox");
    WordList argv(std::move(arguments)), variables(std::move(environment));
    int go_on[2];
    if (::pipe2(go_on, O_CLOEXEC) != 0) throw std::runtime_error("pipe: " + system_error_text(errno));
    int master = -1, slave = -1;
    if (::openpty(&master, &slave, nullptr, nullptr, nullptr) != 0) {
      throw std::runtime_error("openpty: " + system_error_text(errno));
    }
    ::fcntl(master, F_SETFD, FD_CLOEXEC);
    shell_ = ::fork();
    if (shell_ == 0) be_a_shell(slave, go_on[0], program.c_str(), argv.data(), variables.data());
    ::close(go_on[0]);
    go_on_ = FileDescriptor(go_on[1]);
    master_ = FileDescriptor(master);
    slave_ = FileDescriptor(slave);  // held, so that the terminal outlives its processes
  }
  ~Terminal() {
    if (shell_ > 0) ::kill(shell_, SIGKILL);
    if (shell_ > 0) wait_for_end(shell_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void type(std::string_view keys) { static_cast<void>(!::write(master_.get(), keys.data(), keys.size())); }
  /// Everything shown from the beginning up to the next `text`.
  std::string wait_for(std::string_view text) {
    auto found = shown_.find(text, looked_up_to_);
    while (found == std::string::npos) {
      if (!read_more(10'000)) throw std::runtime_error("waited for \"" + std::string(text) + "\"; shown: " + shown_);
      found = shown_.find(text, looked_up_to_);
    }
    looked_up_to_ = found + text.size();
    return shown_;
  }
  bool echoes() const {
    termios state{};
    ::tcgetattr(slave_.get(), &state);
    return (state.c_lflag & ECHO) != 0;
  }
  /// The shell's `fg`, after "[stopped]" was shown.
  void foreground() { static_cast<void>(!::write(go_on_.get(), "f", 1)); }
  pid_t job() {
    pid_t group = 0;
    ::ioctl(master_.get(), TIOCGPGRP, &group);
    return group;
  }
  /// The job's end, with all that was ever shown in `out`.
  Finished finish() {
    auto finished = wait_for_end(shell_);
    shell_ = -1;
    if (finished.exit_status >= 128) finished = {-1, finished.exit_status - 128, {}, {}};
    while (read_more(0)) {
    }
    finished.out = shown_;
    return finished;
  }

 private:
  /// Between fork and exec, and in the shell, nothing but async-signal-safe calls: the test has threads.
  [[noreturn]] static void be_a_shell(int slave, int go_on, const char* program, char* const* argv, char* const* env) {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);  // SIGQUIT would leave one
    ::setsid();
    ::ioctl(slave, TIOCSCTTY, 0);
    for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(slave, standard);
    const pid_t job = ::fork();
    if (job == 0) {
      ::setpgid(0, 0);
      ::signal(SIGTTOU, SIG_IGN);
      ::tcsetpgrp(STDIN_FILENO, ::getpid());
      ::signal(SIGTTOU, SIG_DFL);
      ::execve(program, argv, env);
      ::_exit(127);
    }
    ::signal(SIGTTOU, SIG_IGN);
    while (true) {
      int status = 0;
      if (::waitpid(job, &status, WUNTRACED) != job) ::_exit(126);
      if (WIFEXITED(status)) ::_exit(WEXITSTATUS(status));
      if (WIFSIGNALED(status)) ::_exit(128 + WTERMSIG(status));
      ::tcsetpgrp(STDIN_FILENO, ::getpid());
      static_cast<void>(!::write(STDOUT_FILENO, "[stopped]", 9));
      char word = 0;
      if (::read(go_on, &word, 1) != 1) ::_exit(126);
      ::tcsetpgrp(STDIN_FILENO, job);
      ::kill(job, SIGCONT);
    }
  }
  bool read_more(int timeout_ms) {
    pollfd end{master_.get(), POLLIN, 0};
    if (::poll(&end, 1, timeout_ms) != 1 || (end.revents & POLLIN) == 0) return false;
    char chunk[4096];
    const auto got = ::read(master_.get(), chunk, sizeof chunk);
    if (got <= 0) return false;
    shown_.append(chunk, static_cast<std::size_t>(got));
    return true;
  }

  FileDescriptor master_, slave_, go_on_;
  pid_t shell_ = -1;
  std::string shown_;
  std::size_t looked_up_to_ = 0;
};

}  // namespace nestbox::tune
