#include "nestbox/tune/control_server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <optional>
#include <set>
#include <utility>

#include "nestbox/base/log.h"
#include "request.h"
#include "session.h"
#include "socket_file.h"

namespace nestbox::tune {
namespace {

namespace asio = boost::asio;
using Protocol = asio::local::stream_protocol;
using ErrorCode = boost::system::error_code;

// Accepting fails when descriptors run out; the connection waits in the backlog meanwhile.
constexpr std::chrono::seconds kAcceptPause{1};

}  // namespace

/// Shared with its own callbacks alone: they may be queued while the server goes.
class ControlServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& context, SocketFile file, CallHandler& calls, const ControlLimits& limits)
      : context_(context), file_(std::move(file)), acceptor_(context), pause_(context), calls_(calls), limits_(limits) {
    acceptor_.assign(Protocol(), file_->release());
  }

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](const ErrorCode& error, Protocol::socket socket) {
      if (self->closed_) return;
      if (error) return self->accept_later(error);
      self->admit(std::move(socket));
      self->accept();
    });
  }

  void close() {
    closed_ = true;
    ErrorCode ignored;
    acceptor_.close(ignored);  // NOLINT(bugprone-unused-return-value): nothing is left to be done about it
    pause_.cancel();
    file_.reset();
    for (const auto& session : std::exchange(sessions_, {})) session->close();
  }

  const std::string& path() const noexcept { return file_->path(); }
  std::size_t clients() const noexcept { return sessions_.size(); }

 private:
  void accept_later(const ErrorCode& error) {
    NESTBOX_LOG_WARNING("control", "a client could not be let in: {}; tried again in {} s", error.message(),
                        kAcceptPause.count());
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([self = shared_from_this()](const ErrorCode& cancelled) {
      if (!cancelled && !self->closed_) self->accept();
    });
  }

  void admit(Protocol::socket socket) {
    if (sessions_.size() >= limits_.clients) return turn_away(std::move(socket));
    const auto ended = [self = weak_from_this()](const std::shared_ptr<Session>& session) {
      if (const auto impl = self.lock()) impl->sessions_.erase(session);
    };
    const auto session = std::make_shared<Session>(context_, std::move(socket), calls_, limits_, ended);
    sessions_.insert(session);
    session->start();
  }

  /// A line of this length always fits into the buffer of a fresh socket, so that nothing needs to wait for it.
  void turn_away(Protocol::socket socket) const {
    NESTBOX_LOG_WARNING("control", "a client was turned away: {} are connected already", limits_.clients);
    const auto line = answer_line({1, error_body("busy", "too many are asking nestboxd at once; try again"), {}});
    ErrorCode ignored;
    socket.non_blocking(true, ignored);           // NOLINT(bugprone-unused-return-value): a courtesy; it may fail
    socket.send(asio::buffer(line), 0, ignored);  // NOLINT(bugprone-unused-return-value)
  }

  asio::io_context& context_;
  std::optional<SocketFile> file_;  ///< none once closed
  Protocol::acceptor acceptor_;
  asio::steady_timer pause_;
  CallHandler& calls_;
  const ControlLimits limits_;
  std::set<std::shared_ptr<Session>> sessions_;
  bool closed_ = false;
};

Result<std::unique_ptr<ControlServer>> ControlServer::open(asio::io_context& context, const ControlOptions& options,
                                                           CallHandler& calls, const ControlLimits& limits) {
  auto file = SocketFile::listen(options.socket);
  if (!file) return tl::unexpected<Error>(std::move(file.error()));
  auto impl = std::make_shared<Impl>(context, std::move(*file), calls, limits);
  impl->accept();
  return std::unique_ptr<ControlServer>(new ControlServer(std::move(impl)));
}

ControlServer::ControlServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
ControlServer::~ControlServer() {
  try {
    impl_->close();
  } catch (const std::exception& exception) {  // Asio may throw where the system refuses what it never refuses
    NESTBOX_LOG_ERROR("control", "closing the control socket: {}", exception.what());
  }
}
const std::string& ControlServer::path() const noexcept {
  return impl_->path();
}
std::size_t ControlServer::clients() const noexcept {
  return impl_->clients();
}

}  // namespace nestbox::tune
