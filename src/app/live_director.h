#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nestbox/base/time_zone.h"
#include "nestbox/capture/capture_stage.h"
#include "nestbox/options/options.h"
#include "nestbox/options/ports.h"
#include "nestbox/publish/output.h"
#include "nestbox/publish/publish_test.h"
#include "nestbox/publish/uplink_test.h"
#include "nestbox/rules/bitrate_controller.h"
#include "nestbox/rules/live_policy.h"
#include "output_feed.h"

namespace nestbox {

/// Says of every output whether it is off, on the slate or live, moves it there, and holds the encoder's bit rate to
/// what the slowest of them takes. The rules are LivePolicy and BitrateController; this is their hands. Main thread
/// only.
class LiveDirector {
 public:
  struct Target {
    OutputOptions options;
    Secret key;
    std::string unusable;  ///< why its key cannot be used; empty: it can
  };
  /// What outputs may depend on.
  struct Situation {
    CaptureStatus camera;
    bool visiting = false;  ///< whether a visit is in progress
  };
  struct Ports {
    PacketHub& live;
    std::function<PacketHub&()> slate;  ///< starts the slate where it is not there yet
    std::function<void()> end_slate;
    std::function<void(std::int64_t bitrate_bps)> set_bitrate;
    std::function<void()> direct_soon;  ///< direct() is to be called: something changed
  };
  LiveDirector(Ports ports, const Options& options, const TimeZone& zone, const Almanac& almanac,
               std::vector<Target> targets);
  ~LiveDirector();

  /// Outputs that did not change go on undisturbed.
  void configure(const Options& options, const TimeZone& zone, const Almanac& almanac, std::vector<Target> targets);
  /// What the owner orders, by name or, with an empty one, for all. Errors: those of LivePolicy.
  Result<void> start(const std::string& name);
  Result<void> stop(const std::string& name);
  /// The button was pressed: everything that is live goes off air, or all that is enabled goes on air. Errors: those of
  /// LivePolicy.
  Result<LivePolicy::Pressed> press();
  /// Brings everything to where it should be. When to be called again; nothing while nothing can change by itself.
  std::optional<std::chrono::nanoseconds> direct(const Situation& situation);

  /// Sends to one output (with an empty name: the only one) for 20 s and says what came of it; `progress` gets the
  /// seconds that have gone by. An output that is on air tells of its own session at once.
  /// Errors: kNotFound, kUnavailable while another test runs, kInvalidArgument for an output that cannot be tried.
  using TestProgress = std::function<void(std::chrono::nanoseconds elapsed)>;
  using TestDone = std::function<void(Result<PublishVerdict>)>;
  void test(const std::string& name, TestProgress progress, TestDone done);

  /// Measures for `span` what the way to the first enabled output's server takes; `progress` gets the seconds that have
  /// gone by and what the way took over the last of them. Meanwhile no output shows its slate. Errors: as for test(),
  /// and kUnavailable while an output is live.
  struct Uplink {
    std::string output;
    UplinkVerdict verdict;
  };
  using UplinkProgress = std::function<void(std::chrono::nanoseconds elapsed, double throughput_bps)>;
  using UplinkDone = std::function<void(Result<Uplink>)>;
  void measure_uplink(std::chrono::seconds span, UplinkProgress progress, UplinkDone done);

  std::vector<OutputStatus> status() const;
  /// What the owner should know before somebody listens; empty: nothing.
  std::string microphone_warning() const;
  /// The name of an output's thread that has been at one piece of work for over `work_max`, if any.
  std::optional<std::string> stuck_output(BootTime now, std::chrono::nanoseconds work_max) const;
  void request_stop() noexcept;
  std::vector<std::string> join_until(BootTime deadline);

 private:
  struct Channel;
  struct Test;
  struct Measurement;
  Channel* find(const std::string& name) const;
  std::unique_ptr<Channel> make_channel(Target target) const;
  void retire(std::unique_ptr<Channel> channel);
  void forget_ended();
  /// Why no output may go on air at present; empty: they may.
  std::string hindrance(const CaptureStatus& camera) const;
  void hang(Channel& channel, OnAir on_air);
  void warn_of_microphone(const Channel& channel) const;
  void end_unused_slate();
  void adapt_bitrate(BootTime now);
  Result<Channel*> channel_to_test(const std::string& name) const;
  void poll_test(BootTime now);
  void poll_measurement(BootTime now);
  LivePolicy::Inputs inputs() const;

  const Ports ports_;
  SimulatedPictures simulated_;
  std::string microphone_;  ///< audio.source, when it is one; else empty
  LivePolicy policy_;
  BitrateController bitrate_;
  bool visiting_ = false;                           ///< as last told
  std::string hindrance_;                           ///< as last decided
  std::vector<std::unique_ptr<Channel>> channels_;  ///< in the order of the configuration
  std::vector<std::shared_ptr<Output>> retired_;    ///< asked to stop, not yet joined
  std::unique_ptr<Test> test_;
  std::unique_ptr<Measurement> measurement_;
  std::int64_t least_bitrate_bps_ = 0;  ///< encoder.bitrate_min
  bool slate_runs_ = false;
};

}  // namespace nestbox
