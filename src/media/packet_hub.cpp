#include "nestbox/media/packet_hub.h"

#include <algorithm>

#include "nestbox/base/log.h"

namespace nestbox {

void PacketHub::attach(std::shared_ptr<PacketSink> sink) {
  {
    Lock lock(mutex_);
    members_.push_back({std::move(sink)});
    if (info_) open(members_.back());
    sinks_count_.store(members_.size(), std::memory_order_release);
  }
  keyframe_wanted_();
}

void PacketHub::detach(const PacketSink& sink) {
  std::shared_ptr<PacketSink> leaving;  // destroyed outside of the lock
  Lock lock(mutex_);
  const auto member =
      std::find_if(members_.begin(), members_.end(), [&](const Member& m) { return m.sink.get() == &sink; });
  if (member == members_.end()) return;
  if (member->open) member->sink->close();
  leaving = std::move(member->sink);
  members_.erase(member);
  sinks_count_.store(members_.size(), std::memory_order_release);
}

void PacketHub::start(const StreamInfo& info) {
  Lock lock(mutex_);
  info_ = info;
  for (auto& member : members_) open(member);
}

void PacketHub::push(const Packet& packet) noexcept {
  const bool starts_gop = packet.track == Track::kVideo && packet.keyframe;
  Lock lock(mutex_);
  for (auto& member : members_) {
    member.started = member.started || starts_gop;
    if (member.open && member.started) member.sink->push(packet);
  }
}

void PacketHub::stop() noexcept {
  Lock lock(mutex_);
  info_.reset();
  for (auto& member : members_) {
    if (member.open) member.sink->close();
    member.open = false;
  }
}

void PacketHub::open(Member& member) {
  if (member.open) member.sink->close();  // a new encoder without a stop between: still one open for each stream
  member.started = false;
  const auto opened = member.sink->open(*info_);
  member.open = opened.has_value();
  if (!opened) NESTBOX_LOG_ERROR("media", "a sink does not take the stream: {}", opened.error().message);
}

}  // namespace nestbox
