#include "inbox.h"

#include <utility>

namespace nestbox::record {

bool Inbox::push(const Packet& packet) noexcept {
  {
    Lock lock(mutex_);
    if (stopped_) return true;
    const bool starts_gop = packet.track == Track::kVideo && packet.keyframe;
    if (!has_room_for(packet)) {
      skipping_ = true;
    } else if (starts_gop) {
      skipping_ = false;
    }
    if (skipping_) {
      ++dropped_;
      return false;
    }
    items_.emplace_back(packet);
    stamps_.push_back(packet.pts);
    bytes_ += packet.bytes.size();
  }
  changed_.notify_one();
  return true;
}

bool Inbox::has_room_for(const Packet& packet) const {
  if (stamps_.empty()) return true;
  return bytes_ + packet.bytes.size() <= kBytesMax && packet.pts - stamps_.front() <= kBehindMax;
}

void Inbox::post(StreamInfo info) {
  {
    Lock lock(mutex_);
    skipping_ = false;  // a stream begins with a keyframe
  }
  append(std::move(info));
}

void Inbox::post(ClipRecorder::Setup setup) {
  append(setup);
}

void Inbox::post(EndClip order) {
  append(order);
}

bool Inbox::post(BeginClip& order) {
  {
    Lock lock(mutex_);
    if (stopped_ || items_.size() - stamps_.size() >= kOrdersMax) return false;
    items_.emplace_back(std::move(order));
  }
  changed_.notify_one();
  return true;
}

void Inbox::append(Item item) {
  {
    Lock lock(mutex_);
    if (stopped_) return;
    items_.push_back(std::move(item));
  }
  changed_.notify_one();
}

std::optional<Item> Inbox::pop_until(BootTime deadline) {
  Lock lock(mutex_);
  while (items_.empty() && !stopped_) {
    const auto left = deadline - BootClock::now();
    if (left <= left.zero()) break;
    changed_.wait_for(mutex_, left);
  }
  if (items_.empty()) return std::nullopt;
  std::optional<Item> item = std::move(items_.front());
  items_.pop_front();
  if (const auto* const packet = std::get_if<Packet>(&*item)) {
    bytes_ -= packet->bytes.size();
    stamps_.pop_front();
  }
  return item;
}

void Inbox::stop() noexcept {
  {
    Lock lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
}

bool Inbox::drained() const {
  Lock lock(mutex_);
  return stopped_ && items_.empty();
}

std::uint64_t Inbox::dropped() const {
  Lock lock(mutex_);
  return dropped_;
}

std::chrono::nanoseconds Inbox::behind() const {
  Lock lock(mutex_);
  return stamps_.empty() ? std::chrono::nanoseconds::zero() : stamps_.back() - stamps_.front();
}

}  // namespace nestbox::record
