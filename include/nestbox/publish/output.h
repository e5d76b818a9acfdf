#pragma once
/// One target of the live stream: a thread, a bounded queue and a connection that comes back.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "nestbox/base/secret.h"
#include "nestbox/base/thread.h"
#include "nestbox/media/packet.h"
#include "nestbox/options/options.h"

namespace nestbox {

enum class Air : std::uint8_t { kOff, kOn };

enum class OutputState : std::uint8_t { kOff, kConnecting, kLive, kSlate, kBackoff, kFailed };

/// Why a connection failed, told apart for people.
enum class PublishFault : std::uint8_t { kNone, kNoNetwork, kNoName, kTls, kRefused, kLost, kTooSlow, kKey, kUrl };

struct OutputStatus {
  std::string name;
  OutputState state = OutputState::kOff;
  std::uint64_t bytes = 0;            ///< taken by the server's side of the socket, all sessions
  double lag_s = 0;                   ///< age of the oldest data not yet taken, the kernel's buffer included
  std::uint64_t reconnects = 0;       ///< sessions that sent media, but for the first
  std::uint64_t packets_dropped = 0;  ///< because the path was behind; not what came while not connected
  std::optional<double> retry_in_s;
  std::string last_error;  ///< redacted; stays when it works again, `fault` does not
  PublishFault fault = PublishFault::kNone;
  double throughput_bps = 0;  ///< what the path took over the last second or so
  double retransmitted = 0;   ///< share of the segments of this session that had to be sent again, 0 to 1
  bool congested = false;     ///< behind at this moment: the bit rate is to come down
};

namespace publish {
class Worker;
}

/// Thread-safe. As a PacketSink it is attached to one PacketHub at a time; moving it to another (live to slate) keeps
/// the session: open() then announces the other encoder's headers, and close() alone does not disconnect.
///
/// What comes while it is not connected is let go at once and not counted. Connected, it holds at most 2 s or 4 MiB;
/// what is behind is dropped in whole groups of pictures and counted. "Live" means that the server took media.
/// A frozen server or a dead link is noticed within 10 s; it comes back as rules/backoff.h says. Its
/// heartbeat is busy for up to 8 s in one piece (name and connection): the watchdog's limit must be well above.
///
/// Decision of URLs: docs/decisions/0004-publishing.md.
class Output : public PacketSink {
 public:
  /// Called on the output's thread when it has connected, or skips: the encoder that feeds it at that
  /// moment is to make a keyframe now.
  using KeyframeWanted = std::function<void()>;
  /// `key` empty: the URL is used as it stands. A URL that nobody could publish to makes an output that has failed
  /// (kUrl); status() says why.
  Output(OutputOptions options, const Secret& key, KeyframeWanted keyframe_wanted);
  /// One that cannot be used as it is configured, its key above all: state failed, with this text for people. Every
  /// call is harmless.
  struct Unusable {
    PublishFault fault = PublishFault::kKey;
    std::string text;
  };
  Output(OutputOptions options, const Unusable& why);
  /// Stops and joins, or abandons after 1.5 s.
  ~Output() override;

  void start();
  /// kOn: connect, and stay connected. kOff: finish the session and stop trying. Returns at once.
  void set_on_air(Air air);
  /// Cuts a wait for the next try short: the network has changed, or a person wants it.
  void retry_now();
  Result<void> open(const StreamInfo& info) override;
  void push(const Packet& packet) noexcept override;
  void close() noexcept override;
  /// The thread ends within a second, whatever it waits for.
  void request_stop() noexcept;
  [[nodiscard]] bool join_until(BootTime deadline);
  void abandon();

  const OutputOptions& options() const noexcept { return options_; }
  OutputStatus status() const;
  const Heartbeat& heartbeat() const;

 private:
  const OutputOptions options_;
  Unusable unusable_;                        ///< when there is no worker
  std::shared_ptr<publish::Worker> worker_;  ///< also held by the thread, which may be abandoned
  NamedThread thread_;
};

/// The URL that libavformat is given: key joined before or after a query as the platforms want it.
/// rtmp(s) and others: URL/KEY, also after a query (YouTube's ?backup=1/KEY); keys keep their own query (Facebook).
/// srt: the key is the stream id. Source and reasons: docs/decisions/0004-publishing.md.
Secret join_url_and_key(const std::string& url, const Secret& key);

}  // namespace nestbox
