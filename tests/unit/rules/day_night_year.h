#pragma once
/// Days at a place, run through whatever decides between day and night, and what is to be said of it afterwards.
#include <deque>
#include <functional>
#include <string>

#include "day_night_sky.h"

namespace nestbox::test {

using Decider = std::function<DayNightController::Decision(const DayNightController::Inputs&)>;

/// Of all days that were run.
struct Verdict {
  double days = 0;
  int switches = 0;                 ///< of the mode
  int most_in_an_hour = 0;          ///< of these
  double shortest_between_s = 1e9;  ///< two of these
  int movements = 0;
  int most_movements_in_a_day = 0;
  int false_dawns = 0;           ///< day began in the dark, and nothing but the lamp shone
  int lamp_outs = 0;             ///< to look, or because day began
  double longest_wrong_s = 0;    ///< see Wrong
  double longest_drowned_s = 0;  ///< the same of a place where the lamp drowns the daylight
  double longest_excused_s = 0;  ///< the same, while a visit or one of the limits held the switch back
  std::string where;             ///< the longest that was not excused
  int wrong_over_2_min = 0;
  double wrong_s = 0;  ///< in all, excused or not
};

/// The filter is in the path while it is darker than 0.8 of night's threshold, or out of it while it is brighter than
/// 1.5 of day's: beyond what hysteresis, noise and a share of infra-red that is not yesterday's can excuse. The delays
/// count as wrong time too.
enum class Wrong : std::uint8_t { kNo, kInPath, kOutOfPath };

/// A switch shows some seconds after it was decided, when its announcement is over and the next step is simulated.
constexpr std::chrono::seconds kHour{3'590};

/// One place, one decider, day after day.
class YearRun {
 public:
  YearRun(const Place& place, DayNightOptions options, Decider decider, std::uint64_t seed)
      : place_(place),
        options_(std::move(options)),
        decider_(std::move(decider)),
        plant_(place.plant, seed),
        seed_(seed) {}

  struct Moment {
    double second = 0, daylight_lux = 0, measured_lux = 0;
    bool visiting = false;
    const DayNightController::Decision* decision = nullptr;
  };
  std::function<void(const Moment&)> on_moment;

  /// `step_s`: at least so often where nothing happens; elsewhere every second.
  void run(int day, double step_s) {
    const Day weather(place_, day, seed_);
    scene_.infra_red = weather.drift();
    ++verdict_.days;
    day_ = day;
    std::size_t coming = 0;
    std::vector<Happening> present;
    for (double second = 0; second < kDayS;) {
      const auto& all = weather.happenings();
      while (coming < all.size() && all[coming].begin <= second) present.push_back(all[coming++]);
      std::erase_if(present, [&](const auto& each) { return each.end <= second; });
      take(present);
      scene_.daylight_lux = weather.daylight_lux(second);
      if (!present.empty()) disturbed_until_ = second + 75;  // what it set off lasts longer
      look(second);
      judge(second, weather.altitude_deg(second));
      const double until = coming < all.size() ? std::min(all[coming].begin, kDayS) : kDayS;
      second += busy(present) ? 1 : std::min(step_s, std::max(1.0, until - second));
    }
    disturbed_until_ -= kDayS;
    wrong_since_ -= kDayS;
    last_other_ -= kDayS;
    elapsed_ += std::chrono::hours(24);
  }
  const Verdict& verdict() const { return verdict_; }

 private:
  void take(const std::vector<Happening>& present) {
    scene_.other_lux = 0;
    scene_.blocked = scene_.reflection = 1;
    visiting_ = false;
    for (const auto& each : present) {
      if (each.what == Happening::What::kHeadlights) scene_.other_lux = each.size * std::min(1.0, place_.box * 3);
      if (each.what == Happening::What::kBirdInHole) scene_.blocked = each.size;
      if (each.what == Happening::What::kVisit) visiting_ = true;
      if (each.what == Happening::What::kCloseToLamp) scene_.reflection = each.size;
    }
  }

  BootTime at(double second) const {
    return BootTime(elapsed_ + std::chrono::milliseconds(static_cast<std::int64_t>(second * 1e3)));
  }

  void look(double second) {
    const auto sample = plant_.look(at(second), scene_);
    DayNightController::Inputs in;
    in.now = now_ = at(second);
    in.light = sample;
    in.visiting = visiting_;
    const auto before = decision_.mode;
    const bool lit = decision_.lamp;
    const auto filter = plant_.filter();
    decision_ = decider_(in);
    plant_.follow(decision_, in.now);
    verdict_.lamp_outs += lit && !decision_.lamp;
    if (plant_.filter() != filter) note_movement(in.now);
    if (decision_.mode != before && started_) note_switch(in.now, second);
    started_ = true;
    if (on_moment) on_moment({second, scene_.daylight_lux, sample.lux.value_or(0), visiting_, &decision_});
  }

  void note_switch(BootTime now, double second) {
    ++verdict_.switches;
    if (!switches_.empty()) {
      verdict_.shortest_between_s = std::min(verdict_.shortest_between_s, to_seconds(now - switches_.back()));
    }
    switches_.push_back(now);
    while (now - switches_.front() >= kHour) switches_.pop_front();
    verdict_.most_in_an_hour = std::max(verdict_.most_in_an_hour, static_cast<int>(switches_.size()));
    const bool dark = scene_.daylight_lux < options_.night_below_lux * 0.8;
    if (decision_.mode == DayNight::kDay && dark && scene_.other_lux == 0 && second > last_other_ + 120) {
      ++verdict_.false_dawns;
    }
  }

  void note_movement(BootTime now) {
    ++verdict_.movements;
    movements_.push_back(now);
    while (now - movements_.front() >= std::chrono::hours(24)) movements_.pop_front();
    verdict_.most_movements_in_a_day = std::max(verdict_.most_movements_in_a_day, static_cast<int>(movements_.size()));
  }

  void judge(double second, double altitude_deg) {
    if (scene_.other_lux > 0) last_other_ = second;
    const double lux = scene_.daylight_lux;
    const bool in_path = plant_.filter() == FilterPosition::kInPath;
    const auto wrong = in_path && lux < options_.night_below_lux * 0.8  ? Wrong::kInPath
                       : !in_path && lux > options_.day_above_lux * 1.5 ? Wrong::kOutOfPath
                                                                        : Wrong::kNo;
    if (wrong != wrong_) {
      close(second, altitude_deg);
      wrong_ = wrong;
      wrong_since_ = second;
      excused_ = false;
    }
    if (wrong == Wrong::kNo) return;
    const auto held = [&](const char* by) { return decision_.why.find(by) != std::string::npos; };
    excused_ = excused_ || second < disturbed_until_ || held("within") || held("max_switches_per_day");
    reason_ = decision_.why;
  }

  void close(double second, double altitude_deg) {
    if (wrong_ == Wrong::kNo) return;
    const double length = second - wrong_since_;
    verdict_.wrong_s += length;
    auto& longest = excused_ ? verdict_.longest_excused_s : verdict_.longest_wrong_s;
    if (!excused_ && length > longest) {
      verdict_.where = std::string(place_.name) + ", day " + std::to_string(day_) + ", second " +
                       std::to_string(second) + ", sun at " + std::to_string(altitude_deg) + ": " + reason_;
    }
    longest = std::max(longest, length);
    verdict_.wrong_over_2_min += !excused_ && length > 120;
  }

  /// Every second counts.
  bool busy(const std::vector<Happening>& present) const {
    const auto any = [&](Happening::What what) {
      return std::any_of(present.begin(), present.end(), [&](const auto& each) { return each.what == what; });
    };
    const double lux = scene_.daylight_lux;
    const bool near = lux > options_.night_below_lux / 2.5 && lux < options_.day_above_lux * 2.5;
    const bool soon = decision_.next && *decision_.next - now_ <= std::chrono::seconds(1);
    return near || soon || decision_.switching || any(Happening::What::kHeadlights) ||
           any(Happening::What::kBirdInHole);
  }

  Place place_;
  DayNightOptions options_;
  Decider decider_;
  Plant plant_;
  std::uint64_t seed_;
  Scene scene_;
  bool visiting_ = false, started_ = false, excused_ = false;
  int day_ = -1;
  double disturbed_until_ = -1, wrong_since_ = 0, last_other_ = -1e6;
  Wrong wrong_ = Wrong::kNo;
  std::string reason_;
  DayNightController::Decision decision_;
  BootTime now_{};
  std::chrono::nanoseconds elapsed_{std::chrono::hours(1)};
  std::deque<BootTime> switches_, movements_;
  Verdict verdict_;
};

}  // namespace nestbox::test
