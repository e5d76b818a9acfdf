#include "output_feed.h"

namespace nestbox {

void OutputFeed::connect_to(PacketHub* hub) {
  auto* const left = this->hub();
  if (left == hub) return;
  {
    Lock lock(mutex_);  // from here on nobody asks the old hub for anything
    hub_ = hub;
  }
  if (left != nullptr) left->detach(*this);
  if (hub != nullptr) hub->attach(shared_from_this());
}

PacketHub* OutputFeed::hub() const {
  Lock lock(mutex_);
  return hub_;
}

void OutputFeed::want_keyframe() {
  Lock lock(mutex_);
  if (hub_ != nullptr) hub_->want_keyframe();
}

void OutputFeed::push(const Packet& packet) noexcept {
  if (packet.content == Content::kSimulated && simulated_ == SimulatedPictures::kRefused) return;
  output_->push(packet);
}

}  // namespace nestbox
