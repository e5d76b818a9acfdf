#pragma once
#include <functional>
#include <string>

#include "nestbox/base/bounded_queue.h"
#include "nestbox/base/result.h"
#include "nestbox/base/thread.h"

namespace nestbox {

/// The jobs thread: one, of low priority, for work that is short but not instant (JPEG, files). Thread-safe.
class Jobs {
 public:
  using Job = std::function<void()>;
  void start();
  /// Errors: kExhausted when 8 jobs wait already.
  Result<void> post(Job job);
  void request_stop() noexcept { inbox_.close(); }
  [[nodiscard]] bool join_until(BootTime deadline) { return thread_.join_until(deadline); }
  void abandon() { thread_.abandon(); }
  const Heartbeat& heartbeat() const { return heartbeat_; }

 private:
  void run();
  BoundedQueue<Job> inbox_{8};
  Heartbeat heartbeat_;
  NamedThread thread_;
};

}  // namespace nestbox
