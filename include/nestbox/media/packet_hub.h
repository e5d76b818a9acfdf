#pragma once
/// One encode feeds every sink: the point where sinks join and leave a stream while it runs.
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "nestbox/base/mutex.h"
#include "nestbox/media/packet.h"

namespace nestbox {

/// Fans packets out to sinks. Thread-safe: sinks are attached and detached by any thread, the encode thread produces.
/// A sink's calls are serialised by the hub, and none comes after detach() has returned. A sink gets its first packet
/// at a keyframe. Sinks must not call back into the hub.
class PacketHub {
 public:
  /// Called (outside of the hub's lock) when a sink joins: the producer is to wake up and make a keyframe.
  using KeyframeWanted = std::function<void()>;
  explicit PacketHub(KeyframeWanted keyframe_wanted) : keyframe_wanted_(std::move(keyframe_wanted)) {}

  void attach(std::shared_ptr<PacketSink> sink) EXCLUDES(mutex_);
  /// Unknown sinks are ignored.
  void detach(const PacketSink& sink) EXCLUDES(mutex_);
  /// Asks for a keyframe as soon as possible: a sink has connected anew.
  void want_keyframe() { keyframe_wanted_(); }
  /// Whether anybody takes packets; while not, the encoder sleeps. Lock-free.
  bool wanted() const noexcept { return sinks_count_.load(std::memory_order_acquire) > 0; }

  // For the producer's thread.
  /// A (new) encoder is there: every sink is opened (again).
  void start(const StreamInfo& info) EXCLUDES(mutex_);
  void push(const Packet& packet) noexcept EXCLUDES(mutex_);
  /// The encoder is gone: every sink is closed; they stay attached.
  void stop() noexcept EXCLUDES(mutex_);

 private:
  struct Member {
    std::shared_ptr<PacketSink> sink;
    bool open = false;
    bool started = false;  ///< has had its first keyframe
  };
  void open(Member& member) REQUIRES(mutex_);

  const KeyframeWanted keyframe_wanted_;
  std::atomic<std::size_t> sinks_count_{0};
  mutable Mutex mutex_;
  std::vector<Member> members_ GUARDED_BY(mutex_);
  std::optional<StreamInfo> info_ GUARDED_BY(mutex_);
};

}  // namespace nestbox
