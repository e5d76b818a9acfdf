#pragma once
/// The state of a DayNightController, in parts: what it sees, what it wants, how it gets there.
#include <string>

#include "light_watch.h"
#include "nestbox/rules/day_night.h"
#include "own_light.h"
#include "recent_moments.h"

namespace nestbox {

class DayNightController::Body {
 public:
  explicit Body(DayNightOptions options);
  void apply(DayNightOptions options);
  Decision update(const Inputs& inputs);

 private:
  using Nanoseconds = std::chrono::nanoseconds;
  enum class Step : std::uint8_t { kNone, kAnnounced, kSettling, kPause };

  // What it sees.
  void take_light(const Inputs& in);
  void watch();
  void check_lamp();
  void restart_watch(double lux);
  bool light_is_known() const;
  bool picture_is_lost() const;
  double daylight() const { return daylight_of(measured_.lux(), out_); }

  double daylight_of(double measured_lux, const LightOutputs& outputs) const {
    return own_.daylight({measured_lux, MeasuredLight::Bound::kNone, light_.luma_alone}, outputs);
  }

  // What it wants.
  void think(const Inputs& in);
  void go_by_light(const Inputs& in);
  void decide_first();
  void leave_day(const Inputs& in);
  void leave_unlit_night(const Inputs& in);
  void leave_lit_night(const Inputs& in);
  void go_without_light(const Inputs& in);
  void follow(DayNight to, const Inputs& in, std::string because);
  void want(DayNight to, const Inputs& in, std::string because);
  void set_goal(DayNight to, std::string because);

  // What keeps it from it.
  std::optional<std::string> held_back(DayNight to, const Inputs& in);
  std::optional<std::string> hour_holds(DayNight to);
  std::optional<std::string> budget_holds(DayNight to);
  std::optional<std::string> visit_holds(const Inputs& in);

  // How it gets there.
  LightOutputs next_outputs() const;
  void advance();
  void announce();
  void change();
  void finish_change();
  void judge_look(std::optional<double> lux);
  void plan_next_look(double daylight_lux);
  std::optional<BootTime> next(const Inputs& in) const;
  bool has_filter() const { return options_.ir_cut.type != IrCutOptions::Type::kNone; }
  bool has_lamp() const { return options_.lamp.type != LampOptions::Type::kNone; }

  DayNightOptions options_;
  BootTime now_{};

  SmoothedLight measured_, slow_measured_, slow_daylight_, luma_, burnt_;
  MeasuredLight light_;             ///< of the newest sample
  std::optional<BootTime> seen_;    ///< when that was taken
  std::optional<BootTime> began_;   ///< first call: what has no light yet has waited since then
  std::optional<BootTime> opened_;  ///< first sample after a time without
  Lasting dark_, bright_;
  OwnLight own_;

  std::optional<DayNight> goal_;
  bool goal_lit_ = true;      ///< the lamp is wanted by night
  bool looking_ = false;      ///< the lamp goes out to see whether it is day
  bool day_is_seen_ = false;  ///< and it was
  bool lamp_is_doubtful_ = false;
  bool almost_day_ = false;  ///< the last look came near
  int failed_looks_ = 0;     ///< in a row
  int near_looks_ = 0;       ///< of these the last ones that came near, and were no brighter than those before
  double best_look_lux_ = 0;
  std::optional<BootTime> looked_, next_look_, no_look_before_;
  std::optional<BootTime> held_by_visit_since_;
  std::string why_ = "waits for the first pictures";
  std::string pending_;  ///< instead of why_, while something is about to happen or held back

  LightOutputs out_, out_before_;
  double lux_before_ = 0;
  bool bounded_before_ = false;
  Step step_ = Step::kNone;
  BootTime until_{};
  Settling settling_;
  std::optional<BootTime> switched_;  ///< end of the last switch of mode or filter
  RecentMoments movements_, switches_, looks_;
};

}  // namespace nestbox
