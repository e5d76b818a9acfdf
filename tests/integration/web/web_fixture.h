#pragma once
/// A server on a free port, with ports behind it that tests command.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "http_client.h"
#include "nestbox/base/mutex.h"
#include "nestbox/web/routes.h"
#include "nestbox/web/web_server.h"
#include "recordings_folder.h"
#include "support/temporary_folder.h"

namespace nestbox::test {

/// Answers at once, later, or never.
class FakeCalls final : public CallHandler {
 public:
  void call(Call call, std::function<void(Answer)> done) override {
    ++calls;
    Answer now;
    {
      Lock lock(mutex_);
      last_ = call.command;
      last_arguments_ = call.arguments_json;
      if (silent) {
        kept_.push_back(std::move(done));
        return;
      }
      now = answer_;
    }
    done(std::move(now));
  }
  void set_answer(Answer answer) {
    Lock lock(mutex_);
    answer_ = std::move(answer);
  }
  std::string last() {
    Lock lock(mutex_);
    return last_;
  }
  std::string last_arguments() {
    Lock lock(mutex_);
    return last_arguments_;
  }
  /// The answers that were held back while silent.
  void answer_late() {
    std::vector<std::function<void(Answer)>> kept;
    {
      Lock lock(mutex_);
      kept.swap(kept_);
    }
    for (auto& done : kept) done({});
  }
  std::atomic<bool> silent{false};
  std::atomic<int> calls{0};

 private:
  Mutex mutex_;
  Answer answer_ GUARDED_BY(mutex_){0, R"({"state":"ok"})", {}};
  std::string last_ GUARDED_BY(mutex_), last_arguments_ GUARDED_BY(mutex_);
  std::vector<std::function<void(Answer)>> kept_ GUARDED_BY(mutex_);
};

/// A new "picture" each time, or an error, or silence.
class FakePictures final : public PictureTaker {
 public:
  void take_picture(std::function<void(Result<Picture>)> done) override {
    const auto sequence = ++taken;
    if (failing) return done(fail(ErrorKind::kTimeout, "no picture came within 2 seconds"));
    auto jpeg = std::make_shared<const std::string>("\xff\xd8 picture " + std::to_string(sequence) + " \xff\xd9");
    done(Picture{std::move(jpeg), 16, 16, sequence});
  }
  void take_centre(std::function<void(Result<Picture>)> done) override {
    ++centres_taken;
    take_picture(std::move(done));
  }
  std::atomic<bool> failing{false};
  std::atomic<std::uint64_t> taken{0}, centres_taken{0};
};

/// One password, kPassword; sessions that the test can look at and end.
class FakeDoorkeeper final : public Doorkeeper {
 public:
  static constexpr const char* kPassword = "correct horse & 100% battery";
  bool has_password() const override { return password_set; }
  void log_in(const std::string& address, Secret password, std::function<void(LogIn)> done) override {
    Lock lock(mutex_);
    last_address_ = address;
    if (silent) return;
    if (later_s > 0) return done({Entry::kLater, {}, std::chrono::seconds(later_s)});
    if (password.reveal() != kPassword) return done({Entry::kRefused, {}, {}});
    const auto number = std::to_string(sessions_.size() + 1);
    const auto session = std::string(64 - number.size(), 'a') + number;
    sessions_.insert(session);
    done({Entry::kAdmitted, session, {}});
  }
  bool knows(const std::string& session) override {
    Lock lock(mutex_);
    return sessions_.count(session) > 0;
  }
  void log_out(const std::string& session) override {
    Lock lock(mutex_);
    sessions_.erase(session);
  }
  std::string last_address() {
    Lock lock(mutex_);
    return last_address_;
  }
  std::atomic<bool> password_set{true}, silent{false};
  std::atomic<int> later_s{0};

 private:
  Mutex mutex_;
  std::set<std::string> sessions_ GUARDED_BY(mutex_);
  std::string last_address_ GUARDED_BY(mutex_);
};

/// The address of a route: its table's with something in place of what stands in braces.
inline std::string path_of(const Route& route) {
  std::string path(route.path);
  for (const auto& [mark, example] : {std::pair{"{file}", "none"}, std::pair{"{id}", "12"}})
    if (const auto at = path.find(mark); at != std::string::npos) path.replace(at, std::string(mark).size(), example);
  return path;
}

class WebTest : public testing::Test {
 protected:
  void start(WebOptions options = {}) {
    if (options.listen == WebOptions{}.listen) options.listen = "127.0.0.1:0";
    auto opened = WebServer::open(options, {calls_, pictures_, hub_, doorkeeper_, recordings_});
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    server_ = std::move(*opened);
    const auto address = server_->address();
    port_ = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }
  HttpReply get(std::string_view path, std::string_view more_headers = "") {
    return test::get(port_, path, more_headers);
  }
  /// A request whose Host header is `host`, and nothing else.
  HttpReply get_as(std::string_view host, std::string_view path = "/healthz") {
    HttpClient client(port_);
    client.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
    return client.reply();
  }

  FakeCalls calls_;
  FakePictures pictures_;
  std::atomic<int> keyframes_wanted_{0};
  PacketHub hub_{[this] { ++keyframes_wanted_; }};
  FakeDoorkeeper doorkeeper_;
  TemporaryFolder folder_;
  RecordingsFolder recordings_{folder_.path()};
  std::unique_ptr<WebServer> server_;
  std::uint16_t port_ = 0;
};

/// Waits for a state, without a sleep that a slow machine outlasts. False after 10 s.
template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace nestbox::test
