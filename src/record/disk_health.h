#pragma once
/// How the disk fares, by what its calls say and by how long they take.
#include <atomic>
#include <filesystem>
#include <optional>
#include <string>

#include "nestbox/base/clock.h"
#include "nestbox/base/mutex.h"
#include "nestbox/base/result.h"
#include "nestbox/base/thread.h"
#include "nestbox/record/clip_recorder.h"

namespace nestbox::record {

/// What errno's number of a disk's call means to who gave the order: kExhausted for a full one, else kUnavailable.
ErrorKind kind_of_disk_error(int error_number) noexcept;

/// failed() and works() are called by the recorder's thread, the rest by any. Thread-safe.
class DiskHealth {
 public:
  /// A call of the disk that lasts longer, and packets that were dropped for it, make it slow.
  static constexpr std::chrono::seconds kSlowCall{2};
  static constexpr std::chrono::seconds kSlowFor{10};

  explicit DiskHealth(Heartbeat& work) : work_(work) {}

  /// Runs `call`, which returns errno's number. A disk that hangs is no thread that hangs, and no restart mends it: the
  /// thread's own heartbeat rests meanwhile.
  template <class Call>
  int at_disk(Call call) {
    const auto began_at = BootClock::now();
    work_.work_ends();
    disk_.work_begins(began_at);
    const int error_number = call();
    disk_.work_ends();
    const auto now = BootClock::now();
    if (now - began_at > kSlowCall) was_slow(now);
    work_.work_begins(now);
    return error_number;
  }

  void failed(int error_number, const std::filesystem::path& folder, const std::string& message) EXCLUDES(mutex_);
  void works() EXCLUDES(mutex_);
  void was_slow(BootTime now) noexcept { slow_at_ns_ = now.time_since_epoch().count(); }

  /// Where and when it failed last, while it is not known to work again.
  struct Failure {
    std::filesystem::path folder;
    BootTime at{};
  };
  std::optional<Failure> failure() const EXCLUDES(mutex_);
  RecordStatus::State state(BootTime now) const EXCLUDES(mutex_);
  std::string last_error() const EXCLUDES(mutex_);

 private:
  Heartbeat& work_;
  Heartbeat disk_;
  std::atomic<BootClock::rep> slow_at_ns_{BootTime::min().time_since_epoch().count()};
  mutable Mutex mutex_;
  RecordStatus::State state_ GUARDED_BY(mutex_) = RecordStatus::State::kOk;
  Failure failure_ GUARDED_BY(mutex_);
  std::string last_error_ GUARDED_BY(mutex_);
};

}  // namespace nestbox::record
