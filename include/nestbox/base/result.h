#pragma once
/// Failures of the outside world travel as values. A broken invariant of our own is an assertion (assert.h).
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace nestbox {

/// What the caller should do next, not what broke inside.
enum class ErrorKind {
  kInvalidArgument,  ///< the request can never succeed as it stands
  kNotFound,         ///< what was named does not exist
  kUnavailable,      ///< not now; worth a retry
  kBusy,             ///< somebody else has it; worth a retry
  kTimeout,          ///< no answer within the deadline; worth a retry
  kCancelled,        ///< we were asked to stop
  kExhausted,        ///< a bound was reached: queue, pool, disk
  kInternal,         ///< a library failed in a way that a retry will not mend
};

struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  std::string message;  ///< what was attempted, on what, and why not: "open /dev/gpiochip0: permission denied"
};

/// The one line to change for std::expected.
template <class T>
using Result = tl::expected<T, Error>;

/// `return fail(ErrorKind::kTimeout, "...")` from any function that returns a Result.
[[nodiscard]] inline tl::unexpected<Error> fail(ErrorKind kind, std::string message) {
  return tl::unexpected<Error>(Error{kind, std::move(message)});
}

/// Adds the caller's attempt in front of a callee's message: "attempt: message".
[[nodiscard]] inline tl::unexpected<Error> fail(Error cause, const std::string& attempt) {
  cause.message.insert(0, attempt + ": ");
  return tl::unexpected<Error>(std::move(cause));
}

}  // namespace nestbox
