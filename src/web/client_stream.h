#pragma once
/// One TCP connection, with TLS or without: an AsyncReadStream and AsyncWriteStream, so that everything above is
/// compiled once.
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <cstddef>
#include <optional>
#include <utility>

#include "io.h"

namespace nestbox::web {

class ClientStream {
 public:
  using executor_type = asio::ip::tcp::socket::executor_type;

  /// Without a context: plain.
  ClientStream(asio::ip::tcp::socket socket, asio::ssl::context* tls) : socket_(std::move(socket)) {
    if (tls != nullptr) tls_.emplace(socket_, *tls);
  }
  executor_type get_executor() { return socket_.get_executor(); }
  asio::ip::tcp::socket& socket() noexcept { return socket_; }
  bool secure() const noexcept { return tls_.has_value(); }

  asio::awaitable<error_code> handshake() {
    if (!tls_) co_return error_code();
    const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, kAwait);
    co_return error;
  }
  /// Says that nothing more comes. The socket stays open for reading.
  asio::awaitable<void> shut_down_sending() {
    if (tls_) {
      co_await tls_->async_shutdown(kAwait);
    } else {
      error_code ignored;
      socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    }
  }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, const Buffers& into) {
          if (tls_)
            tls_->async_read_some(into, std::move(handler));
          else
            socket_.async_read_some(into, std::move(handler));
        },
        token, buffers);
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, const Buffers& from) {
          if (tls_)
            tls_->async_write_some(from, std::move(handler));
          else
            socket_.async_write_some(from, std::move(handler));
        },
        token, buffers);
  }

 private:
  asio::ip::tcp::socket socket_;
  std::optional<asio::ssl::stream<asio::ip::tcp::socket&>> tls_;
};

}  // namespace nestbox::web
