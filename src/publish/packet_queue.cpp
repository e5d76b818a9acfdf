#include "packet_queue.h"

#include <utility>

namespace nestbox::publish {
namespace {

using Kind = GopDropPolicy::Kind;

Kind kind_of(const Packet& packet) {
  if (packet.track == Track::kAudio) return Kind::kAudio;
  return packet.keyframe ? Kind::kKeyframe : Kind::kVideo;
}

}  // namespace

PacketQueue::PacketQueue(const GopDropPolicy::Bounds& bounds) : policy_(bounds), ring_(bounds.packets + 1) {}

void PacketQueue::open() noexcept {
  close();
  policy_.restart();
  open_ = true;
}

void PacketQueue::close() noexcept {
  while (count_ > 0) take_oldest();
  open_ = begun_ = false;
}

void PacketQueue::push(QueuedPacket item) noexcept {
  if (!open_) return;
  const Kind kind = kind_of(item.packet);
  if (!begun_ && kind != Kind::kKeyframe) return;
  if (policy_.overflows(backlog_with(item))) skip(item.arrived_at);
  const bool too_large = policy_.overflows(backlog_with(item));  // by itself
  if (too_large) policy_.skipped_all();
  if (too_large || !policy_.admits(kind)) {
    ++dropped_;
    return;
  }
  begun_ = true;
  bytes_ += item.packet.bytes.size();
  at(count_).emplace(std::move(item));
  ++count_;
}

std::optional<QueuedPacket> PacketQueue::take(BootTime now) noexcept {
  if (count_ == 0) return std::nullopt;
  if (policy_.stale(now, now - at(0)->arrived_at)) skip(now);
  if (count_ == 0) return std::nullopt;
  return take_oldest();
}

GopDropPolicy::Backlog PacketQueue::backlog_with(const QueuedPacket& item) const noexcept {
  const auto since = count_ == 0 ? item.packet.pts : at(0)->packet.pts;
  return {item.packet.pts - since, bytes_ + item.packet.bytes.size(), count_ + 1};
}

void PacketQueue::skip(BootTime now) noexcept {
  const auto fresh_from = now - policy_.bounds().behind;
  std::size_t resume_at = count_;  // the newest keyframe, when it is fresh; else nothing of the video is kept
  for (std::size_t n = 0; n < count_; ++n) {
    if (kind_of(at(n)->packet) == Kind::kKeyframe && at(n)->arrived_at >= fresh_from) resume_at = n;
  }
  resume_at < count_ ? policy_.skipped_to_keyframe() : policy_.skipped_all();
  const std::size_t before = std::exchange(count_, 0);
  bytes_ = 0;
  for (std::size_t n = 0; n < before; ++n) {
    const bool fresh_sound = kind_of(at(n)->packet) == Kind::kAudio && at(n)->arrived_at >= fresh_from;
    if (n < resume_at && !fresh_sound) {
      at(n).reset();
      ++dropped_;
      continue;
    }
    bytes_ += at(n)->packet.bytes.size();
    if (n != count_) at(count_) = std::exchange(at(n), std::nullopt);
    ++count_;
  }
}

QueuedPacket PacketQueue::take_oldest() noexcept {
  QueuedPacket item = std::move(*at(0));
  at(0).reset();
  first_ = (first_ + 1) % ring_.size();
  --count_;
  bytes_ -= item.packet.bytes.size();
  return item;
}

}  // namespace nestbox::publish
