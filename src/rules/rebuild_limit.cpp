#include "nestbox/rules/rebuild_limit.h"

namespace nestbox {

bool RebuildLimit::admits(BootTime now) noexcept {
  auto& oldest = last_[next_];
  if (oldest && now - *oldest < kWindow) return false;
  oldest = now;
  next_ = (next_ + 1) % kRebuilds;
  return true;
}

}  // namespace nestbox
