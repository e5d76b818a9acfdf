#pragma once
/// Whether the way to an output's server is open, without sending anything of the stream or its key.
#include <memory>
#include <string>

#include "nestbox/options/options.h"
#include "nestbox/publish/output.h"

namespace nestbox {

struct ServerReply {
  enum class Way : std::uint8_t {
    kFile,     ///< there is no server
    kUnasked,  ///< a protocol that cannot be asked without a stream (SRT, UDP)
    kOpen,     ///< the name is known, and the server takes TCP connections
    kSecure,   ///< and its certificate is good
    kClosed,
  };
  Way way = Way::kClosed;
  PublishFault fault = PublishFault::kNone;
  std::string server;  ///< "a.rtmps.youtube.com:443", never with a key
  std::string text;    ///< why it is closed; redacted
};

/// ask() is thread-bound and blocks for up to 8 s; cancel() may be called by any thread and ends it within a second.
class ServerProbe {
 public:
  ServerProbe();
  ~ServerProbe();
  ServerReply ask(const OutputOptions& options);
  void cancel() noexcept;

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace nestbox
