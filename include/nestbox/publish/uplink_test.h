#pragma once
/// `nestbox doctor --uplink`: how much the way to an output's server takes.
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "nestbox/media/packet_hub.h"
#include "nestbox/publish/output.h"
#include "nestbox/rules/uplink_ramp.h"

namespace nestbox {

struct UplinkVerdict {
  PublishFault fault = PublishFault::kNone;
  std::string text;  ///< what is wrong, where there is no figure; redacted
  UplinkRamp::Figure figure;
  double retransmitted = 0;  ///< share of the segments, 0 to 1
};

/// Sends the hub's stream to the output's address, each picture filled up with filler data (H.264, 7.3.2.7: decoders
/// pass over it), at a rate that grows until the way is full. Not for an output that is on air. Thread-bound; poll()
/// never waits. Must not outlive the hub.
class UplinkTest {
 public:
  UplinkTest(const OutputOptions& options, const Secret& key, PacketHub& hub, std::chrono::seconds span);
  /// Takes up to a second when poll() has not said anything yet, no time afterwards.
  ~UplinkTest();

  /// To be called a few times a second, until it says something. By then it has hung up.
  std::optional<UplinkVerdict> poll(BootTime now);
  /// What the way took over the last second.
  double throughput_bps() const;

 private:
  class Tap;
  std::optional<UplinkVerdict> decide(BootTime now);

  PacketHub& hub_;
  const std::chrono::seconds span_;
  const BootTime began_at_;
  std::shared_ptr<Tap> tap_;
  std::optional<UplinkRamp> ramp_;  ///< once the server takes media
  std::optional<UplinkVerdict> decided_;
};

}  // namespace nestbox
