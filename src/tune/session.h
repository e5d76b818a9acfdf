#pragma once
/// One client of the control socket.
///
///   waiting ──line──► calling ──done──► answering ──sent──► waiting
///      │ idle, EOF       │ peer gone        │ stuck, peer gone
///      └──────────► closed ◄────────────────┘        (a call in hand keeps its place among the clients until done)
#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nestbox/options/ports.h"
#include "nestbox/tune/control_server.h"

namespace nestbox::tune {

/// Thread-bound to the thread of its io_context, save what the handler calls back, which is posted there.
class Session : public std::enable_shared_from_this<Session> {
 public:
  using Socket = boost::asio::local::stream_protocol::socket;
  using Ended = std::function<void(const std::shared_ptr<Session>&)>;

  /// `ended` runs once, when the client is gone and no call of it is in hand any more.
  Session(boost::asio::io_context& context, Socket socket, CallHandler& calls, const ControlLimits& limits,
          Ended ended);
  ~Session();

  void start();
  /// Hangs up. The handler is not called any more.
  void close();

 private:
  enum class State { kWaiting, kCalling, kAnswering, kClosed };
  enum class Afterwards { kAskAgain, kClose };

  void log_peer();
  void wait_for_request();
  void received(std::size_t bytes);
  void take_line(std::size_t length);
  void forget_input(std::size_t bytes);
  void call(Call call);
  void watch_for_hangup();
  void reject(const std::string& message);

  void progress(std::string line);
  void answer(Answer answer, Afterwards afterwards);
  void write_progress(std::string line);
  void write_answer();
  void guard_with_deadline();
  void end();

  boost::asio::io_context& context_;
  Socket socket_;
  boost::asio::steady_timer deadline_;
  CallHandler& calls_;
  const ControlLimits limits_;
  Ended ended_;

  State state_ = State::kWaiting;
  bool call_in_hand_ = false;
  bool input_ended_ = false;
  std::atomic<bool> gone_ = false;  ///< read by the handler's threads

  std::vector<char> input_;  ///< of fixed size, so that a secret in it lies in one place, and is wiped there
  std::size_t input_bytes_ = 0;

  bool writing_progress_ = false;
  std::string progress_writing_;
  std::optional<std::string> progress_next_;  ///< the newest; a slow reader misses those before it
  std::optional<Answer> answer_;
  std::string answer_line_;
  Afterwards afterwards_ = Afterwards::kAskAgain;
};

}  // namespace nestbox::tune
