#pragma once
/// A client that says exactly what a test wants said, right or wrong.
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "nestbox/base/file.h"

namespace nestbox::test {

struct HttpReply {
  int status = 0;                              ///< 0: the connection ended without a reply
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;                            ///< with its chunks joined
};

/// One TCP connection to 127.0.0.1 or ::1. Every wait ends after 15 s, as a failure.
class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port, std::string_view host = "127.0.0.1");
  /// False when the other side has closed.
  bool send(std::string_view bytes);
  /// "GET path HTTP/1.1" with a right Host header.
  bool ask(std::string_view path, std::string_view method = "GET", std::string_view more_headers = "");
  /// The next reply with its whole body. `head_only`: a reply to HEAD.
  enum class Body { kWhole, kNone };
  HttpReply reply(Body body = Body::kWhole);
  /// Headers alone; what follows is taken by read_until() or body_bytes().
  HttpReply reply_head();
  /// Raw bytes up to and with `mark`, or all there were when the connection ended first.
  std::string read_until(std::string_view mark);
  /// The next chunk of a chunked body; empty at its end.
  std::string chunk();
  /// True when the other side closes within `within` (what it sends before is thrown away).
  bool closes_within(std::chrono::milliseconds within);
  int fd() const { return socket_.get(); }

 private:
  bool fill();
  std::string take(std::size_t bytes);

  FileDescriptor socket_;
  std::string inbox_;
};

HttpReply get(std::uint16_t port, std::string_view path, std::string_view more_headers = "");

}  // namespace nestbox::test
