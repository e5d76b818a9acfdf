#include "connection.h"

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "access.h"
#include "handlers.h"
#include "nestbox/base/assert.h"
#include "nestbox/base/log.h"
#include "nestbox/base/secret.h"
#include "nestbox/web/routes.h"

namespace nestbox::web {

namespace http = boost::beast::http;
using Clock = std::chrono::steady_clock;

namespace {

// As opposed to a client that went away.
bool is_malformed(const error_code& error) {
  const auto from_http = http::make_error_code(http::error::bad_method);
  return error.category() == from_http.category() && error != http::error::end_of_stream &&
         error != http::error::partial_message;
}

// Why an unfinished request is refused. Empty when there is nobody to tell: the client went, or never spoke.
std::optional<Refusal> refusal_for(const error_code& error, bool late, bool begun) {
  if (late && !begun) return std::nullopt;
  if (late) return Refusal{408, "timeout", "the request was not complete within 10 seconds", {}};
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return Refusal{431, "header_too_large", "the request's header is larger than 8 KiB", {}};
  if (error == http::error::body_limit)
    return Refusal{413, "too_large", "the request's body is larger than 64 KiB", {}};
  if (is_malformed(error))
    return Refusal{400, "bad_request", "this is not an HTTP/1.1 request: " + error.message(), {}};
  return std::nullopt;
}

// Addresses of one owner: an IPv6 one stands for its network, for its owner may take any other there.
std::string counted_address(const asio::ip::tcp::socket& socket) {
  error_code error;
  auto address = socket.remote_endpoint(error).address();
  if (error) return "unknown";
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  if (address.is_v4()) return address.to_string();
  constexpr unsigned short kNetworkBits = 64;
  return asio::ip::network_v6(address.to_v6(), kNetworkBits).canonical().to_string();
}

template <class Message>
std::string header_text(const Message& message, std::string_view name) {
  const auto value = message[{name.data(), name.size()}];
  return {value.data(), value.size()};
}

}  // namespace

struct Connection::Incoming {
  Incoming() {
    parser.header_limit(static_cast<std::uint32_t>(kHeaderBytesMax));
    parser.body_limit(kBodyBytesMax);
  }
  http::request_parser<http::string_body> parser;
};

/// While it lives, the socket's operations are cancelled when the time is up. One at a time for each connection.
class Connection::Deadline {
 public:
  Deadline(Connection& connection, Clock::duration time) : connection_(connection) {
    connection_.deadline_timer_.expires_after(time);
    connection_.deadline_timer_.async_wait([weak = connection.weak_from_this(), passed = passed_,
                                            round = ++connection.deadline_round_](const error_code& error) {
      const auto alive = weak.lock();
      // The round tells a handler that was queued before the deadline was lifted.
      if (error || !alive || alive->deadline_round_ != round) return;
      *passed = true;
      error_code ignored;
      alive->stream_.socket().cancel(ignored);
    });
  }
  ~Deadline() {
    ++connection_.deadline_round_;
    connection_.deadline_timer_.cancel();
  }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  bool passed() const noexcept { return *passed_; }

 private:
  Connection& connection_;
  std::shared_ptr<bool> passed_ = std::make_shared<bool>(false);
};

Connection::Connection(Site& site, asio::ip::tcp::socket socket, asio::ssl::context* tls)
    : site_(site),
      stream_(std::move(socket), tls),
      inbox_(kHeaderBytesMax + kBodyBytesMax),
      waiter_(std::make_shared<Waiter>(stream_.get_executor())),
      deadline_timer_(stream_.get_executor()),
      address_(counted_address(stream_.socket())) {
  error_code ignored;
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
}

void Connection::close() {
  waiter_->close();
  error_code ignored;
  stream_.socket().close(ignored);
}

void Connection::keep_little_in_flight() {
  constexpr int kInFlightBytesMax = 128 * 1024;  // 350 ms at 3 Mbit/s; Linux doubles it for its own books
  error_code ignored;
  stream_.socket().set_option(asio::socket_base::send_buffer_size(kInFlightBytesMax), ignored);
}

asio::awaitable<void> Connection::run() {
  const auto self = shared_from_this();
  error_code refused;
  {
    const Deadline deadline(*this, kRequestDeadline);
    refused = co_await stream_.handshake();
  }
  if (!refused)
    while (!closed() && co_await serve_one()) {
    }
  close();
}

// True when the connection may carry another request.
asio::awaitable<bool> Connection::serve_one() {
  waiting_ = true;
  Incoming incoming;
  if (!co_await read_request(incoming)) co_return false;
  waiting_ = false;

  const auto& message = incoming.parser.get();
  const auto target = message.target();
  const auto path_end = std::min(target.find('?'), target.size());
  path_.assign(target.data(), path_end);
  query_.assign(target.data() + path_end, target.size() - path_end);
  if (!query_.empty()) query_.erase(0, 1);
  keep_alive_ = message.keep_alive();
  knows_chunks_ = message.version() >= 11;
  head_only_ = message.method() == http::verb::head;
  const auto method = message.method_string();
  std::vector<std::string> hosts;
  for (auto [host, last] = message.equal_range(http::field::host); host != last; ++host)
    hosts.emplace_back(host->value());

  if (const auto refusal = check_request({method.data(), method.size()}, path_, hosts, site_)) {
    auto reply = refuse(refusal->what, path_);
    if (!refusal->allow.empty()) reply.head.more.emplace_back("Allow", refusal->allow);
    co_return co_await send(reply) && keep_alive_;
  }
  const auto* route = match_route({method.data(), method.size()}, path_).route;
  auto request = request_of(incoming);
  session_ = request.visitor.session;
  if (const auto refused = check_access(site_, *route, request)) {
    co_await send(*refused);
  } else {
    co_await handle(*this, site_, *route, request);
  }
  wipe(request.body.data(), request.body.size());  // it may hold a password
  co_return !closed() && keep_alive_;
}

Request Connection::request_of(Incoming& incoming) {
  auto& message = incoming.parser.get();
  Request request;
  request.head_only = head_only_;
  request.secure = stream_.secure();
  request.path = path_;
  request.query = query_;
  request.address = address_;
  request.host = header_text(message, "Host");
  if (message.find(http::field::origin) != message.end()) request.origin = header_text(message, "Origin");
  request.content_type = header_text(message, "Content-Type");
  request.csrf_header = header_text(message, "X-CSRF-Token");
  request.range = header_text(message, "Range");
  request.if_range = header_text(message, "If-Range");
  request.if_none_match = header_text(message, "If-None-Match");
  request.if_modified_since = header_text(message, "If-Modified-Since");
  request.body = std::move(message.body());
  request.visitor = visitor_of(site_, header_text(message, "Cookie"), request.secure);
  return request;
}

asio::awaitable<bool> Connection::read_request(Incoming& incoming) {
  path_.clear();
  error_code error;
  bool late = false;
  {
    const Deadline deadline(*this, kRequestDeadline);
    std::tie(error, std::ignore) = co_await http::async_read(stream_, inbox_, incoming.parser, kAwait);
    late = deadline.passed();
  }
  if (!error) co_return true;
  if (closed()) co_return false;
  const bool begun = incoming.parser.got_some();
  if (begun && incoming.parser.is_header_done()) {
    const auto target = incoming.parser.get().target();
    path_.assign(target.data(), target.size());
  }
  const auto refusal = refusal_for(error, late, begun);
  if (refusal) co_await refuse_and_close(*refusal);
  co_return false;
}

asio::awaitable<void> Connection::refuse_and_close(const Refusal& refusal) {
  keep_alive_ = false;
  head_only_ = false;
  const auto reply = refuse(refusal, path_);
  if (co_await send(reply)) co_await say_goodbye();
}

// Closing while the client still sends would reset the connection, and the reply would be lost with it.
asio::awaitable<void> Connection::say_goodbye() {
  const Deadline deadline(*this, kLingerDeadline);
  co_await stream_.shut_down_sending();
  std::string scratch(std::size_t{16} * 1024, '\0');
  std::size_t left = std::size_t{1024} * 1024;
  while (!deadline.passed() && !closed()) {
    const auto [error, bytes] = co_await stream_.async_read_some(asio::buffer(scratch), kAwait);
    if (error || bytes > left) co_return;
    left -= bytes;
  }
}

template <class Buffers>
asio::awaitable<bool> Connection::write(const Buffers& buffers) {
  if (closed()) co_return false;
  error_code error;
  {
    const Deadline deadline(*this, kWriteDeadline);
    std::tie(error, std::ignore) = co_await asio::async_write(stream_, buffers, kAwait);
  }
  // Half a reply cannot be mended: the client is told by the end of the connection.
  if (error) close();
  co_return !error;
}

asio::awaitable<bool> Connection::write_head(const ReplyHead& head, const std::string* length) {
  http::response<http::empty_body> message(static_cast<http::status>(head.status), knows_chunks_ ? 11 : 10);
  message.set(http::field::date, http_date(wall_now()));
  message.set(http::field::content_type, head.content_type);
  message.set(http::field::cache_control, head.cache_control);
  for (const auto& [name, value] : security_headers()) message.set(name, value);
  for (const auto& [name, value] : head.more) message.insert(name, value);  // Set-Cookie may come twice
  if (length != nullptr) message.set(http::field::content_length, *length);
  message.keep_alive(keep_alive_);
  if (chunked_ && !head_only_) message.chunked(true);

  if (closed()) co_return false;
  http::response_serializer<http::empty_body> serializer(message);
  error_code error;
  {
    const Deadline deadline(*this, kWriteDeadline);
    std::tie(error, std::ignore) = co_await http::async_write_header(stream_, serializer, kAwait);
  }
  if (error) close();
  co_return !error;
}

asio::awaitable<bool> Connection::send(const Reply& reply) {
  chunked_ = false;
  if (!reply.body) {
    constexpr unsigned kNotModified = 304;
    NESTBOX_ASSERT(head_only_ || reply.head.status == kNotModified);
    co_return co_await write_head(reply.head, nullptr);
  }
  const auto length = std::to_string(reply.body->size());
  if (!co_await write_head(reply.head, &length)) co_return false;
  if (head_only_ || reply.body->empty()) co_return true;
  const auto body = asio::buffer(*reply.body);
  co_return co_await write(body);
}

asio::awaitable<bool> Connection::begin_body(const ReplyHead& head) {
  chunked_ = knows_chunks_;
  keep_alive_ = keep_alive_ && chunked_;
  return write_head(head, nullptr);
}

asio::awaitable<bool> Connection::begin_body(const ReplyHead& head, std::uint64_t bytes) {
  chunked_ = false;
  const auto length = std::to_string(bytes);
  co_return co_await write_head(head, &length);
}

asio::awaitable<bool> Connection::send_piece(std::string_view bytes) {
  if (bytes.empty()) co_return !closed();  // an empty chunk would end the body
  const auto piece = asio::buffer(bytes.data(), bytes.size());
  if (!chunked_) co_return co_await write(piece);
  const auto chunk = http::make_chunk(piece);
  co_return co_await write(chunk);
}

asio::awaitable<void> Connection::end_body() {
  if (!chunked_) co_return;
  const auto last = http::make_chunk_last();
  co_await write(last);
}

}  // namespace nestbox::web
