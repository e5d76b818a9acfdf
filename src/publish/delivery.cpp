#include "delivery.h"

#include <algorithm>
#include <utility>

namespace nestbox::publish {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kSampleInterval(75);  // 16 samples span 1.1 s
// What the kernel may hold before we keep the rest to ourselves, where it can be dropped.
constexpr double kKernelHoldsSecondsMax = 0.3;
constexpr double kKernelHoldsBytesMin = 16.0 * 1024;
constexpr double kBitsInByte = 8;

}  // namespace

void Delivery::begin(std::optional<KernelQueue> kernel, BootTime now) {
  Lock lock(mutex_);
  kernel_ = std::move(kernel);
  taken_bytes_ = waiting_bytes_ = 0;
  retransmitted_ = 0;
  in_hand_.reset();
  content_.reset();
  first_media_at_.reset();
  progress_at_ = now;
  first_mark_ = marks_count_ = samples_count_ = 0;
  read_kernel(now);
}

std::optional<KernelQueue> Delivery::end() {
  Lock lock(mutex_);
  bytes_of_earlier_sessions_ += std::exchange(taken_bytes_, 0);
  waiting_bytes_ = 0;
  in_hand_.reset();
  content_.reset();
  first_media_at_.reset();
  marks_count_ = samples_count_ = 0;
  return std::exchange(kernel_, std::nullopt);
}

void Delivery::writing(BootTime arrived_at) {
  Lock lock(mutex_);
  in_hand_ = arrived_at;
}

void Delivery::written(BootTime arrived_at, Content content, std::size_t bytes, BootTime now) {
  Lock lock(mutex_);
  in_hand_.reset();
  read_kernel(now);
  if (kernel_) {
    add_mark({taken_bytes_ + waiting_bytes_, arrived_at, content});
    took(0, now);
    return;
  }
  add_mark({taken_bytes_ + bytes, arrived_at, content});
  took(bytes, now);
}

void Delivery::sample(BootTime now) {
  Lock lock(mutex_);
  read_kernel(now);
}

void Delivery::read_kernel(BootTime now) {
  if (!kernel_) return;
  const auto levels = kernel_->levels();
  if (waiting_bytes_ == 0 && levels.waiting_bytes > 0) progress_at_ = now;  // the clock runs while something waits
  waiting_bytes_ = levels.waiting_bytes;
  if (levels.segments > 0) retransmitted_ = static_cast<double>(levels.segments_again) / levels.segments;
  round_trip_ = levels.round_trip;
  // A connection that is over forgets its counters; what it took stays taken.
  if (levels.taken_bytes > taken_bytes_) took(levels.taken_bytes - taken_bytes_, now);
}

void Delivery::took(std::uint64_t bytes, BootTime now) {
  taken_bytes_ += bytes;
  if (bytes > 0) progress_at_ = now;
  while (marks_count_ > 0 && marks_[first_mark_].end_byte <= taken_bytes_) {
    content_ = marks_[first_mark_].content;
    if (!first_media_at_) first_media_at_ = now;
    first_mark_ = (first_mark_ + 1) % marks_.size();
    --marks_count_;
  }
  const auto newest = (samples_count_ + samples_.size() - 1) % samples_.size();
  if (samples_count_ > 0 && now - samples_[newest].at < kSampleInterval) return;
  samples_[samples_count_ % samples_.size()] = {now, taken_bytes_};
  ++samples_count_;
}

void Delivery::add_mark(const Mark& mark) {
  // A full ring gives up detail at its young end: the oldest mark, which makes the lag, stays.
  if (marks_count_ == marks_.size()) --marks_count_;
  marks_[(first_mark_ + marks_count_) % marks_.size()] = mark;
  ++marks_count_;
}

double Delivery::throughput_bps() const {
  if (samples_count_ < 2) return 0;
  const auto kept = std::min(samples_count_, samples_.size());
  const auto& oldest = samples_[(samples_count_ - kept) % samples_.size()];
  const auto& newest = samples_[(samples_count_ - 1) % samples_.size()];
  const double seconds = to_seconds(newest.at - oldest.at);
  return seconds <= 0 ? 0 : kBitsInByte * static_cast<double>(newest.taken_bytes - oldest.taken_bytes) / seconds;
}

Delivery::View Delivery::view(BootTime now) {
  Lock lock(mutex_);
  read_kernel(now);
  took(0, now);
  View view;
  view.bytes = bytes_of_earlier_sessions_ + taken_bytes_;
  view.content = content_;
  view.oldest = marks_count_ > 0 ? std::optional(marks_[first_mark_].arrived_at) : in_hand_;
  if (first_media_at_) view.media_for = progress_at_ - *first_media_at_;
  if (waiting_bytes_ > 0) view.stuck_for = now - progress_at_;
  view.throughput_bps = throughput_bps();
  view.retransmitted = retransmitted_;
  return view;
}

bool Delivery::has_room(BootTime now) {
  Lock lock(mutex_);
  if (!kernel_) return true;
  read_kernel(now);
  // What is under way on a long path is no backlog: with less than a round trip of data allowed it would starve.
  const double seconds = kKernelHoldsSecondsMax + to_seconds(round_trip_);
  const double allowed = std::max(kKernelHoldsBytesMin, seconds * throughput_bps() / kBitsInByte);
  return static_cast<double>(waiting_bytes_) <= allowed && kernel_->has_room();
}

}  // namespace nestbox::publish
