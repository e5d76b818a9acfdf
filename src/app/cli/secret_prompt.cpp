#include "secret_prompt.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "nestbox/base/file.h"

namespace nestbox::cli {
namespace {

constexpr std::size_t kLengthMax = 4095;  // what a terminal's line holds: termios(3)

/// Signals that would end or stop us come through a descriptor meanwhile, so that none of them finds the echo off.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigemptyset(&held_);
    for (const int number : {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGTSTP}) sigaddset(&held_, number);
    sigprocmask(SIG_BLOCK, &held_, &before_);
    descriptor_ = FileDescriptor(::signalfd(-1, &held_, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  ~SignalsHeld() { sigprocmask(SIG_SETMASK, &before_, nullptr); }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

  int descriptor() const { return descriptor_.get(); }
  /// Lets the signal do its work; returns after a stop that was continued.
  void deliver() {
    signalfd_siginfo info{};
    if (::read(descriptor_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return;
    ::raise(static_cast<int>(info.ssi_signo));
    sigprocmask(SIG_SETMASK, &before_, nullptr);  // it arrives here
    sigprocmask(SIG_BLOCK, &held_, nullptr);
  }

 private:
  sigset_t held_{}, before_{};
  FileDescriptor descriptor_;
};

/// The terminal shows nothing of what is typed, for a scope.
class EchoOff {
 public:
  EchoOff() {
    ::tcgetattr(STDIN_FILENO, &before_);
    auto silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~EchoOff() {
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    std::fputc('\n', stderr);
  }
  EchoOff(const EchoOff&) = delete;
  EchoOff& operator=(const EchoOff&) = delete;

 private:
  termios before_{};
};

/// The first line of standard input. It stands in one place, so that it can be wiped there.
class LineBuffer {
 public:
  LineBuffer() = default;
  ~LineBuffer() { wipe(bytes_.data(), bytes_.size()); }
  LineBuffer(const LineBuffer&) = delete;
  LineBuffer& operator=(const LineBuffer&) = delete;

  enum class Progress { kMore, kComplete, kTooLong };
  Result<Progress> read_some(const std::string& what) {
    const auto got = ::read(STDIN_FILENO, bytes_.data() + size_, bytes_.size() - size_);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return Progress::kMore;
    if (got < 0) return fail(ErrorKind::kUnavailable, "read the " + what + ": " + system_error_text(errno));
    const auto fresh = bytes_.begin() + static_cast<std::ptrdiff_t>(size_);
    size_ += static_cast<std::size_t>(got);
    const auto end = bytes_.begin() + static_cast<std::ptrdiff_t>(size_);
    const auto newline = std::find(fresh, end, '\n');
    if (newline != end || got == 0) {
      size_ = static_cast<std::size_t>(newline - bytes_.begin());
      return Progress::kComplete;
    }
    return size_ == bytes_.size() ? Progress::kTooLong : Progress::kMore;
  }
  std::string_view line() const {
    const std::string_view whole(bytes_.data(), size_);
    return !whole.empty() && whole.back() == '\r' ? whole.substr(0, size_ - 1) : whole;
  }

 private:
  std::array<char, kLengthMax + 1> bytes_{};
  std::size_t size_ = 0;
};

Result<Secret> checked(std::string_view line, const std::string& what) {
  if (line.empty()) return fail(ErrorKind::kInvalidArgument, "no " + what + " was given; nothing was changed");
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (std::any_of(line.begin(), line.end(), is_control)) {
    return fail(ErrorKind::kInvalidArgument, "the " + what + " has a control character in it; copy it again, alone");
  }
  return Secret(std::string(line));
}

Result<Secret> read_line(LineBuffer& buffer, const std::string& what) {
  while (true) {
    const auto progress = buffer.read_some(what);
    if (!progress) return tl::unexpected<Error>(progress.error());
    if (*progress == LineBuffer::Progress::kComplete) return checked(buffer.line(), what);
    if (*progress == LineBuffer::Progress::kTooLong) {
      return fail(ErrorKind::kInvalidArgument, fmt::format("the {} is longer than {} characters", what, kLengthMax));
    }
  }
}

/// True when a line can be read; false when a signal waits instead.
bool wait_for_line(int signals) {
  std::array<pollfd, 2> descriptors{pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{signals, POLLIN, 0}};
  while (::poll(descriptors.data(), descriptors.size(), -1) < 0 && errno == EINTR) {
  }
  return descriptors[1].revents == 0;
}

}  // namespace

Result<Secret> read_secret(const std::string& prompt, const std::string& what) {
  LineBuffer buffer;
  if (::isatty(STDIN_FILENO) != 1) return read_line(buffer, what);
  SignalsHeld signals;
  while (true) {
    {
      const EchoOff echo_off;
      std::fputs(prompt.c_str(), stderr);
      // A terminal hands over whole lines, so reading does not wait once it is ready.
      if (wait_for_line(signals.descriptor())) return read_line(buffer, what);
    }
    signals.deliver();
  }
}

}  // namespace nestbox::cli
