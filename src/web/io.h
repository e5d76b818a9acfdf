#pragma once
/// The two pieces that the web thread waits with.
/// A rule for all coroutines here: no object with a destructor is made inside a co_await expression; it gets a name in
/// the line above. gcc 12 copies some of them into the coroutine's frame byte by byte, and both die.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <utility>

#include "nestbox/base/mutex.h"

namespace nestbox::web {

namespace asio = boost::asio;
using boost::system::error_code;

/// Errors come back as the first element of a tuple; nothing throws.
inline constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

/// How other threads hand work to the web thread, also when that is gone already. Thread-safe.
class Doorbell {
 public:
  explicit Doorbell(asio::io_context& context) : context_(&context) {}

  template <class Work>
  void ring(Work work) EXCLUDES(mutex_) {
    Lock lock(mutex_);
    if (context_ != nullptr) asio::post(*context_, std::move(work));
  }
  /// No work is taken from here on.
  void unhook() EXCLUDES(mutex_) {
    Lock lock(mutex_);
    context_ = nullptr;
  }

 private:
  Mutex mutex_;
  asio::io_context* context_ GUARDED_BY(mutex_);
};

/// Something to wait for, for one coroutine. A wake that comes before the wait is not lost. Thread-bound.
class Waiter {
 public:
  explicit Waiter(const asio::any_io_executor& executor) : timer_(executor) {}

  void wake() {
    woken_ = true;
    timer_.cancel();
  }
  /// Every wait, now and later, ends at once.
  void close() {
    closed_ = true;
    timer_.cancel();
  }
  bool closed() const noexcept { return closed_; }

  /// Until wake(), close(), or the time is up.
  asio::awaitable<void> wait_until(std::chrono::steady_clock::time_point deadline) {
    if (!woken_ && !closed_) {
      timer_.expires_at(deadline);
      co_await timer_.async_wait(kAwait);
    }
    woken_ = false;
  }

 private:
  asio::steady_timer timer_;
  bool woken_ = false;
  bool closed_ = false;
};

}  // namespace nestbox::web
