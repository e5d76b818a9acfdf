#include "nestbox/rules/live_policy.h"

#include <algorithm>
#include <string>
#include <utility>

namespace nestbox {
namespace {

using std::chrono::nanoseconds;

void take_earlier(std::optional<nanoseconds>& earliest, nanoseconds in) {
  if (!earliest || in < *earliest) earliest = in;
}

/// Whether anything can ever put an output on air.
bool is_possible(const LiveWhen& when) {
  return when.always || when.manual || when.schedule || when.visit || when.button;
}

std::string names_of(const std::vector<OutputOptions>& outputs) {
  std::string names;
  for (const OutputOptions& output : outputs) names += (names.empty() ? "" : ", ") + output.name;
  return names;
}

}  // namespace

LivePolicy::LivePolicy(LiveOptions options, TimeZone zone, Almanac almanac) : zone_(zone) {
  apply(std::move(options), std::move(zone), std::move(almanac));
}

void LivePolicy::apply(LiveOptions options, TimeZone zone, Almanac almanac) {
  std::vector<Channel> channels(options.outputs.size());
  const bool possible = is_possible(options.when);
  for (std::size_t i = 0; i < channels.size(); ++i) {
    // What is switched off forgets its command: switched on again it must not go live by itself.
    if (!possible || !options.outputs[i].enabled) continue;
    for (std::size_t old = 0; old < channels_.size(); ++old) {
      if (options_.outputs[old].name == options.outputs[i].name) channels[i] = channels_[old];
    }
  }
  options_ = std::move(options);
  zone_ = std::move(zone);
  schedule_ = options_.when.schedule ? DaySchedule(options_.schedule, std::move(almanac)) : DaySchedule();
  channels_ = std::move(channels);
}

/// A command ends when the automatic reasons change.
void LivePolicy::follow_automatic(const Inputs& inputs) {
  const bool automatic =
      options_.when.always || (options_.when.visit && inputs.visiting) || schedule_.is_inside(inputs.wall, zone_);
  if (automatic_ && *automatic_ != automatic) {
    for (Channel& channel : channels_) channel.command = Command::kNone;
  }
  automatic_ = automatic;
}

Result<std::vector<LivePolicy::Channel*>> LivePolicy::channels_of(std::string_view output) {
  std::vector<Channel*> found;
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    const OutputOptions& options = options_.outputs[i];
    if (!output.empty() && options.name != output) continue;
    if (options.enabled) {
      found.push_back(&channels_[i]);
    } else if (!output.empty()) {
      return fail(ErrorKind::kInvalidArgument,
                  "output \"" + options.name + "\" is disabled: set enabled: true for it under live.outputs");
    }
  }
  if (!found.empty()) return found;
  if (options_.outputs.empty()) return fail(ErrorKind::kNotFound, "there are no outputs: add one under live.outputs");
  if (output.empty()) {
    return fail(ErrorKind::kNotFound, "every output is disabled: set enabled: true for one under live.outputs");
  }
  return fail(ErrorKind::kNotFound,
              "no output is called \"" + std::string(output) + "\"; there is " + names_of(options_.outputs));
}

Result<void> LivePolicy::start(std::string_view output, const Inputs& inputs) {
  if (!is_possible(options_.when)) {
    return fail(ErrorKind::kInvalidArgument,
                "live.when is never, so nothing goes live: set it to manual, or to a list with manual in it");
  }
  const auto channels = channels_of(output);
  if (!channels) return tl::unexpected(channels.error());
  follow_automatic(inputs);
  for (Channel* channel : *channels) channel->command = Command::kStart;
  return {};
}

Result<void> LivePolicy::stop(std::string_view output, const Inputs& inputs) {
  const auto channels = channels_of(output);
  if (!channels) return tl::unexpected(channels.error());
  follow_automatic(inputs);
  for (Channel* channel : *channels) channel->command = Command::kStop;
  return {};
}

Result<LivePolicy::Pressed> LivePolicy::press(const Inputs& inputs) {
  if (!options_.when.button) {
    return fail(ErrorKind::kInvalidArgument,
                "live.when has no button in it, so the button does nothing: set it to button, or to a list with button "
                "in it");
  }
  const auto channels = channels_of("");
  if (!channels) return tl::unexpected(channels.error());
  follow_automatic(inputs);
  bool stopped = false;
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    const auto& output = options_.outputs[i];
    if (!is_wanted(output, channels_[i]) && !lingers_until(output, channels_[i], inputs.now)) continue;
    channels_[i].command = Command::kStop;
    stopped = true;
  }
  if (stopped) return Pressed::kStopped;
  for (Channel* channel : *channels) channel->command = Command::kStart;
  return Pressed::kStarted;
}

bool LivePolicy::is_wanted(const OutputOptions& output, const Channel& channel) const {
  if (!is_possible(options_.when) || !output.enabled) return false;
  return channel.command == Command::kNone ? *automatic_ : channel.command == Command::kStart;
}

/// An output that is no longer wanted may be live for a while yet: until then.
std::optional<BootTime> LivePolicy::lingers_until(const OutputOptions& output, const Channel& channel,
                                                  BootTime now) const {
  const bool may_linger =
      is_possible(options_.when) && output.enabled && options_.idle == Idle::kOff && channel.command != Command::kStop;
  if (!may_linger || !channel.live_since || now >= *channel.live_since + options_.min_on_air) return std::nullopt;
  return *channel.live_since + options_.min_on_air;
}

OnAir LivePolicy::decide_one(const OutputOptions& output, Channel& channel, BootTime now,
                             std::optional<nanoseconds>& next_change_in) const {
  if (is_wanted(output, channel)) {
    if (!channel.live_since) channel.live_since = now;
    return OnAir::kLive;
  }
  if (const auto until = lingers_until(output, channel, now)) {
    take_earlier(next_change_in, *until - now);
    return OnAir::kLive;
  }
  channel.live_since.reset();
  const bool allowed = is_possible(options_.when) && output.enabled;
  return allowed && options_.idle == Idle::kSlate ? OnAir::kSlate : OnAir::kOff;
}

LivePolicy::Decision LivePolicy::decide(const Inputs& inputs) {
  follow_automatic(inputs);
  Decision decision;
  if (!options_.when.always) {
    if (const auto change = schedule_.next_change(inputs.wall, zone_)) {
      decision.next_change_in = *change - inputs.wall;
    }
  }
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    decision.outputs.push_back(decide_one(options_.outputs[i], channels_[i], inputs.now, decision.next_change_in));
  }
  return decision;
}

}  // namespace nestbox
