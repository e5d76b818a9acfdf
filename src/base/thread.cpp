#include "nestbox/base/thread.h"

#include <pthread.h>
#include <signal.h>

#include "nestbox/base/assert.h"
#include "nestbox/base/mutex.h"

namespace nestbox {

struct NamedThread::Finish {
  Mutex mutex;
  Condition condition;
  bool finished GUARDED_BY(mutex) = false;
};

namespace {

// Signals belong to the main thread (app); a worker must not be the one that the kernel picks for SIGTERM. A thread
// inherits its mask, so it is set around the start: the worker never has a moment without it.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

NamedThread::NamedThread(const std::string& name, std::function<void()> body)
    : name_(name), finish_(std::make_shared<Finish>()) {
  constexpr std::size_t kLinuxNameMax = 15;
  const AllSignalsBlocked inherited;
  thread_ = std::thread([finish = finish_, body = std::move(body), shown = name.substr(0, kLinuxNameMax)] {
    pthread_setname_np(pthread_self(), shown.c_str());
    body();
    Lock lock(finish->mutex);
    finish->finished = true;
    finish->condition.notify_all();
  });
}

NamedThread& NamedThread::operator=(NamedThread&& other) noexcept {
  NESTBOX_ASSERT(!thread_.joinable());
  name_ = std::move(other.name_);
  finish_ = std::move(other.finish_);
  thread_ = std::move(other.thread_);
  return *this;
}

NamedThread::~NamedThread() {
  NESTBOX_ASSERT(!thread_.joinable());
}

void NamedThread::join() {
  NESTBOX_ASSERT(thread_.joinable());
  thread_.join();
}

bool NamedThread::join_until(BootTime deadline) {
  NESTBOX_ASSERT(thread_.joinable());
  {
    Lock lock(finish_->mutex);
    while (!finish_->finished) {
      const auto left = deadline - BootClock::now();
      if (left <= left.zero()) return false;
      finish_->condition.wait_for(finish_->mutex, left);
    }
  }
  thread_.join();
  return true;
}

void NamedThread::abandon() {
  thread_.detach();
}

std::optional<std::chrono::nanoseconds> Heartbeat::busy_for(BootTime now) const noexcept {
  const auto since = busy_since_ns_.load(std::memory_order_relaxed);
  if (since == kIdle) return std::nullopt;
  return now - BootTime(std::chrono::nanoseconds(since));
}

}  // namespace nestbox
