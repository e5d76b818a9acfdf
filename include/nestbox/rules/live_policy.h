#pragma once
/// What each output is to show: nothing, the slate, or the live picture.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "nestbox/base/clock.h"
#include "nestbox/base/result.h"
#include "nestbox/base/time_zone.h"
#include "nestbox/options/options.h"
#include "nestbox/rules/day_schedule.h"

namespace nestbox {

enum class OnAir : std::uint8_t { kOff, kSlate, kLive };

/// Live when any automatic reason of `live.when` says so (always, schedule, visit), or as a command or the button says:
///
///   - start and stop override the automatic reasons until these change next, or the daemon starts anew. They work
///     with every `when` but never: then start is refused, and nothing is ever connected.
///   - Not live is the slate with `idle: slate`, from the first moment, so that the session stays up; with `idle: off`
///     it is off, but not before `min_on_air` has passed since the output went live. A stop by command is at once.
///   - A disabled output is off.
///
///             automatic on, or start                         automatic on, or start
///     slate ---------------------------> live      off -----------------------------------------> live
///           <---------------------------               <-----------------------------------------
///             automatic off, or stop                   automatic off and min_on_air past, or stop
///
/// Thread-bound.
class LivePolicy {
 public:
  /// One moment as both clocks show it, and what may put outputs on air by itself.
  struct Inputs {
    BootTime now{};
    WallTime wall{};
    bool visiting = false;  ///< whether a visit is in progress
  };
  struct Decision {
    std::vector<OnAir> outputs;  ///< in the order of LiveOptions::outputs
    /// When to decide again; empty: not before a command, new options, a visit's begin or end, or a step of
    /// the wall clock.
    std::optional<std::chrono::nanoseconds> next_change_in;
  };

  /// `almanac` is for the schedule's dawn and dusk; empty where the box's place is not known.
  LivePolicy(LiveOptions options, TimeZone zone, Almanac almanac);

  /// New options. Commands in force stay with the outputs whose names stay, and which are enabled.
  void apply(LiveOptions options, TimeZone zone, Almanac almanac);

  /// A command for one output, or for all that are enabled when `output` is empty. decide() tells what follows.
  /// Errors: kInvalidArgument with `when: never` (start alone) and for a disabled output, kNotFound for a name that
  /// no output has, or when there is none at all. An error changes nothing.
  Result<void> start(std::string_view output, const Inputs& inputs);
  Result<void> stop(std::string_view output, const Inputs& inputs);

  /// The button: whatever is live goes off air, as by stop(); when nothing is, all that is enabled goes on air, as by
  /// start(). Errors: kInvalidArgument where `when` has no button in it, and those of start().
  enum class Pressed : std::uint8_t { kStarted, kStopped };
  Result<Pressed> press(const Inputs& inputs);

  /// To be called at start, after each command, when next_change_in has passed, when a visit begins or ends,
  /// and when the wall clock was set.
  /// `now` never goes back; `wall` may.
  Decision decide(const Inputs& inputs);

 private:
  enum class Command : std::uint8_t { kNone, kStart, kStop };
  struct Channel {
    Command command = Command::kNone;
    std::optional<BootTime> live_since;
  };

  void follow_automatic(const Inputs& inputs);
  Result<std::vector<Channel*>> channels_of(std::string_view output);
  bool is_wanted(const OutputOptions& output, const Channel& channel) const;
  std::optional<BootTime> lingers_until(const OutputOptions& output, const Channel& channel, BootTime now) const;
  OnAir decide_one(const OutputOptions& output, Channel& channel, BootTime now,
                   std::optional<std::chrono::nanoseconds>& next_change_in) const;

  LiveOptions options_;
  TimeZone zone_;
  DaySchedule schedule_;
  std::vector<Channel> channels_;  ///< one for each of options_.outputs
  std::optional<bool> automatic_;  ///< what the automatic reasons said last
};

}  // namespace nestbox
