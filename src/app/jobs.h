#pragma once
#include <functional>
#include <string>

#include "nestbox/base/bounded_queue.h"
#include "nestbox/base/result.h"
#include "nestbox/base/thread.h"

namespace nestbox {

/// A thread of low priority: "jobs" for work that is short but not instant (JPEG, files), "housekeeping" for what may
/// take longer. Thread-safe.
class Jobs {
 public:
  using Job = std::function<void()>;
  explicit Jobs(std::string thread_name) : thread_name_(std::move(thread_name)) {}
  void start();
  /// Errors: kExhausted when 8 jobs wait already.
  Result<void> post(Job job);
  void request_stop() noexcept { inbox_.close(); }
  [[nodiscard]] bool join_until(BootTime deadline) { return thread_.join_until(deadline); }
  void abandon() { thread_.abandon(); }
  const Heartbeat& heartbeat() const { return heartbeat_; }

 private:
  void run();
  const std::string thread_name_;
  BoundedQueue<Job> inbox_{8};
  Heartbeat heartbeat_;
  NamedThread thread_;
};

}  // namespace nestbox
