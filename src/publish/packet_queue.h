#pragma once
/// The bounded queue in front of a connection: what is behind is dropped here, in whole groups of pictures.
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "nestbox/base/clock.h"
#include "nestbox/media/packet.h"
#include "nestbox/rules/gop_drop_policy.h"

namespace nestbox::publish {

/// A packet, when it came, and the headers of the stream that it belongs to.
struct QueuedPacket {
  Packet packet;
  BootTime arrived_at{};
  std::shared_ptr<const StreamInfo> info;
};

/// Closed at first: everything is refused. Its memory is allocated once. Not thread-safe.
class PacketQueue {
 public:
  explicit PacketQueue(const GopDropPolicy::Bounds& bounds = {});

  /// From now on packets are taken, the first of them a video keyframe.
  void open() noexcept;
  /// Lets go of everything.
  void close() noexcept;

  void push(QueuedPacket item) noexcept;
  /// The oldest packet, or nothing: empty, or all of it was so old that it was skipped.
  std::optional<QueuedPacket> take(BootTime now) noexcept;
  const QueuedPacket* oldest() const noexcept { return count_ == 0 ? nullptr : &*at(0); }
  bool empty() const noexcept { return count_ == 0; }
  /// Waits for a keyframe: somebody should ask for one.
  bool skipping() const noexcept { return open_ && policy_.skipping(); }
  /// Lost because the connection was behind; what came while there was none is not counted.
  std::uint64_t dropped() const noexcept { return dropped_; }

 private:
  using Slot = std::optional<QueuedPacket>;
  Slot& at(std::size_t position) noexcept { return ring_[(first_ + position) % ring_.size()]; }
  const Slot& at(std::size_t position) const noexcept { return ring_[(first_ + position) % ring_.size()]; }
  GopDropPolicy::Backlog backlog_with(const QueuedPacket& item) const noexcept;
  void skip(BootTime now) noexcept;
  QueuedPacket take_oldest() noexcept;

  GopDropPolicy policy_;
  std::vector<Slot> ring_;
  std::size_t first_ = 0, count_ = 0, bytes_ = 0;
  std::uint64_t dropped_ = 0;
  bool open_ = false, begun_ = false;
};

}  // namespace nestbox::publish
