#pragma once
#include <atomic>
#include <memory>

#include "nestbox/base/mutex.h"
#include "nestbox/media/packet_hub.h"
#include "nestbox/publish/output.h"

namespace nestbox {

enum class SimulatedPictures : std::uint8_t { kRefused, kAllowed };

/// Stands between a packet hub and an output: moves the output from one hub to another, and lets no simulated picture
/// through unless its owner allows it. Thread-safe, but for connect(), which belongs to the main thread.
class OutputFeed : public PacketSink, public std::enable_shared_from_this<OutputFeed> {
 public:
  explicit OutputFeed(SimulatedPictures simulated) : simulated_(simulated) {}

  /// Once, before the first connect_to().
  void carry(std::shared_ptr<Output> output) { output_ = std::move(output); }
  /// Takes packets from `hub` from now on, and from no other; nullptr: from none. The old hub is left before this
  /// returns.
  void connect_to(PacketHub* hub);
  PacketHub* hub() const EXCLUDES(mutex_);
  /// For the output's thread: asks whichever hub it hangs on.
  void want_keyframe() EXCLUDES(mutex_);

  Result<void> open(const StreamInfo& info) override { return output_->open(info); }
  void push(const Packet& packet) noexcept override;
  void close() noexcept override { output_->close(); }

 private:
  const SimulatedPictures simulated_;
  std::shared_ptr<Output> output_;
  mutable Mutex mutex_;
  PacketHub* hub_ GUARDED_BY(mutex_) = nullptr;
};

}  // namespace nestbox
