#include "nestbox/rules/backoff.h"

#include <algorithm>

namespace nestbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// Seven fast tries (a server behind a proxy that restarts hangs up on us for 5 s), two that double from 16 s, and 60 of
// at least 58.8 s make 69 in an hour.
constexpr int kFastRejectionsMax = 7;
constexpr int kSlowTriesSkippedAfterFast = 2;  // 1 s and 2 s would only go on with what has just failed 45 times
constexpr int kSlowTriesSkippedAfterRejections = 4;
constexpr int kDoublingsMax = 6;  // 64 s, above kSlowest
constexpr double kJitterWhileDoubling = 0.25;
constexpr double kJitterAtSlowest = 0.02;  // enough: the offsets of many boxes add up try by try

nanoseconds between(nanoseconds from, nanoseconds to, double chance) {
  return from + std::chrono::duration_cast<nanoseconds>((to - from) * chance);
}

}  // namespace

nanoseconds Backoff::after(Setback setback, nanoseconds media_for, BootTime now, double chance) {
  if (arms(setback, media_for)) {
    ever_armed_ = true;
    fast_until_ = now + kFastPhase;
    fast_rejections_ = 0;
    slow_tries_ = kSlowTriesSkippedAfterFast;
    if (media_for > nanoseconds::zero()) return between(milliseconds(200), milliseconds(400), chance);
  }
  if (next_is_fast(setback, now)) return between(milliseconds(800), seconds(1), chance);
  return slow(chance);
}

bool Backoff::arms(Setback setback, nanoseconds media_for) const noexcept {
  if (media_for >= kHealthy) return true;
  return !ever_armed_ && (media_for >= kProven || setback == Setback::kBusy);
}

bool Backoff::next_is_fast(Setback setback, BootTime now) noexcept {
  if (!fast(now)) return false;
  if (setback != Setback::kRejected) return true;
  if (++fast_rejections_ <= kFastRejectionsMax) return true;
  fast_until_.reset();
  slow_tries_ = kSlowTriesSkippedAfterRejections;
  return false;
}

nanoseconds Backoff::slow(double chance) noexcept {
  const nanoseconds doubled = seconds(1) * (1 << std::min(slow_tries_, kDoublingsMax));
  ++slow_tries_;
  slow_tries_ = std::min(slow_tries_, kDoublingsMax);
  const bool slowest = doubled >= kSlowest;
  const nanoseconds longest = slowest ? nanoseconds(kSlowest) : doubled;
  const double jitter = slowest ? kJitterAtSlowest : kJitterWhileDoubling;
  return longest - std::chrono::duration_cast<nanoseconds>(longest * jitter * chance);
}

}  // namespace nestbox
