#include "session.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "nestbox/base/log.h"
#include "nestbox/base/secret.h"
#include "request.h"

namespace nestbox::tune {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

}  // namespace

Session::Session(boost::asio::io_context& context, Socket socket, CallHandler& calls, const ControlLimits& limits,
                 Ended ended)
    : context_(context),
      socket_(std::move(socket)),
      deadline_(context),
      calls_(calls),
      limits_(limits),
      ended_(std::move(ended)),
      input_(limits.line_bytes) {}

Session::~Session() {
  wipe(input_.data(), input_.size());
}

void Session::start() {
  log_peer();
  wait_for_request();
}

void Session::log_peer() {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return;
  NESTBOX_LOG_DEBUG("control", "client connected: process {} of user {}", peer.pid, peer.uid);
}

void Session::wait_for_request() {
  state_ = State::kWaiting;
  guard_with_deadline();
  received(0);  // what came together with the request before
}

void Session::received(std::size_t bytes) {
  const auto fresh = input_.begin() + static_cast<std::ptrdiff_t>(bytes == 0 ? 0 : input_bytes_);
  input_bytes_ += bytes;
  const auto end = input_.begin() + static_cast<std::ptrdiff_t>(input_bytes_);
  const auto newline = std::find(fresh, end, '\n');
  if (newline != end) return take_line(static_cast<std::size_t>(newline - input_.begin()));
  if (input_bytes_ == input_.size()) {
    return reject("the request is longer than " + std::to_string(limits_.line_bytes) + " bytes");
  }
  if (input_ended_) {
    if (input_bytes_ == 0) return close();
    return reject("the request ends without a newline");
  }
  const auto space = asio::buffer(input_.data() + input_bytes_, input_.size() - input_bytes_);
  socket_.async_read_some(space, [self = shared_from_this()](const ErrorCode& error, std::size_t count) {
    if (self->state_ != State::kWaiting) return;
    if (error && error != asio::error::eof) return self->close();
    self->input_ended_ = error == asio::error::eof;
    self->received(count);
  });
}

void Session::take_line(std::size_t length) {
  deadline_.cancel();
  auto request = parse_request(std::string_view(input_.data(), length));
  forget_input(length + 1);
  if (!request) return reject(request.error().message);
  NESTBOX_LOG_DEBUG("control", "asked: {} {}", request->command, request->arguments_json);
  call(std::move(*request));
}

void Session::forget_input(std::size_t bytes) {
  const auto begin = input_.begin();
  std::move(begin + static_cast<std::ptrdiff_t>(bytes), begin + static_cast<std::ptrdiff_t>(input_bytes_), begin);
  const auto left = input_bytes_ - bytes;
  wipe(input_.data() + left, bytes);
  input_bytes_ = left;
}

void Session::call(Call call) {
  state_ = State::kCalling;
  call_in_hand_ = true;
  watch_for_hangup();
  // The handler may answer at once, from another thread, or after this client is gone: what it says is posted.
  call.progress = [self = shared_from_this()](const std::string& json) {
    if (self->gone_.load(std::memory_order_relaxed)) return Asker::kGone;
    asio::post(self->context_, [self, line = progress_line(json)]() mutable { self->progress(std::move(line)); });
    return Asker::kWaits;
  };
  calls_.call(std::move(call), [self = shared_from_this()](Answer answer) {
    asio::post(self->context_, [self, answer = std::move(answer)]() mutable {
      self->call_in_hand_ = false;
      if (self->state_ == State::kClosed) return self->end();
      self->answer(std::move(answer), Afterwards::kAskAgain);
    });
  });
}

/// A client that is killed while it waits; one that only ends its half (`nc -N`) still gets its answer.
void Session::watch_for_hangup() {
  socket_.async_wait(Socket::wait_error, [self = shared_from_this()](const ErrorCode& error) {
    if (error || self->state_ == State::kClosed) return;
    self->close();
  });
}

void Session::reject(const std::string& message) {
  NESTBOX_LOG_DEBUG("control", "not a request: {}", message);
  answer({2, error_body("bad_request", message), {}}, Afterwards::kClose);
}

void Session::progress(std::string line) {
  if (state_ != State::kCalling) return;
  if (writing_progress_) {
    progress_next_ = std::move(line);
  } else {
    write_progress(std::move(line));
  }
}

void Session::write_progress(std::string line) {
  writing_progress_ = true;
  progress_writing_ = std::move(line);
  guard_with_deadline();
  asio::async_write(socket_, asio::buffer(progress_writing_),
                    [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                      self->writing_progress_ = false;
                      self->deadline_.cancel();
                      if (self->state_ == State::kClosed) return;
                      if (error) return self->close();
                      if (self->answer_) return self->write_answer();
                      if (auto next = std::exchange(self->progress_next_, {})) self->write_progress(std::move(*next));
                    });
}

void Session::answer(Answer answer, Afterwards afterwards) {
  state_ = State::kAnswering;
  answer_ = std::move(answer);
  answer_line_ = answer_line(*answer_);
  afterwards_ = afterwards;
  progress_next_.reset();
  if (!writing_progress_) write_answer();
}

void Session::write_answer() {
  guard_with_deadline();
  const std::array parts{asio::buffer(std::as_const(answer_line_)), asio::buffer(std::as_const(answer_->attachment))};
  asio::async_write(socket_, parts, [self = shared_from_this()](const ErrorCode& error, std::size_t) {
    if (self->state_ == State::kClosed) return;
    self->answer_.reset();
    self->answer_line_ = {};
    if (error || self->afterwards_ == Afterwards::kClose) return self->close();
    ErrorCode ignored;
    self->socket_.cancel(ignored);  // NOLINT(bugprone-unused-return-value): the watch; reading sees a hang-up from here
    self->wait_for_request();
  });
}

/// Nobody keeps a place by saying or taking nothing: the whole request, and each answer, has this long.
void Session::guard_with_deadline() {
  deadline_.expires_after(limits_.idle);
  deadline_.async_wait([self = shared_from_this()](const ErrorCode& error) {
    if (error || self->state_ == State::kClosed) return;
    // A timer that was set anew while this ran out does not count.
    if (self->deadline_.expiry() > boost::asio::steady_timer::clock_type::now()) return;
    if (self->state_ == State::kCalling && !self->writing_progress_) return;
    self->close();
  });
}

void Session::close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  gone_.store(true, std::memory_order_relaxed);
  deadline_.cancel();
  ErrorCode ignored;
  socket_.close(ignored);  // NOLINT(bugprone-unused-return-value): nothing is left to be done about it
  if (!call_in_hand_) end();
}

void Session::end() {
  if (auto ended = std::exchange(ended_, {})) ended(shared_from_this());
}

}  // namespace nestbox::tune
