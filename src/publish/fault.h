#pragma once
/// What went wrong with a connection, in words for people and in pace for the backoff.
#include <chrono>
#include <cstdint>
#include <string>

#include "nestbox/publish/output.h"
#include "nestbox/rules/backoff.h"
#include "resolver.h"
#include "target.h"

namespace nestbox::publish {

struct Failure {
  PublishFault fault = PublishFault::kNone;
  Setback setback = Setback::kUnreachable;
  std::string text;             ///< redacted
  bool server_reached = false;  ///< it answered, if only by a refusal
};

Failure explain_name(const Target& target, NameVerdict verdict);

enum class ConnectEnd : std::uint8_t {
  kError,      ///< libavformat came back with a code
  kNoAnswer,   ///< no TCP connection in time
  kNoService,  ///< a TCP connection, but nobody who speaks the protocol
};
/// `complaint`: what FFmpeg printed.
Failure explain_connect(const Target& target, ConnectEnd end, int code, const std::string& complaint);

/// The end of a session: `code` of the write that failed, or 0 when nothing was taken any more for `stuck_for`.
Failure explain_loss(const Target& target, int code, const std::string& complaint, std::chrono::nanoseconds media_for,
                     std::chrono::nanoseconds stuck_for);

/// What a second try would not mend while somebody waits for the answer.
bool is_hopeless(const OutputStatus& status);

}  // namespace nestbox::publish
