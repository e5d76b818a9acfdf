#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nestbox/gpio/lines.h"
#include "nestbox/options/options.h"
#include "nestbox/rules/line_inputs.h"
#include "nestbox/rules/trigger_expression.h"

namespace nestbox {

/// What `nestbox status` tells of a line.
struct LineReport {
  enum class State : std::uint8_t { kOk, kBusy, kAbsent, kStuck };
  LineStatus line;
  State state = State::kAbsent;
};

/// The lines that lamp and filter hang on: "lamp", "filter", "filter_a", "filter_b".
std::vector<Lines::Output> light_outputs(const DayNightOptions& options);

/// The box's lines: what its inputs mean is passed on, its lights show what they are told. The rules are
/// rules/line_inputs.h; this is their hands. Main thread only.
class LineKeeper {
 public:
  struct Ports {
    boost::asio::io_context& context;
    std::function<void(Trigger, const SignalChange&)> triggered;  ///< somebody is there, or is no longer
    std::function<void(PressReader::Press)> pressed;
    std::function<void()> light_sensor_changed;
  };
  explicit LineKeeper(Ports ports);
  ~LineKeeper();

  void apply(const Options& options);

  /// All lines, outputs inactive.
  void let_go();

  /// The light beside the button: on air, connecting, neither. The light of the box: well, in trouble.
  void show(LightPattern live, LightPattern health);
  /// One of light_outputs().
  void set(std::string_view output, Signal signal);
  /// Whether it is light, by the sensor's line; nothing without one, or while it is absent.
  std::optional<bool> light_sensor_says_day() const;

  std::vector<LineReport> report() const;
  /// Whether this one is ours at present.
  bool held(std::string_view name) const;
  /// Errors: those of Lines::simulate() and Lines::simulated().
  Result<void> simulate(std::string_view input, Signal signal);
  Result<Signal> simulated(std::string_view name) const;

 private:
  struct Input;
  void take_changes(BootTime now);
  void take(const LineChange& change, BootTime now);
  void take_pir(const std::optional<SignalChange>& presence);
  void take_press(const std::optional<PressReader::Press>& press);
  void take_button(const SignalChange& change);
  void look_for_stuck(BootTime now);
  void look_for_lost();
  void forget(Input& input, BootTime now);
  void tick();
  void show_lights(BootTime now);
  void await_edges();
  void schedule();

  Ports ports_;
  boost::asio::steady_timer timer_;
  std::vector<LineChange> changes_;  ///< told by lines_, not looked at yet
  Lines lines_;
  boost::asio::posix::stream_descriptor edges_;

  GpioOptions options_;
  std::vector<Input> inputs_;
  PresenceHold presence_{std::chrono::seconds(0)};
  PressReader button_{PressReader::Long::kNotWanted};
  bool button_counts_ = false;  ///< as a trigger: down, and not stuck
  std::optional<bool> light_sensor_;
  LightPattern live_ = LightPattern::kDark, health_ = LightPattern::kDark;
};

}  // namespace nestbox
