#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "almanac.h"
#include "nestbox/gpio/pwm_lamp.h"
#include "nestbox/options/options.h"
#include "nestbox/rules/actuators.h"
#include "nestbox/rules/day_night.h"
#include "nestbox/rules/light_trial.h"
#include "nestbox/rules/line_inputs.h"
#include "nestbox/rules/sun_schedule.h"

namespace nestbox {

/// What `nestbox status` tells of day and night.
struct NightReport {
  DayNight mode = DayNight::kDay;
  DayNightMode by = DayNightMode::kAuto;
  std::string why;
  std::optional<double> lux;
  std::optional<FilterPosition> filter;  ///< nothing without a filter
  std::optional<double> lamp;            ///< strength, 0 to 1; nothing without a lamp
  int switches_today = 0;
  std::string trouble;  ///< of the lamp; empty: none
};

/// Day or night for the camera, the filter and the lamp. The rule is DayNightController; this is its hands. Main thread
/// only.
class NightKeeper {
 public:
  struct Ports {
    boost::asio::io_context& context;
    std::function<void(std::string_view output, Signal)> set_line;  ///< one of light_outputs()
    std::function<bool(std::string_view output)> line_held;
    std::function<void()> announce_switch, switch_done;  ///< what moves in the picture in between is no animal
    std::function<void()> mode_changed;                  ///< the camera's settings follow
    std::function<void(double lamp, FilterPosition)> lights_changed;
  };
  explicit NightKeeper(Ports ports, const Options& options);
  ~NightKeeper();

  void apply(const Options& options);
  void see(const LightSample& sample);
  void light_sensor_says(std::optional<bool> day);
  /// Whether an animal may be in the box: nothing clicks meanwhile.
  void visiting(bool somebody);
  /// Switches lamp and filter in turn and looks what it does to the picture; ends as it began. `progress` is told what
  /// is being tried, and the share that is done. Errors: kInvalidArgument for a box with neither, kUnavailable during a
  /// visit, during another trial, and when no picture comes.
  using TrialProgress = std::function<void(std::string_view doing, double done_share)>;
  using TrialDone = std::function<void(Result<LightVerdict>)>;
  void try_lights(TrialProgress progress, TrialDone done);
  /// Dark, and nothing is driven any more.
  void let_go();
  DayNight mode() const noexcept { return decision_.mode; }
  NightReport report() const;

 private:
  struct Trial;
  void update();
  void announce(BootTime now);
  void follow_trial(const std::optional<LightVerdict>& verdict);
  void end_trial(const Result<LightVerdict>& verdict);
  void cancel_trial(const std::string& why);
  void look_after_lost_pulse(BootTime now);
  void follow(const DayNightController::Decision& next);
  void move_filter(FilterPosition to, BootTime now);
  void drive(BootTime now);
  void open_lamp(BootTime now);
  void schedule();
  std::optional<bool> sun_says_day();

  Ports ports_;
  boost::asio::steady_timer timer_;
  DayNightOptions options_;
  DayNightController controller_;
  DayNightController::Decision decision_;
  CoilPulse coil_;
  LampRamp ramp_;
  std::optional<PwmLamp> lamp_;
  std::string lamp_trouble_;
  std::unique_ptr<Trial> trial_;
  BootTime lamp_tried_at_{};
  std::optional<SunSchedule> sun_;
  std::optional<LightSample> light_;
  std::optional<bool> light_sensor_;
  bool visiting_ = false;
  FilterPosition filter_ = FilterPosition::kUnknown;  ///< as last moved, by whom ever
  bool pulse_lost_ = false;                           ///< into a coil whose lines were not ours
  std::optional<BootTime> settles_at_;                ///< after a trial
  bool gone_ = false;
  BootTime announced_at_{};  ///< that something is switched
  double strength_ = 0;      ///< of the lamp, as last driven
};

}  // namespace nestbox
