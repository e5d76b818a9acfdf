#pragma once
/// What became of the data given to a connection: how much the other side took, how old the rest is, how fast it goes.
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "kernel_queue.h"
#include "nestbox/base/clock.h"
#include "nestbox/base/mutex.h"
#include "nestbox/media/frame.h"

namespace nestbox::publish {

/// Where the kernel tells (TCP), data count as taken when the other side has acknowledged them; elsewhere as soon as
/// libavformat has written them. Thread-safe.
class Delivery {
 public:
  void begin(std::optional<KernelQueue> kernel, BootTime now) EXCLUDES(mutex_);
  /// Ends the session; the kernel's part is handed back.
  std::optional<KernelQueue> end() EXCLUDES(mutex_);

  /// Around each write of a packet that arrived at `arrived_at`. `bytes`: of the packet, where the kernel does not
  /// tell.
  void writing(BootTime arrived_at) EXCLUDES(mutex_);
  void written(BootTime arrived_at, Content content, std::size_t bytes, BootTime now) EXCLUDES(mutex_);
  /// Reads the kernel's counters.
  void sample(BootTime now) EXCLUDES(mutex_);

  struct View {
    std::uint64_t bytes = 0;               ///< taken, all sessions
    std::optional<Content> content;        ///< of the newest media taken in this session
    std::optional<BootTime> oldest;        ///< arrival of the oldest data not yet taken
    std::chrono::nanoseconds media_for{};  ///< how long media have been taken in this session
    std::chrono::nanoseconds stuck_for{};  ///< how long nothing of what waits has been taken
    double throughput_bps = 0;             ///< over the last second or so
    double retransmitted = 0;              ///< share of the segments of this session
  };
  View view(BootTime now) EXCLUDES(mutex_);
  /// Whether the kernel is to be given more now: not while it holds more than 0.3 s and
  /// a round trip at the rate it drains.
  bool has_room(BootTime now) EXCLUDES(mutex_);
  bool knows_kernel() const EXCLUDES(mutex_) {
    Lock lock(mutex_);
    return kernel_.has_value();
  }

 private:
  struct Mark {
    std::uint64_t end_byte = 0;  ///< taken when the connection has taken this many
    BootTime arrived_at{};
    Content content = Content::kLive;
  };
  struct Sample {
    BootTime at{};
    std::uint64_t taken_bytes = 0;
  };

  void read_kernel(BootTime now) REQUIRES(mutex_);
  void took(std::uint64_t bytes, BootTime now) REQUIRES(mutex_);
  void add_mark(const Mark& mark) REQUIRES(mutex_);
  double throughput_bps() const REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::optional<KernelQueue> kernel_ GUARDED_BY(mutex_);
  std::uint64_t bytes_of_earlier_sessions_ GUARDED_BY(mutex_) = 0;
  std::uint64_t taken_bytes_ GUARDED_BY(mutex_) = 0;  ///< in this session
  std::uint64_t waiting_bytes_ GUARDED_BY(mutex_) = 0;
  double retransmitted_ GUARDED_BY(mutex_) = 0;
  std::chrono::nanoseconds round_trip_ GUARDED_BY(mutex_){};
  std::optional<BootTime> in_hand_ GUARDED_BY(mutex_);  ///< arrival of the packet that is being written
  std::optional<Content> content_ GUARDED_BY(mutex_);
  std::optional<BootTime> first_media_at_ GUARDED_BY(mutex_);
  BootTime progress_at_ GUARDED_BY(mutex_){};
  std::array<Mark, 1024> marks_ GUARDED_BY(mutex_){};  ///< oldest first, a ring
  std::size_t first_mark_ GUARDED_BY(mutex_) = 0, marks_count_ GUARDED_BY(mutex_) = 0;
  std::array<Sample, 16> samples_ GUARDED_BY(mutex_){};  ///< a ring, kSampleInterval apart
  std::size_t samples_count_ GUARDED_BY(mutex_) = 0;
};

}  // namespace nestbox::publish
