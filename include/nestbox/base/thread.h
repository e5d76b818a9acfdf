#pragma once
/// Named threads that can be joined with a deadline, and the sign of life the watchdog looks at.
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "nestbox/base/clock.h"

namespace nestbox {

/// One thread with a name that gdb, top and /proc show (at most 15 characters). Thread-bound to its owner.
/// It must be joined or abandoned before it is destroyed.
class NamedThread {
 public:
  NamedThread() = default;
  NamedThread(const std::string& name, std::function<void()> body);
  NamedThread(NamedThread&&) noexcept = default;
  NamedThread& operator=(NamedThread&& other) noexcept;
  ~NamedThread();

  bool joinable() const noexcept { return thread_.joinable(); }
  void join();  ///< precondition (asserted): joinable(); also of join_until()
  /// False when the body still ran at `deadline`; the thread can be joined again or abandoned then.
  [[nodiscard]] bool join_until(BootTime deadline);
  /// Lets go of a thread that hangs in a resolver or on a dead disk. Only on the way out of the process.
  void abandon();
  const std::string& name() const noexcept { return name_; }

 private:
  struct Finish;
  std::string name_;
  std::shared_ptr<Finish> finish_;
  std::thread thread_;
};

/// A worker's sign of life. The worker marks the start and the end of each piece of work; a thread that waits for its
/// inbox is healthy without doing anything. Thread-safe, lock-free.
class Heartbeat {
 public:
  void work_begins(BootTime now) noexcept {
    busy_since_ns_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  }
  void work_ends() noexcept { busy_since_ns_.store(kIdle, std::memory_order_relaxed); }
  /// How long the piece of work in hand has been going on; nothing while idle.
  std::optional<std::chrono::nanoseconds> busy_for(BootTime now) const noexcept;

 private:
  static constexpr BootClock::rep kIdle = -1;
  std::atomic<BootClock::rep> busy_since_ns_{kIdle};
};

/// Marks a piece of work for a scope.
class AtWork {
 public:
  explicit AtWork(Heartbeat& heartbeat) noexcept : heartbeat_(heartbeat) { heartbeat_.work_begins(BootClock::now()); }
  ~AtWork() { heartbeat_.work_ends(); }
  AtWork(const AtWork&) = delete;
  AtWork& operator=(const AtWork&) = delete;

 private:
  Heartbeat& heartbeat_;
};

}  // namespace nestbox
