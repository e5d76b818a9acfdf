#pragma once
/// The one inbox of every thread: bounded, allocated once. What happens when it is full is the caller's choice of verb:
/// `push` refuses, `offer` drops the oldest.
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "nestbox/base/assert.h"
#include "nestbox/base/clock.h"
#include "nestbox/base/mutex.h"

namespace nestbox {

/// A first-in first-out queue between threads. Thread-safe. T must be movable; no allocation after construction.
template <class T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : ring_(capacity) { NESTBOX_ASSERT(capacity > 0); }

  /// Appends. On a full or closed queue `item` is left as it was and false comes back.
  [[nodiscard]] bool push(T&& item) EXCLUDES(mutex_) {
    {
      Lock lock(mutex_);
      if (closed_ || count_ == ring_.size()) return false;
      append(std::move(item));
    }
    changed_.notify_one();
    return true;
  }

  /// Appends; a full queue gives up its oldest item, which comes back (to be destroyed outside of the lock, and
  /// counted). A closed queue gives `item` itself back.
  [[nodiscard]] std::optional<T> offer(T&& item) EXCLUDES(mutex_) {
    std::optional<T> dropped;
    {
      Lock lock(mutex_);
      if (closed_) return std::optional<T>(std::move(item));
      if (count_ == ring_.size()) dropped = take_oldest();
      append(std::move(item));
    }
    changed_.notify_one();
    return dropped;
  }

  /// Blocks until there is an item. Empty only when the queue is closed and drained.
  std::optional<T> pop() EXCLUDES(mutex_) {
    Lock lock(mutex_);
    while (count_ == 0 && !closed_) changed_.wait(mutex_);
    return take_or_nothing();
  }

  /// As pop(), but also empty when `deadline` has passed.
  std::optional<T> pop_until(BootTime deadline) EXCLUDES(mutex_) {
    Lock lock(mutex_);
    while (count_ == 0 && !closed_) {
      const auto left = deadline - BootClock::now();
      if (left <= left.zero()) break;
      changed_.wait_for(mutex_, left);
    }
    return take_or_nothing();
  }

  std::optional<T> try_pop() EXCLUDES(mutex_) {
    Lock lock(mutex_);
    return take_or_nothing();
  }

  /// No item is taken any more; those inside may still be popped. Wakes every waiter. Idempotent.
  void close() EXCLUDES(mutex_) {
    {
      Lock lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
  }

  bool closed() const EXCLUDES(mutex_) {
    Lock lock(mutex_);
    return closed_;
  }
  std::size_t size() const EXCLUDES(mutex_) {
    Lock lock(mutex_);
    return count_;
  }
  std::size_t capacity() const noexcept { return ring_.size(); }

 private:
  void append(T&& item) REQUIRES(mutex_) {
    ring_[(first_ + count_) % ring_.size()].emplace(std::move(item));
    ++count_;
  }
  std::optional<T> take_oldest() REQUIRES(mutex_) {
    std::optional<T> item = std::move(ring_[first_]);
    ring_[first_].reset();
    first_ = (first_ + 1) % ring_.size();
    --count_;
    return item;
  }
  std::optional<T> take_or_nothing() REQUIRES(mutex_) { return count_ == 0 ? std::nullopt : take_oldest(); }

  mutable Mutex mutex_;
  Condition changed_;
  std::vector<std::optional<T>> ring_;  // its size never changes; its elements are guarded by mutex_
  std::size_t first_ GUARDED_BY(mutex_) = 0;
  std::size_t count_ GUARDED_BY(mutex_) = 0;
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace nestbox
