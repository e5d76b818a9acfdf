#pragma once
/// A mutex that clang's -Wthread-safety understands: what a lock guards is said with GUARDED_BY, not in a comment.
/// https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define NESTBOX_ANNOTATE(x) __attribute__((x))
#else
#define NESTBOX_ANNOTATE(x)
#endif
#define NESTBOX_CAPABILITY(x) NESTBOX_ANNOTATE(capability(x))
#define NESTBOX_SCOPED_CAPABILITY NESTBOX_ANNOTATE(scoped_lockable)
#define GUARDED_BY(x) NESTBOX_ANNOTATE(guarded_by(x))
#define REQUIRES(...) NESTBOX_ANNOTATE(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) NESTBOX_ANNOTATE(locks_excluded(__VA_ARGS__))
#define ACQUIRE(...) NESTBOX_ANNOTATE(acquire_capability(__VA_ARGS__))
#define RELEASE(...) NESTBOX_ANNOTATE(release_capability(__VA_ARGS__))

namespace nestbox {

class NESTBOX_CAPABILITY("mutex") Mutex {
 public:
  void lock() ACQUIRE() { mutex_.lock(); }
  void unlock() RELEASE() { mutex_.unlock(); }

 private:
  friend class Condition;
  std::mutex mutex_;
};

/// Holds a Mutex for a scope.
class NESTBOX_SCOPED_CAPABILITY Lock {
 public:
  explicit Lock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~Lock() RELEASE() { mutex_.unlock(); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  Mutex& mutex_;
};

/// A condition variable for Mutex. Wakes may be spurious: wait in a loop over the condition.
class Condition {
 public:
  void notify_one() noexcept { condition_.notify_one(); }
  void notify_all() noexcept { condition_.notify_all(); }

  void wait(Mutex& mutex) REQUIRES(mutex) {
    std::unique_lock<std::mutex> held(mutex.mutex_, std::adopt_lock);
    condition_.wait(held);
    held.release();
  }

  /// False when `timeout` passed without a wake. Longer than a day is cut to a day: the standard library adds it to the
  /// time of now, and a sum that overflows would wake at once, again and again.
  template <class Rep, class Period>
  bool wait_for(Mutex& mutex, std::chrono::duration<Rep, Period> timeout) REQUIRES(mutex) {
    constexpr std::chrono::nanoseconds kDay = std::chrono::hours(24);
    std::unique_lock<std::mutex> held(mutex.mutex_, std::adopt_lock);
    const auto status = condition_.wait_for(held, timeout < kDay ? std::chrono::nanoseconds(timeout) : kDay);
    held.release();
    return status == std::cv_status::no_timeout;
  }

 private:
  std::condition_variable condition_;
};

}  // namespace nestbox
