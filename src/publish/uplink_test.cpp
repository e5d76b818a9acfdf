#include "nestbox/publish/uplink_test.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "fault.h"

namespace nestbox {
namespace {

constexpr std::chrono::seconds kConnectAtLatest(12);  // name, three tries, first picture
constexpr double kBitsInByte = 8;
constexpr std::size_t kFillerMax = 512 * 1024;              // servers bound the size of one message (1 MB)
constexpr std::uint8_t kFillerHead[] = {0, 0, 0, 1, 0x0C};  // start code; nal_unit_type 12, nal_ref_idc 0
constexpr std::uint8_t kFillerByte = 0xFF, kTrailingBits = 0x80;

/// The same access unit with `filler_bytes` more behind it.
Packet filled_up(const Packet& packet, std::size_t filler_bytes) {
  auto bytes = std::make_shared<std::vector<std::uint8_t>>();
  bytes->reserve(packet.bytes.size() + sizeof kFillerHead + filler_bytes + 1);
  bytes->assign(packet.bytes.begin(), packet.bytes.end());
  bytes->insert(bytes->end(), std::begin(kFillerHead), std::end(kFillerHead));
  bytes->insert(bytes->end(), filler_bytes, kFillerByte);
  bytes->push_back(kTrailingBits);
  auto filled = packet;
  filled.bytes = {bytes->data(), bytes->size()};
  filled.owner = std::move(bytes);
  return filled;
}

}  // namespace

/// The output, and the filler between it and the hub. A stream of few bits becomes one of as many as are wanted.
class UplinkTest::Tap : public PacketSink {
 public:
  Tap(const OutputOptions& options, const Secret& key, Output::KeyframeWanted keyframe_wanted)
      : output(options, key, std::move(keyframe_wanted)) {}
  Result<void> open(const StreamInfo& info) override { return output.open(info); }
  void push(const Packet& packet) noexcept override {
    const auto wanted_bps = offered_bps.load(std::memory_order_relaxed);
    if (packet.track == Track::kVideo && wanted_bps > 0) {
      output.push(filled_up(packet, filler_for(packet, wanted_bps)));
    } else {
      output.push(packet);
    }
  }
  void close() noexcept override { output.close(); }

  Output output;
  std::atomic<double> offered_bps{0};

 private:
  std::size_t filler_for(const Packet& packet, double wanted_bps) noexcept {
    const auto since = last_pts_ ? to_seconds(packet.pts - *last_pts_) : 0;
    last_pts_ = packet.pts;
    const auto due_bytes = since * wanted_bps / kBitsInByte - static_cast<double>(packet.bytes.size());
    return static_cast<std::size_t>(std::clamp(due_bytes, 0.0, static_cast<double>(kFillerMax)));
  }
  std::optional<BootTime> last_pts_;
};

UplinkTest::UplinkTest(const OutputOptions& options, const Secret& key, PacketHub& hub, std::chrono::seconds span)
    : hub_(hub),
      span_(span),
      began_at_(BootClock::now()),
      tap_(std::make_shared<Tap>(options, key, [&hub] { hub.want_keyframe(); })) {
  tap_->output.start();
  tap_->output.set_on_air(Air::kOn);
  hub_.attach(tap_);
}

UplinkTest::~UplinkTest() {
  tap_->output.request_stop();
  hub_.detach(*tap_);
}

std::optional<UplinkVerdict> UplinkTest::poll(BootTime now) {
  if (!decided_) {
    decided_ = decide(now);
    if (decided_) tap_->output.request_stop();
  }
  if (!decided_ || !tap_->output.join_until(BootTime{})) return std::nullopt;
  return decided_;
}

double UplinkTest::throughput_bps() const {
  return tap_->output.status().throughput_bps;
}

std::optional<UplinkVerdict> UplinkTest::decide(BootTime now) {
  const auto status = tap_->output.status();
  const bool sending = status.state == OutputState::kLive || status.state == OutputState::kSlate;
  if (!sending && publish::is_hopeless(status)) return UplinkVerdict{status.fault, status.last_error, {}, 0};
  if (sending && !ramp_) ramp_.emplace(now, span_);
  if (!ramp_) {
    if (now - began_at_ < kConnectAtLatest) return std::nullopt;
    const bool no_media = status.fault == PublishFault::kNone;
    return UplinkVerdict{no_media ? PublishFault::kLost : status.fault,
                         no_media ? "connected, but the server took no picture" : status.last_error,
                         {},
                         0};
  }
  const auto figure = ramp_->update(now, {status.bytes, status.throughput_bps, status.congested});
  tap_->offered_bps = ramp_->offered_bps();
  if (!figure) return std::nullopt;
  return UplinkVerdict{PublishFault::kNone, "", *figure, status.retransmitted};
}

}  // namespace nestbox
