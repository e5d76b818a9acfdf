#include "nestbox/media/packet_history.h"

#include <algorithm>
#include <iterator>

namespace nestbox {
namespace {

constexpr std::chrono::seconds kPauseMax{1};  // a camera that stutters makes no hole

}  // namespace

void PacketHistory::push(const Packet& packet) {
  const bool starts_gop = packet.track == Track::kVideo && packet.keyframe;
  // What was before a hole is no pre-roll of what comes after it.
  const auto hole = std::max<std::chrono::nanoseconds>(bounds_.duration, kPauseMax);
  if (starts_gop && !packets_.empty() && packet.pts - packets_.back().pts > hole) clear();
  if (packets_.empty() && !starts_gop) return;  // nothing could be decoded from here
  if (starts_gop) gop_lengths_.push_back(0);
  packets_.push_back(packet);
  bytes_ += packet.bytes.size();
  ++gop_lengths_.back();
  while (oldest_gop_is_expendable()) drop_oldest_gop();
  if (bytes_ > bounds_.bytes) clear();
}

bool PacketHistory::oldest_gop_is_expendable() const {
  if (gop_lengths_.size() < 2) return false;
  if (bytes_ > bounds_.bytes) return true;
  // The GOP after the oldest one must still reach back far enough.
  const auto& next_start = packets_[gop_lengths_.front()];
  return packets_.back().pts - next_start.pts >= bounds_.duration;
}

void PacketHistory::drop_oldest_gop() {
  for (auto left = gop_lengths_.front(); left > 0; --left) {
    bytes_ -= packets_.front().bytes.size();
    packets_.pop_front();
  }
  gop_lengths_.pop_front();
}

std::vector<Packet> PacketHistory::since(BootTime from) const {
  auto begin = packets_.begin();
  auto gop = packets_.begin();
  for (const auto length : gop_lengths_) {
    if (gop->pts <= from) begin = gop;
    std::advance(gop, static_cast<std::ptrdiff_t>(length));
  }
  return {begin, packets_.end()};
}

void PacketHistory::clear() noexcept {
  packets_.clear();
  gop_lengths_.clear();
  bytes_ = 0;
}

}  // namespace nestbox
