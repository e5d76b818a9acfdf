#pragma once
/// "nestbox live test NAME": one output tried for a while, and in words what stands in the way.
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "nestbox/media/packet_hub.h"
#include "nestbox/publish/output.h"

namespace nestbox {

struct PublishVerdict {
  PublishFault fault = PublishFault::kNone;
  std::string text;           ///< "sending; check Studio", or what is wrong; redacted
  double throughput_bps = 0;  ///< what the path took, on average
  double needed_bps = 0;      ///< what the stream was
  double seconds = 0;         ///< of media that the server took
};

/// Sends the hub's stream to the output's address until `span` of media has been tried or it is clear that it will not
/// work. Not for an output that is on air: its own server would refuse the second connection. Thread-bound; poll()
/// never waits. Must not outlive the hub.
class PublishTest {
 public:
  PublishTest(const OutputOptions& options, const Secret& key, PacketHub& hub,
              std::chrono::seconds span = std::chrono::seconds(20));
  /// Ends the test; takes up to a second when poll() has not said anything yet, no time afterwards.
  ~PublishTest();

  /// To be called a few times a second, until it says something. By then it has hung up.
  std::optional<PublishVerdict> poll(BootTime now);

 private:
  class Tap;
  std::optional<PublishVerdict> decide(BootTime now);
  PublishVerdict verdict_of_sending(const OutputStatus& status, BootTime now) const;

  PacketHub& hub_;
  const std::chrono::seconds span_;
  const BootTime began_at_;
  std::shared_ptr<Tap> tap_;
  std::optional<PublishVerdict> decided_;
  std::optional<BootTime> sending_since_;
  std::uint64_t bytes_before_ = 0, needed_bytes_before_ = 0;
  int slow_polls_ = 0, polls_ = 0;
};

}  // namespace nestbox
