#include "live_director.h"

#include <fmt/format.h>

#include <algorithm>

#include "nestbox/base/log.h"
#include "pipeline.h"
#include "status_report.h"

namespace nestbox {
namespace {

// How often the bit rate follows what the outputs report; BitrateController asks for several times a second.
constexpr std::chrono::milliseconds kAdaptation{200};
// A schedule is looked at again at the latest after this, so that a clock that was set does not leave it late.
constexpr std::chrono::seconds kClockWasSet{30};

std::string microphone_of(const Options& options) {
  return options.audio.source.rfind("alsa:", 0) == 0 ? options.audio.source : std::string();
}

BitrateController::Limits limits_of(const Options& options) {
  // The silent track is a few bytes a frame, next to nothing; a file's sound is encoded at a constant rate.
  constexpr std::int64_t kSoundBps = 128'000;
  const bool has_sound = options.audio.source.rfind("file:", 0) == 0 || !microphone_of(options).empty();
  return {options.encoder.bitrate_min_bps, options.encoder.bitrate_bps, has_sound ? kSoundBps : 0};
}

SimulatedPictures simulated_of(const Options& options) {
  return options.camera.allow_simulated ? SimulatedPictures::kAllowed : SimulatedPictures::kRefused;
}

bool is_on_air(OutputState state) {
  return state == OutputState::kLive || state == OutputState::kSlate;
}

}  // namespace

struct LiveDirector::Channel {
  Target target;
  std::shared_ptr<OutputFeed> feed;
  std::shared_ptr<Output> output;
  OnAir on_air = OnAir::kOff;
};

struct LiveDirector::Measurement {
  Target target;
  std::chrono::seconds span;
  BootTime began_at;
  std::unique_ptr<UplinkTest> test;  ///< once the slate has left the way
  UplinkProgress progress;
  UplinkDone done;
};

struct LiveDirector::Test {
  PublishTest test;
  BootTime began_at;
  TestProgress progress;
  TestDone done;
};

LiveDirector::LiveDirector(Ports ports, const Options& options, const TimeZone& zone, const Almanac& almanac,
                           std::vector<Target> targets)
    : ports_(std::move(ports)),
      simulated_(simulated_of(options)),
      microphone_(microphone_of(options)),
      policy_(options.live, zone, almanac),
      bitrate_(limits_of(options)) {
  configure(options, zone, almanac, std::move(targets));
}

LiveDirector::~LiveDirector() = default;

void LiveDirector::configure(const Options& options, const TimeZone& zone, const Almanac& almanac,
                             std::vector<Target> targets) {
  least_bitrate_bps_ = options.encoder.bitrate_min_bps;
  policy_.apply(options.live, zone, almanac);
  bitrate_.set_limits(limits_of(options));
  microphone_ = microphone_of(options);
  const bool gate_changed = std::exchange(simulated_, simulated_of(options)) != simulated_of(options);
  auto old = std::exchange(channels_, {});
  for (auto& target : targets) {
    const auto same = std::find_if(old.begin(), old.end(), [&](const std::unique_ptr<Channel>& channel) {
      return channel && channel->target.options == target.options &&
             channel->target.key.reveal() == target.key.reveal() && channel->target.unusable == target.unusable;
    });
    const bool stays = same != old.end() && !gate_changed;
    channels_.push_back(stays ? std::move(*same) : make_channel(std::move(target)));
  }
  for (auto& channel : old) {
    if (channel) retire(std::move(channel));
  }
}

std::unique_ptr<LiveDirector::Channel> LiveDirector::make_channel(Target target) const {
  auto channel = std::make_unique<Channel>();
  channel->feed = std::make_shared<OutputFeed>(simulated_);
  if (target.unusable.empty()) {
    channel->output = std::make_shared<Output>(target.options, target.key, [feed = std::weak_ptr(channel->feed)] {
      if (const auto living = feed.lock()) living->want_keyframe();
    });
  } else {
    channel->output = std::make_shared<Output>(target.options, Output::Unusable{PublishFault::kKey, target.unusable});
  }
  channel->feed->carry(channel->output);
  channel->target = std::move(target);
  channel->output->start();
  return channel;
}

void LiveDirector::retire(std::unique_ptr<Channel> channel) {
  channel->feed->connect_to(nullptr);
  channel->output->request_stop();
  retired_.push_back(channel->output);
}

void LiveDirector::forget_ended() {
  const auto ended = [](const std::shared_ptr<Output>& output) { return output->join_until(BootTime{}); };
  retired_.erase(std::remove_if(retired_.begin(), retired_.end(), ended), retired_.end());
}

LiveDirector::Channel* LiveDirector::find(const std::string& name) const {
  const auto found = std::find_if(channels_.begin(), channels_.end(), [&](const std::unique_ptr<Channel>& channel) {
    return channel->target.options.name == name;
  });
  return found == channels_.end() ? nullptr : found->get();
}

Result<void> LiveDirector::start(const std::string& name) {
  auto started = policy_.start(name, inputs());
  if (!started) return started;
  for (const auto& channel : channels_) {
    if (name.empty() || channel->target.options.name == name) channel->output->retry_now();
  }
  ports_.direct_soon();
  return {};
}

Result<void> LiveDirector::stop(const std::string& name) {
  auto stopped = policy_.stop(name, inputs());
  if (stopped) ports_.direct_soon();
  return stopped;
}

Result<LivePolicy::Pressed> LiveDirector::press() {
  auto pressed = policy_.press(inputs());
  if (!pressed) return pressed;
  if (*pressed == LivePolicy::Pressed::kStarted) {
    for (const auto& channel : channels_) channel->output->retry_now();
  }
  ports_.direct_soon();
  return pressed;
}

std::string LiveDirector::hindrance(const CaptureStatus& camera) const {
  if (content_of(camera) != Content::kSimulated || simulated_ == SimulatedPictures::kAllowed) return {};
  return "the picture is simulated; outputs refuse it unless camera.allow_simulated is true";
}

LivePolicy::Inputs LiveDirector::inputs() const {
  return {BootClock::now(), wall_now(), visiting_};
}

std::optional<std::chrono::nanoseconds> LiveDirector::direct(const Situation& situation) {
  const auto now = BootClock::now();
  const auto& camera = situation.camera;
  visiting_ = situation.visiting;
  forget_ended();
  hindrance_ = hindrance(camera);
  const auto decision = policy_.decide(inputs());
  // An output connects when there is something to send: the first picture, or the slate because there is none.
  const bool has_picture = camera.frames > 0 || !camera.last_error.empty();
  const bool may_send = hindrance_.empty() && has_picture && !measurement_;
  for (std::size_t n = 0; n < channels_.size(); ++n) hang(*channels_[n], may_send ? decision.outputs[n] : OnAir::kOff);
  end_unused_slate();
  adapt_bitrate(now);
  poll_test(now);
  poll_measurement(now);
  const bool any_wanted =
      std::any_of(decision.outputs.begin(), decision.outputs.end(), [](OnAir on_air) { return on_air != OnAir::kOff; });
  if (any_wanted || test_ || measurement_ || !retired_.empty()) return kAdaptation;
  if (!decision.next_change_in) return std::nullopt;
  return std::min<std::chrono::nanoseconds>(*decision.next_change_in, kClockWasSet);
}

void LiveDirector::hang(Channel& channel, OnAir on_air) {
  if (channel.on_air == on_air) return;
  if (channel.on_air == OnAir::kOff) warn_of_microphone(channel);
  channel.on_air = on_air;
  slate_runs_ = slate_runs_ || on_air == OnAir::kSlate;
  auto* const hub = on_air == OnAir::kLive ? &ports_.live : on_air == OnAir::kSlate ? &ports_.slate() : nullptr;
  channel.output->set_on_air(on_air == OnAir::kOff ? Air::kOff : Air::kOn);
  channel.feed->connect_to(hub);
}

std::string LiveDirector::microphone_warning() const {
  if (microphone_.empty()) return {};
  return fmt::format(
      "the microphone ({}) is on: whoever watches hears what is said near the box; `nestbox set audio.source silence` "
      "turns it off",
      microphone_);
}

void LiveDirector::warn_of_microphone(const Channel& channel) const {
  const auto warning = microphone_warning();
  if (!warning.empty()) NESTBOX_LOG_WARNING("live", "{} goes on air, and {}", channel.target.options.name, warning);
}

void LiveDirector::end_unused_slate() {
  const bool used = std::any_of(channels_.begin(), channels_.end(),
                                [](const auto& channel) { return channel->on_air == OnAir::kSlate; });
  if (used || !std::exchange(slate_runs_, false)) return;
  ports_.end_slate();
}

void LiveDirector::adapt_bitrate(BootTime now) {
  std::vector<BitrateController::Link> links;
  for (const auto& channel : channels_) {
    const auto status = channel->output->status();
    const bool on_the_encoder = channel->on_air == OnAir::kLive && is_on_air(status.state);
    const auto lag = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(status.lag_s));
    links.push_back({status.throughput_bps, lag, status.congested, on_the_encoder});
  }
  const auto bitrate_bps = bitrate_.update(now, links);
  // What is measured is made of filler, as much as is wanted; the picture must leave it room.
  ports_.set_bitrate(measurement_ ? least_bitrate_bps_ : bitrate_bps);
}

Result<LiveDirector::Channel*> LiveDirector::channel_to_test(const std::string& name) const {
  if (test_ || measurement_) return fail(ErrorKind::kUnavailable, "another test is running; try again in a minute");
  auto* const channel = name.empty() && channels_.size() == 1 ? channels_.front().get() : find(name);
  if (channel == nullptr && name.empty()) {
    return fail(ErrorKind::kInvalidArgument,
                channels_.empty() ? "live.outputs has no output to test" : "which output? `nestbox live test NAME`");
  }
  if (channel == nullptr) return fail(ErrorKind::kNotFound, fmt::format("no output is called \"{}\"", name));
  if (!channel->target.unusable.empty()) return fail(ErrorKind::kInvalidArgument, channel->target.unusable);
  if (!hindrance_.empty()) return fail(ErrorKind::kInvalidArgument, hindrance_);
  return channel;
}

void LiveDirector::test(const std::string& name, TestProgress progress, TestDone done) {
  const auto channel = channel_to_test(name);
  if (!channel) return done(tl::unexpected(channel.error()));
  const auto status = (*channel)->output->status();
  if (is_on_air(status.state)) {
    const auto needed_bps = static_cast<double>(bitrate_.bitrate_bps());
    return done(
        PublishVerdict{PublishFault::kNone, "sending already; check Studio", status.throughput_bps, needed_bps, 0});
  }
  const auto& target = (*channel)->target;
  test_ = std::unique_ptr<Test>(new Test{PublishTest(target.options, target.key, ports_.live), BootClock::now(),
                                         std::move(progress), std::move(done)});
  ports_.direct_soon();
}

void LiveDirector::poll_test(BootTime now) {
  if (!test_) return;
  const auto verdict = test_->test.poll(now);
  if (!verdict) return test_->progress(now - test_->began_at);
  const auto done = std::move(test_->done);
  test_.reset();
  done(*verdict);
}

void LiveDirector::measure_uplink(std::chrono::seconds span, UplinkProgress progress, UplinkDone done) {
  const auto first = std::find_if(channels_.begin(), channels_.end(),
                                  [](const auto& channel) { return channel->target.options.enabled; });
  if (first == channels_.end()) return done(fail(ErrorKind::kInvalidArgument, "no output is enabled"));
  const auto channel = channel_to_test((*first)->target.options.name);
  if (!channel) return done(tl::unexpected(channel.error()));
  const auto live =
      std::find_if(channels_.begin(), channels_.end(), [](const auto& other) { return other->on_air == OnAir::kLive; });
  if (live != channels_.end()) {
    return done(fail(ErrorKind::kUnavailable,
                     fmt::format("{0} is live; stop it first: nestbox live stop {0}", (*live)->target.options.name)));
  }
  measurement_ = std::unique_ptr<Measurement>(
      new Measurement{(*channel)->target, span, BootClock::now(), nullptr, std::move(progress), std::move(done)});
  ports_.direct_soon();
}

void LiveDirector::poll_measurement(BootTime now) {
  if (!measurement_) return;
  auto& measurement = *measurement_;
  if (!measurement.test) {
    const auto* const channel = find(measurement.target.options.name);
    const bool still_there = channel != nullptr && is_on_air(channel->output->status().state);
    if (still_there) return;
    measurement.test =
        std::make_unique<UplinkTest>(measurement.target.options, measurement.target.key, ports_.live, measurement.span);
  }
  const auto verdict = measurement.test->poll(now);
  if (!verdict) return measurement.progress(now - measurement.began_at, measurement.test->throughput_bps());
  const auto ended = std::move(measurement_);
  ended->done(Uplink{ended->target.options.name, *verdict});
}

std::vector<OutputStatus> LiveDirector::status() const {
  std::vector<OutputStatus> statuses;
  for (const auto& channel : channels_) {
    auto status = channel->output->status();
    if (!hindrance_.empty() && status.state != OutputState::kFailed) {
      status.state = OutputState::kFailed;
      status.last_error = hindrance_;
    }
    statuses.push_back(std::move(status));
  }
  return statuses;
}

std::optional<std::string> LiveDirector::stuck_output(BootTime now, std::chrono::nanoseconds work_max) const {
  for (const auto& channel : channels_) {
    const auto busy = channel->output->heartbeat().busy_for(now);
    if (busy && *busy > work_max) return "out-" + channel->target.options.name;
  }
  return std::nullopt;
}

void LiveDirector::request_stop() noexcept {
  for (const auto& channel : channels_) {
    channel->output->request_stop();
    retired_.push_back(channel->output);
  }
}

std::vector<std::string> LiveDirector::join_until(BootTime deadline) {
  std::vector<std::string> hung;
  for (const auto& output : retired_) join_or_abandon(*output, "out-" + output->options().name, deadline, hung);
  return hung;
}

}  // namespace nestbox
