#pragma once
/// The control socket: the command line's way into the daemon. One JSON object a line; docs/api.md shows the bodies.
///
///   request   {"command":"status","arguments":{...}}
///   answer    {"progress":{...}}                                any number of them, while a long command runs
///             {"exit":0,"attachment_bytes":N,"body":{...}}      members in this order, then N raw bytes
///
/// A connection asks one thing at a time and may ask again. What is not a request is answered by an error and closed.
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "nestbox/base/result.h"
#include "nestbox/options/options.h"
#include "nestbox/options/ports.h"

namespace boost::asio {
class io_context;
}

namespace nestbox::tune {

struct ControlLimits {
  std::size_t line_bytes = 64 * 1024;      ///< of a request, its newline included
  std::size_t clients = 16;                ///< one more is told so and closed
  std::chrono::milliseconds idle{30'000};  ///< to finish a request, and to take an answer
};

/// Thread-bound to the thread that runs `context`; nothing in it blocks. The handler's `done` and `progress` may be
/// called from any thread, at once or later, also after this object is gone, as long as `context` lives.
class ControlServer {
 public:
  /// Makes the socket with mode 0660, and its folder where that is missing. The socket of a daemon that died is
  /// replaced. `calls` must outlive this object.
  /// Errors: kUnavailable "another nestboxd answers on ...", or what the system refused; kInvalidArgument when the path
  /// is too long for a socket or something else stands there.
  static Result<std::unique_ptr<ControlServer>> open(boost::asio::io_context& context, const ControlOptions& options,
                                                     CallHandler& calls, const ControlLimits& limits = {});
  /// Hangs up on every client and removes the socket, if it is still ours.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  const std::string& path() const noexcept;
  std::size_t clients() const noexcept;

 private:
  class Impl;
  explicit ControlServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace nestbox::tune
