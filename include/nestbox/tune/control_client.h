#pragma once
/// The other end of the control socket (control_server.h), for programs that may block.
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "nestbox/base/file.h"
#include "nestbox/base/result.h"
#include "nestbox/options/ports.h"

namespace nestbox::tune {

struct ClientLimits {
  std::chrono::milliseconds silence{15'000};  ///< the longest wait for the next byte, in either direction
  std::size_t line_bytes = 4 * 1024 * 1024;   ///< of an answer's line
  std::size_t attachment_bytes = 64 * 1024 * 1024;
};

/// One connection. Thread-bound. Never raises SIGPIPE.
class ControlClient {
 public:
  /// Errors, all with what to do about it: kNotFound no socket there; kUnavailable nobody listens on it any more (both:
  /// the daemon is not running); kInvalidArgument not allowed to, or not a socket's path; kTimeout the daemon hangs.
  static Result<ControlClient> connect(const std::string& path, const ClientLimits& limits = {});

  /// Asks, and waits for the answer; `on_progress` sees each progress object of a long command. Answer.json is the
  /// body byte for byte. `call.progress` is not used. `call.secret`, where it is not empty, joins the arguments.
  /// Errors: kTimeout; kUnavailable when the daemon went away meanwhile; kInvalidArgument when the call cannot be said
  /// in JSON; kExhausted and kInternal for an answer that is too large or that makes no sense. After an error the
  /// connection is of no more use.
  Result<Answer> call(const Call& call, const std::function<void(std::string_view progress_json)>& on_progress = {});

 private:
  ControlClient(FileDescriptor socket, const ClientLimits& limits, std::string path);

  Result<void> send(std::string_view bytes);
  Result<std::string> read_line();
  Result<std::string> read_bytes(std::size_t count);
  Result<void> receive();
  Result<void> wait_for(short events);

  FileDescriptor socket_;
  ClientLimits limits_;
  std::string path_;
  std::string input_;  // received, not yet used
};

}  // namespace nestbox::tune
