#include "nestbox/web/web_server.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <vector>

#include "connection.h"
#include "file_reader.h"
#include "listen_address.h"
#include "mjpeg_feed.h"
#include "nestbox/base/log.h"
#include "tls.h"

namespace nestbox {

using asio_tcp = boost::asio::ip::tcp;
using web::asio::awaitable;

/// Listens, admits, and stops. Shared with the thread, so that a thread that hangs on the way out may be abandoned.
class WebServer::Impl {
 public:
  class Core;
  Impl(std::shared_ptr<Core> core, std::string address) : core_(std::move(core)), address_(std::move(address)) {}
  std::shared_ptr<Core> core_;
  std::string address_;
  NamedThread thread_, files_thread_;
};

class WebServer::Impl::Core {
 public:
  enum class Reach : std::uint8_t { kThisMachine, kOtherMachines };
  Core(const WebOptions& options, Reach reach, Ports ports, std::unique_ptr<boost::asio::ssl::context> tls)
      : tls_(std::move(tls)),
        acceptor_(context_),
        pause_(context_.get_executor()),
        mjpeg_(context_),
        site_{ports,
              std::make_shared<web::Doorbell>(context_),
              web::AllowedHosts(options.allowed_hosts),
              heartbeat_,
              mjpeg_,
              files_,
              reach == Reach::kOtherMachines,
              options.public_page,
              [this](const std::string& session, const web::Connection& asking) { hang_up(session, asking); }} {}

  Result<std::uint16_t> listen(const web::ListenAddress& address);
  bool secure() const noexcept { return tls_ != nullptr; }
  void run();
  void request_stop() noexcept {
    site_.doorbell->ring([this] { stop(); });
    files_.request_stop();
  }
  const Heartbeat& heartbeat() const noexcept { return heartbeat_; }
  web::FileReader& files() noexcept { return files_; }

 private:
  awaitable<void> accept();
  void admit(asio_tcp::socket socket);
  bool make_room();
  void hang_up(const std::string& session, const web::Connection& asking);
  void stop();

  Heartbeat heartbeat_;
  boost::asio::io_context context_{1};  // one thread: Asio may then leave out its locks' contention
  std::unique_ptr<boost::asio::ssl::context> tls_;
  asio_tcp::acceptor acceptor_;
  web::Waiter pause_;
  web::MjpegFeed mjpeg_;
  web::FileReader files_;
  web::Site site_;
  bool stopping_ = false;
  std::vector<std::shared_ptr<web::Connection>> connections_;  // oldest first
};

namespace {

ErrorKind kind_of(const boost::system::error_code& error) {
  return error == boost::system::errc::address_not_available ? ErrorKind::kInvalidArgument : ErrorKind::kUnavailable;
}

std::string why_not_bound(const boost::system::error_code& error, std::uint16_t port) {
  if (error == boost::system::errc::address_in_use) {
    const auto holder = web::holder_of_port(port);
    return fmt::format("port {} is taken{}; stop it, or set web.listen to another port", port,
                       holder ? " by " + *holder : " by another program");
  }
  if (error == boost::system::errc::permission_denied)
    return fmt::format("this user may not listen on port {}; ports below 1024 need CAP_NET_BIND_SERVICE", port);
  if (error == boost::system::errc::address_not_available) return "this machine has no such address";
  return error.message();
}

// What to print for a listener on all addresses: a browser cannot open 0.0.0.0 from elsewhere.
std::string shown_host(const std::string& host) {
  if (host != "0.0.0.0" && host != "::") return host;
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0' ? std::string(name.data()) : "127.0.0.1";
}

}  // namespace

Result<std::uint16_t> WebServer::Impl::Core::listen(const web::ListenAddress& address) {
  boost::system::error_code error;
  const asio_tcp::endpoint endpoint(boost::asio::ip::make_address(address.host, error), address.port);
  const auto failed = [&] {
    return fail(kind_of(error), fmt::format("web.listen {}: {}", web::url_of("http", address.host, address.port),
                                            why_not_bound(error, address.port)));
  };
  if (error) return failed();
  if (acceptor_.open(endpoint.protocol(), error)) return failed();
  // A restart must not wait for the old connections' TIME_WAIT.
  acceptor_.set_option(asio_tcp::acceptor::reuse_address(true), error);
  if (acceptor_.bind(endpoint, error)) return failed();
  if (acceptor_.listen(boost::asio::socket_base::max_listen_connections, error)) return failed();
  return acceptor_.local_endpoint(error).port();
}

void WebServer::Impl::Core::run() {
  boost::asio::co_spawn(context_, accept(), boost::asio::detached);
  context_.run();
  site_.doorbell->unhook();
}

awaitable<void> WebServer::Impl::Core::accept() {
  constexpr auto kPauseAfterError = std::chrono::seconds(1);  // out of descriptors: others must give some back first
  while (!stopping_) {
    auto [error, socket] = co_await acceptor_.async_accept(web::kAwait);
    if (stopping_) co_return;
    if (error) {
      NESTBOX_LOG_WARNING("web", "accept: {}", error.message());
      co_await pause_.wait_until(std::chrono::steady_clock::now() + kPauseAfterError);
      continue;
    }
    admit(std::move(socket));
  }
}

void WebServer::Impl::Core::admit(asio_tcp::socket socket) {
  if (!make_room()) {
    NESTBOX_LOG_WARNING("web", "all {} connections are at work: a new one was turned away", web::kConnectionsMax);
    return;
  }
  auto connection = std::make_shared<web::Connection>(site_, std::move(socket), tls_.get());
  connections_.push_back(connection);
  boost::asio::co_spawn(context_, connection->run(), [this, id = connection.get()](const std::exception_ptr& broken) {
    connections_.erase(
        std::remove_if(connections_.begin(), connections_.end(), [&](const auto& c) { return c.get() == id; }),
        connections_.end());
    if (broken) std::rethrow_exception(broken);
  });
}

// Whoever has not finished a request for longest makes room for somebody new: slow senders cannot starve the others.
bool WebServer::Impl::Core::make_room() {
  if (connections_.size() < web::kConnectionsMax) return true;
  const auto oldest = std::find_if(connections_.begin(), connections_.end(),
                                   [](const auto& connection) { return connection->waiting(); });
  if (oldest == connections_.end()) return false;
  (*oldest)->close();
  connections_.erase(oldest);
  return true;
}

void WebServer::Impl::Core::hang_up(const std::string& session, const web::Connection& asking) {
  for (const auto& connection : connections_)
    if (connection.get() != &asking && connection->session() == session) connection->close();
}

// Nothing is left to wait for afterwards, so that run() returns.
void WebServer::Impl::Core::stop() {
  stopping_ = true;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  pause_.close();
  mjpeg_.close();
  for (const auto& connection : connections_) connection->close();
}

bool listens_beyond_loopback(const std::string& listen) {
  const auto address = web::parse_listen_address(listen);
  return address && !web::is_loopback(*address);
}

std::string on_loopback(const std::string& listen) {
  const auto address = web::parse_listen_address(listen);
  if (!address) return listen;
  const bool v6 = address->host.find(':') != std::string::npos;
  return fmt::format("{}:{}", v6 ? "[::1]" : "127.0.0.1", address->port);
}

WebServer::WebServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<WebServer>> WebServer::open(const WebOptions& options, Ports ports) {
  const auto address = web::parse_listen_address(options.listen);
  if (!address) return tl::unexpected<Error>(address.error());
  const auto reach = web::is_loopback(*address) ? Impl::Core::Reach::kThisMachine : Impl::Core::Reach::kOtherMachines;
  if (reach == Impl::Core::Reach::kOtherMachines && !ports.doorkeeper.has_password())
    return fail(ErrorKind::kNotFound, fmt::format("web.listen {} can be reached from other machines, and the page has "
                                                  "no password; give it one with: nestbox passwd",
                                                  options.listen));
  auto tls = web::load_tls(options.tls_cert, options.tls_key);
  if (!tls) return tl::unexpected<Error>(tls.error());
  auto core = std::make_shared<Impl::Core>(options, reach, ports, std::move(*tls));
  const auto port = core->listen(*address);
  if (!port) return tl::unexpected<Error>(port.error());

  auto shown = web::url_of(core->secure() ? "https" : "http", shown_host(address->host), *port);
  auto impl = std::make_unique<Impl>(core, std::move(shown));
  impl->thread_ = NamedThread("web", [core] { core->run(); });
  impl->files_thread_ = NamedThread("web-files", [core] { core->files().run(); });
  NESTBOX_LOG_INFO("web", "the page is at {}", impl->address_);
  return std::unique_ptr<WebServer>(new WebServer(std::move(impl)));
}

WebServer::~WebServer() {
  request_stop();
  for (auto* thread : {&impl_->thread_, &impl_->files_thread_})
    if (thread->joinable()) thread->join();
}

std::string WebServer::address() const {
  return impl_->address_;
}
void WebServer::request_stop() noexcept {
  impl_->core_->request_stop();
}
bool WebServer::join_until(BootTime deadline) {
  bool joined = true;
  for (auto* thread : {&impl_->thread_, &impl_->files_thread_})
    if (thread->joinable() && !thread->join_until(deadline)) joined = false;
  return joined;
}
void WebServer::abandon() {
  for (auto* thread : {&impl_->thread_, &impl_->files_thread_})
    if (thread->joinable()) thread->abandon();
}
const Heartbeat& WebServer::heartbeat() const {
  return impl_->core_->heartbeat();
}

}  // namespace nestbox
