#pragma once
/// A control server with a handler that the test scripts, and a client that may say anything.
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "nestbox/base/file.h"
#include "nestbox/base/mutex.h"
#include "nestbox/options/ports.h"
#include "nestbox/tune/control_server.h"

namespace nestbox::tune {

/// connect(2) or bind(2) on a path.
inline int with_address(int (*call)(int, const sockaddr*, socklen_t), int fd, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return call(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

inline FileDescriptor stream_socket() {
  return FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "nestbox-tune-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp: " + system_error_text(errno));
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Answers as the test says; remembers what was asked.
class FakeHandler : public CallHandler {
 public:
  using Done = std::function<void(Answer)>;
  using Script = std::function<void(Call, Done)>;

  void script(Script script) EXCLUDES(mutex_) {
    Lock lock(mutex_);
    script_ = std::move(script);
  }
  void answer_with(Answer answer) {
    script([answer](const Call&, const Done& done) { done(answer); });
  }
  void call(Call call, Done done) override EXCLUDES(mutex_) {
    Script script;
    {
      Lock lock(mutex_);
      asked_.push_back({call.command, call.arguments_json, call.secret, {}});
      script = script_;
      changed_.notify_all();
    }
    script(std::move(call), std::move(done));
  }
  /// Waits until that many calls have come.
  std::vector<Call> wait_for_calls(std::size_t count) EXCLUDES(mutex_) {
    Lock lock(mutex_);
    while (asked_.size() < count) changed_.wait(mutex_);
    return asked_;
  }
  std::vector<Call> asked() EXCLUDES(mutex_) {
    Lock lock(mutex_);
    return asked_;
  }

 private:
  Mutex mutex_;
  Condition changed_;
  Script script_ GUARDED_BY(mutex_) = [](const Call&, const Done& done) { done({0, "{}", {}}); };
  std::vector<Call> asked_ GUARDED_BY(mutex_);
};

/// The daemon's main loop: an io_context on a thread of its own.
class MainLoop {
 public:
  MainLoop() : work_(boost::asio::make_work_guard(context_)), thread_([this] { context_.run(); }) {}
  ~MainLoop() {
    work_.reset();
    thread_.join();  // a server that leaves anything waiting behind would hang here
  }
  MainLoop(const MainLoop&) = delete;
  MainLoop& operator=(const MainLoop&) = delete;

  /// Runs `work` on the loop's thread and waits for what it returns.
  template <class Work>
  auto on_loop(Work work) {
    std::packaged_task<decltype(work())()> task(std::move(work));
    auto result = task.get_future();
    boost::asio::post(context_, [&task] { task(); });
    return result.get();
  }
  boost::asio::io_context& context() { return context_; }

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

/// A running control server in a folder of its own.
class House {
 public:
  explicit House(const ControlLimits& limits = {}) {
    auto opened = loop_.on_loop([&] { return ControlServer::open(loop_.context(), {path()}, handler_, limits); });
    if (!opened) throw std::runtime_error(opened.error().message);
    server_ = std::move(*opened);
  }
  ~House() { stop(); }
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  void stop() {
    loop_.on_loop([this] { server_.reset(); });
  }
  /// Returns when the handler has returned from what it was asked: its script may use what lives as long as a test's
  /// body.
  void settle() {
    loop_.on_loop([] {});
  }
  /// As a crash in the middle of a call would: to be called by the handler.
  void stop_from_loop() { server_.reset(); }
  std::size_t clients() {
    return loop_.on_loop([this] { return server_->clients(); });
  }
  /// The server sees a client go a moment after it went.
  void wait_for_clients(std::size_t count) {
    while (clients() != count) std::this_thread::yield();
  }
  std::string path() const { return folder_.file("control.sock"); }
  const TemporaryFolder& folder() const { return folder_; }
  FakeHandler& handler() { return handler_; }
  MainLoop& loop() { return loop_; }

 private:
  TemporaryFolder folder_;
  FakeHandler handler_;
  MainLoop loop_;
  std::unique_ptr<ControlServer> server_;
};

/// Speaks raw bytes.
class RawClient {
 public:
  explicit RawClient(const std::string& path) : socket_(stream_socket()) {
    if (with_address(::connect, socket_.get(), path) != 0) {
      throw std::runtime_error("connect: " + system_error_text(errno));
    }
  }
  /// False when the server hung up.
  bool say(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void end_of_words() { ::shutdown(socket_.get(), SHUT_WR); }
  void vanish() { socket_ = FileDescriptor(); }

  /// A line with its newline; what came before the end where there is none. Throws after 10 s of silence.
  std::string hear_line() {
    std::string line;
    while (line.empty() || line.back() != '\n') {
      const auto byte = hear(1);
      if (byte.empty()) break;
      line += byte;
    }
    return line;
  }
  /// So many bytes, or fewer at the end.
  std::string hear(std::size_t count) {
    std::string bytes;
    while (bytes.size() < count) {
      pollfd descriptor{socket_.get(), POLLIN, 0};
      if (::poll(&descriptor, 1, 10'000) != 1) throw std::runtime_error("the server says nothing");
      std::string chunk(count - bytes.size(), '\0');
      const auto got = ::recv(socket_.get(), chunk.data(), chunk.size(), 0);
      if (got <= 0) break;  // the end, or reset: it closed with words of ours unread
      bytes.append(chunk, 0, static_cast<std::size_t>(got));
    }
    return bytes;
  }
  bool at_end() { return hear(1).empty(); }
  int descriptor() const { return socket_.get(); }

 private:
  FileDescriptor socket_;
};

}  // namespace nestbox::tune
