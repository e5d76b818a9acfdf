#pragma once
/// One client, from its first byte to its last: reads requests within bounds, asks the handlers, writes replies.
#include <boost/beast/core/flat_buffer.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client_stream.h"
#include "reply.h"
#include "site.h"

namespace nestbox::web {

/// How somebody is placed whom the listener let through to us.
enum class Standing : std::uint8_t {
  kStranger,  ///< from another machine, without a session
  kSession,   ///< from another machine, logged in
  kLocal,     ///< on a listener that only this machine reaches
};

struct Visitor {
  Standing standing = Standing::kStranger;
  std::string session;  ///< while it holds
  std::string visit;    ///< of a browser that was here before: ties the CSRF token of who has no session
};

/// What handlers see of a request that has passed all checks.
struct Request {
  bool head_only = false;
  bool secure = false;
  std::string path;     ///< as it came, without the query
  std::string query;    ///< as it came, without the "?"
  std::string address;  ///< whose tries of a password count together
  std::string host;     ///< the Host header
  std::optional<std::string> origin;
  std::string content_type;
  std::string csrf_header;
  std::string range, if_range, if_none_match, if_modified_since;
  std::string body;
  Visitor visitor;
};

/// Thread-bound. States: waiting (handshake, idle, an unfinished request) and serving; only a waiting one may be
/// evicted.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Site& site, asio::ip::tcp::socket socket, asio::ssl::context* tls);

  /// Serves until the client goes, misbehaves, or close(). Keeps itself alive.
  asio::awaitable<void> run();
  /// Ends everything in hand at once. Idempotent.
  void close();
  bool waiting() const noexcept { return waiting_; }
  /// Of the request in hand, or of the last one; empty without.
  const std::string& session() const noexcept { return session_; }

  // For the handlers. The writes are false when the client is gone or too slow; the handler then returns.
  const std::shared_ptr<Waiter>& waiter() noexcept { return waiter_; }
  bool closed() const noexcept { return waiter_->closed(); }
  asio::awaitable<bool> send(const Reply& reply);
  /// A body in pieces, whose length nobody knows yet.
  asio::awaitable<bool> begin_body(const ReplyHead& head);
  /// One of `bytes` bytes; the caller sends exactly so many. With HEAD it is all.
  asio::awaitable<bool> begin_body(const ReplyHead& head, std::uint64_t bytes);
  asio::awaitable<bool> send_piece(std::string_view bytes);
  asio::awaitable<void> end_body();
  /// Bounds what lies in the kernel on its way to a live viewer: it would be stale before it is sent.
  void keep_little_in_flight();

 private:
  struct Incoming;  ///< a parsed message, with Beast's types
  class Deadline;
  asio::awaitable<bool> serve_one();
  asio::awaitable<bool> read_request(Incoming& incoming);
  Request request_of(Incoming& incoming);
  asio::awaitable<void> refuse_and_close(const Refusal& refusal);
  asio::awaitable<void> say_goodbye();
  asio::awaitable<bool> write_head(const ReplyHead& head, const std::string* length);
  template <class Buffers>
  asio::awaitable<bool> write(const Buffers& buffers);

  Site& site_;
  ClientStream stream_;
  boost::beast::flat_buffer inbox_;
  std::shared_ptr<Waiter> waiter_;
  asio::steady_timer deadline_timer_;
  std::uint64_t deadline_round_ = 0;
  const std::string address_;  ///< as Request::address
  std::string path_;           ///< of the request in hand
  std::string query_;
  std::string session_;
  bool waiting_ = true;
  bool keep_alive_ = false;
  bool knows_chunks_ = false;
  bool chunked_ = false;  ///< the body in hand
  bool head_only_ = false;
};

}  // namespace nestbox::web
