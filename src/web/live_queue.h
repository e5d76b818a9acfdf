#pragma once
/// Packets on their way from the encode thread to one viewer.
#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "nestbox/base/mutex.h"
#include "nestbox/media/packet.h"

namespace nestbox::web {

/// Thread-safe. A browser's buffer bears no gap, so a viewer that falls behind ends instead of skipping: the page then
/// connects anew, at the live edge. Ends too when the stream does; it never begins twice.
class LiveQueue final : public PacketSink {
 public:
  static constexpr auto kBehindMax = std::chrono::seconds(2);
  static constexpr std::size_t kBytesMax = std::size_t{4} * 1024 * 1024;

  /// `changed` runs on the encode thread when there is something new to take, once until it is taken.
  explicit LiveQueue(std::function<void()> changed) : changed_(std::move(changed)) {}

  Result<void> open(const StreamInfo& info) override EXCLUDES(mutex_);
  void push(const Packet& packet) noexcept override EXCLUDES(mutex_);
  void close() noexcept override EXCLUDES(mutex_);

  enum class End { kNotYet, kStreamEnded, kViewerTooSlow };
  struct Batch {
    std::optional<StreamInfo> opened;  ///< once, with or before the first packets
    std::vector<Packet> packets;
    End end = End::kNotYet;
  };
  Batch take() EXCLUDES(mutex_);
  /// Without taking anything.
  End end() const EXCLUDES(mutex_);

 private:
  void finish(End end) REQUIRES(mutex_);
  bool too_much(const Packet& next) const REQUIRES(mutex_);
  void tell() EXCLUDES(mutex_);

  const std::function<void()> changed_;
  mutable Mutex mutex_;
  Batch waiting_ GUARDED_BY(mutex_);
  std::size_t waiting_bytes_ GUARDED_BY(mutex_) = 0;
  bool begun_ GUARDED_BY(mutex_) = false;
  bool told_ GUARDED_BY(mutex_) = false;
};

}  // namespace nestbox::web
