#include "live_queue.h"

#include <utility>

namespace nestbox::web {

Result<void> LiveQueue::open(const StreamInfo& info) {
  {
    Lock lock(mutex_);
    if (begun_) {
      finish(End::kStreamEnded);  // another stream: its header does not fit what the viewer has
    } else {
      begun_ = true;
      waiting_.opened = info;
    }
  }
  tell();
  return {};
}

void LiveQueue::push(const Packet& packet) noexcept {
  {
    Lock lock(mutex_);
    if (waiting_.end != End::kNotYet) return;
    if (too_much(packet)) {
      finish(End::kViewerTooSlow);
    } else {
      waiting_.packets.push_back(packet);
      waiting_bytes_ += packet.bytes.size();
    }
  }
  tell();
}

void LiveQueue::close() noexcept {
  {
    Lock lock(mutex_);
    if (begun_) finish(End::kStreamEnded);
  }
  tell();
}

LiveQueue::Batch LiveQueue::take() {
  Lock lock(mutex_);
  told_ = false;
  waiting_bytes_ = 0;
  Batch batch = std::exchange(waiting_, Batch{});
  waiting_.end = batch.end;
  return batch;
}

LiveQueue::End LiveQueue::end() const {
  Lock lock(mutex_);
  return waiting_.end;
}

void LiveQueue::finish(End end) {
  if (waiting_.end == End::kNotYet) waiting_.end = end;
  if (end == End::kViewerTooSlow) waiting_.packets.clear();
}

bool LiveQueue::too_much(const Packet& next) const {
  if (waiting_.packets.empty()) return false;
  return waiting_bytes_ + next.bytes.size() > kBytesMax || next.pts - waiting_.packets.front().pts > kBehindMax;
}

// Outside of the lock: whoever is told takes it.
void LiveQueue::tell() {
  {
    Lock lock(mutex_);
    if (std::exchange(told_, true) && waiting_.end == End::kNotYet) return;
  }
  changed_();
}

}  // namespace nestbox::web
