#pragma once
/// What all connections share. Everything but the doorbell belongs to the web thread.
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "allowed_hosts.h"
#include "io.h"
#include "nestbox/base/thread.h"
#include "nestbox/web/web_server.h"

namespace nestbox::web {

class Connection;
class FileReader;
class MjpegFeed;

/// Bounds of what strangers may cost us.
inline constexpr std::size_t kConnectionsMax = 64;
inline constexpr int kMediaViewersMax = 8;
inline constexpr int kDownloadsMax = 8;
inline constexpr std::size_t kHeaderBytesMax = std::size_t{8} * 1024;
inline constexpr std::size_t kBodyBytesMax = std::size_t{64} * 1024;
inline constexpr auto kRequestDeadline =
    std::chrono::seconds(10);  ///< handshake; idle; from first to last byte of a request
inline constexpr auto kWriteDeadline = std::chrono::seconds(10);  ///< one reply, or one piece of a stream
inline constexpr auto kLingerDeadline = std::chrono::seconds(1);

struct Site {
  WebServer::Ports ports;
  std::shared_ptr<Doorbell> doorbell;
  AllowedHosts hosts;
  Heartbeat& heartbeat;
  MjpegFeed& mjpeg;
  FileReader& files;
  bool guarded;      ///< the listener can be reached from other machines
  bool public_page;  ///< web.public_page
  /// Ends every connection of a session, but the one that asks for it: what it streams ends with it.
  std::function<void(const std::string& session, const Connection& asking)> hang_up;
  int media_viewers = 0;
  int downloads = 0;
};

/// A seat of a bounded number (viewers of live media, downloads), given back when it dies.
class Seat {
 public:
  static std::optional<Seat> take(int& taken, int most) {
    if (taken >= most) return std::nullopt;
    return Seat(taken);
  }
  Seat(Seat&& other) noexcept : taken_(std::exchange(other.taken_, nullptr)) {}
  Seat& operator=(Seat&&) = delete;
  ~Seat() {
    if (taken_ != nullptr) --*taken_;
  }

 private:
  explicit Seat(int& taken) : taken_(&taken) { ++taken; }
  int* taken_;
};

/// Asks a port for a T that arrives on another thread, and waits for it. Empty: no answer by `deadline`, or `waiter`
/// was closed. A late answer goes nowhere, however late: it may outlive the server.
template <class T>
asio::awaitable<std::optional<T>> ask(Site& site, const std::shared_ptr<Waiter>& waiter,
                                      const std::function<void(std::function<void(T)>)>& question,
                                      std::chrono::steady_clock::time_point deadline) {
  auto answer = std::make_shared<std::optional<T>>();
  {
    const AtWork at_work(site.heartbeat);
    question([doorbell = site.doorbell, slot = std::weak_ptr(answer), asker = std::weak_ptr(waiter)](T value) {
      doorbell->ring([slot, asker, value = std::move(value)]() mutable {
        const auto open_slot = slot.lock();
        const auto waiting = asker.lock();
        if (!open_slot || !waiting) return;
        *open_slot = std::move(value);
        waiting->wake();
      });
    });
  }
  while (!answer->has_value() && !waiter->closed() && std::chrono::steady_clock::now() < deadline)
    co_await waiter->wait_until(deadline);
  co_return std::move(*answer);
}

}  // namespace nestbox::web
