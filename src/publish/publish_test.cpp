#include "nestbox/publish/publish_test.h"

#include <fmt/format.h>

#include <atomic>
#include <utility>

#include "fault.h"

namespace nestbox {
namespace {

constexpr std::chrono::seconds kConnectAtLatest(12);  // name, three tries, first picture
constexpr double kBitsInByte = 8;
constexpr double kSlowShareMax = 0.25;  // of the time: a hiccup is no verdict

}  // namespace

/// The output, and how much it was offered.
class PublishTest::Tap : public PacketSink {
 public:
  Tap(const OutputOptions& options, const Secret& key, Output::KeyframeWanted keyframe_wanted)
      : output(options, key, std::move(keyframe_wanted)) {}
  Result<void> open(const StreamInfo& info) override { return output.open(info); }
  void push(const Packet& packet) noexcept override {
    offered_bytes.fetch_add(packet.bytes.size(), std::memory_order_relaxed);
    output.push(packet);
  }
  void close() noexcept override { output.close(); }

  Output output;
  std::atomic<std::uint64_t> offered_bytes{0};
};

PublishTest::PublishTest(const OutputOptions& options, const Secret& key, PacketHub& hub, std::chrono::seconds span)
    : hub_(hub),
      span_(span),
      began_at_(BootClock::now()),
      tap_(std::make_shared<Tap>(options, key, [&hub] { hub.want_keyframe(); })) {
  tap_->output.start();
  tap_->output.set_on_air(Air::kOn);
  hub_.attach(tap_);
}

PublishTest::~PublishTest() {
  tap_->output.request_stop();
  hub_.detach(*tap_);
}

std::optional<PublishVerdict> PublishTest::poll(BootTime now) {
  if (!decided_) {
    decided_ = decide(now);
    if (decided_) tap_->output.request_stop();
  }
  if (!decided_ || !tap_->output.join_until(BootTime{})) return std::nullopt;
  return decided_;
}

std::optional<PublishVerdict> PublishTest::decide(BootTime now) {
  const auto status = tap_->output.status();
  const bool sending = status.state == OutputState::kLive || status.state == OutputState::kSlate;
  if (!sending && publish::is_hopeless(status)) return PublishVerdict{status.fault, status.last_error, 0, 0, 0};
  if (sending && !sending_since_) {
    sending_since_ = now;
    bytes_before_ = status.bytes;
    needed_bytes_before_ = tap_->offered_bytes;
  }
  if (!sending_since_) {
    if (now - began_at_ < kConnectAtLatest) return std::nullopt;
    const bool no_media = status.fault == PublishFault::kNone;
    return PublishVerdict{no_media ? PublishFault::kLost : status.fault,
                          no_media ? "connected, but the server took no picture" : status.last_error, 0, 0, 0};
  }
  ++polls_;
  if (status.congested) ++slow_polls_;
  if (now - *sending_since_ < span_) return std::nullopt;
  return verdict_of_sending(status, now);
}

PublishVerdict PublishTest::verdict_of_sending(const OutputStatus& status, BootTime now) const {
  PublishVerdict verdict;
  verdict.seconds = to_seconds(now - *sending_since_);
  verdict.throughput_bps = kBitsInByte * static_cast<double>(status.bytes - bytes_before_) / verdict.seconds;
  verdict.needed_bps = kBitsInByte * static_cast<double>(tap_->offered_bytes - needed_bytes_before_) / verdict.seconds;
  if (status.fault != PublishFault::kNone) {
    verdict.fault = status.fault;
    verdict.text = status.last_error;
  } else if (slow_polls_ > kSlowShareMax * polls_) {
    verdict.fault = PublishFault::kTooSlow;
    verdict.text = fmt::format("too slow: the way to the server takes {:.1f} of the {:.1f} Mbit/s that the stream has",
                               verdict.throughput_bps / 1e6, verdict.needed_bps / 1e6);
  } else {
    verdict.text = "sending; check Studio";
  }
  return verdict;
}

}  // namespace nestbox
