#include "nestbox/rules/try_limit.h"

#include <algorithm>

namespace nestbox {
namespace {

using std::chrono::nanoseconds;

nanoseconds wait_after(int wrong) {
  if (wrong < TryLimit::kFree) return nanoseconds(0);
  constexpr int kDoublingsMax = 9;  // 1024 s, above kLongest
  const nanoseconds doubled = TryLimit::kFirstWait * (1 << std::min(wrong - TryLimit::kFree, kDoublingsMax));
  return std::min<nanoseconds>(doubled, TryLimit::kLongest);
}

}  // namespace

nanoseconds TryLimit::admit(const std::string& address, BootTime now) {
  forget(now);
  const auto known = addresses_.find(address);
  const Tries tries = known == addresses_.end() ? Tries{} : known->second;
  if (const auto wait = own_wait(tries, now); wait > nanoseconds(0)) return wait;
  if (!tries.was_right) {
    if (const auto wait = total_wait(now); wait > nanoseconds(0)) return wait;
    left_ -= 1;
  }
  addresses_[address] = {tries.wrong + 1, now, tries.was_right};
  return nanoseconds(0);
}

void TryLimit::withdrawn(const std::string& address) {
  const auto known = addresses_.find(address);
  if (known == addresses_.end() || known->second.wrong == 0) return;
  --known->second.wrong;
  if (!known->second.was_right) left_ = std::min(left_ + 1, kTotal);
}

void TryLimit::succeeded(const std::string& address, BootTime now) {
  addresses_[address] = {0, now, true};
  left_ = std::min(left_ + 1, kTotal);
}

nanoseconds TryLimit::own_wait(const Tries& tries, BootTime now) {
  return std::max(nanoseconds(0), tries.last + wait_after(tries.wrong) - now);
}

nanoseconds TryLimit::total_wait(BootTime now) {
  left_ = std::min(kTotal, left_ + to_seconds(now - refilled_at_) / to_seconds(kTotalEvery));
  refilled_at_ = now;
  if (left_ >= 1) return nanoseconds(0);
  return std::chrono::duration_cast<nanoseconds>(nanoseconds(kTotalEvery) * (1 - left_));
}

void TryLimit::forget(BootTime now) {
  for (auto& [address, tries] : addresses_)
    if (now - tries.last >= kForgiven) tries.wrong = 0;
  std::erase_if(addresses_, [](const auto& entry) { return entry.second.wrong == 0 && !entry.second.was_right; });
  if (addresses_.size() < kAddressesMax) return;
  // Those that were right are kept while there is anybody else to forget.
  addresses_.erase(std::min_element(addresses_.begin(), addresses_.end(), [](const auto& a, const auto& b) {
    return std::pair(a.second.was_right, a.second.last) < std::pair(b.second.was_right, b.second.last);
  }));
}

}  // namespace nestbox
