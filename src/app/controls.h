#pragma once
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

#include "jobs.h"
#include "line_keeper.h"
#include "live_director.h"
#include "night_keeper.h"
#include "status_report.h"
#include "visits.h"

namespace nestbox {

/// The box's lines, day and night, wired to each other and to what they act on. Main thread only.
class Controls {
 public:
  struct Ports {
    boost::asio::io_context& context;
    Jobs& jobs;
    std::function<Visits&()> visits;
    std::function<LiveDirector&()> live;
    std::function<void()> mode_changed;                               ///< day or night: the camera's settings follow
    std::function<void(double lamp, FilterPosition)> lights_changed;  ///< for a source that simulates them
  };
  Controls(Ports ports, const Options& options);

  /// When all that they act on is there.
  void start(const Options& options) { apply(options); }
  void apply(const Options& options);
  /// Dark, no current in a coil, and no line is held any more. What other threads have sent before may still come.
  void stop();

  void see(const LightSample& sample);
  void visiting_changed();
  void show_live(const std::vector<OutputStatus>& outputs);
  void show_health(const StatusReport& report);

  void try_lights(NightKeeper::TrialProgress progress, NightKeeper::TrialDone done) {
    night_->try_lights(std::move(progress), std::move(done));
  }
  DayNight mode() const noexcept { return night_->mode(); }
  LineKeeper& lines() noexcept { return *lines_; }
  void report(StatusReport& report) const;
  /// What its owner should know of.
  static std::vector<Problem> problems(const StatusReport& report);

 private:
  void pressed(PressReader::Press press);
  void power_off();

  Ports ports_;
  bool button_is_simulated_ = false;
  LightPattern live_ = LightPattern::kDark, health_ = LightPattern::kDark;
  std::unique_ptr<LineKeeper> lines_;
  std::unique_ptr<NightKeeper> night_;
};

}  // namespace nestbox
