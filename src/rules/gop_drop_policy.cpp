#include "nestbox/rules/gop_drop_policy.h"

namespace nestbox {

bool GopDropPolicy::admits(Kind kind) noexcept {
  if (kind == Kind::kKeyframe) skipping_ = false;
  return !skipping_ || kind == Kind::kAudio;
}

bool GopDropPolicy::overflows(const Backlog& with_packet) const noexcept {
  return with_packet.duration > bounds_.duration || with_packet.bytes > bounds_.bytes ||
         with_packet.packets > bounds_.packets;
}

bool GopDropPolicy::stale(BootTime now, std::chrono::nanoseconds age) noexcept {
  if (age <= bounds_.behind) {
    behind_since_.reset();
    return false;
  }
  if (!behind_since_) behind_since_ = now;
  return now - *behind_since_ > bounds_.patience;
}

void GopDropPolicy::skipped_to_keyframe() noexcept {
  skipping_ = false;
  behind_since_.reset();
}

void GopDropPolicy::skipped_all() noexcept {
  skipping_ = true;
  behind_since_.reset();
}

}  // namespace nestbox
