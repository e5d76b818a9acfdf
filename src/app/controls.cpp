#include "controls.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "nestbox/base/log.h"
#include "power_off.h"

namespace nestbox {
namespace {

constexpr auto kControlsPart = "controls";

}  // namespace

Controls::Controls(Ports ports, const Options& options) : ports_(std::move(ports)) {
  lines_ = std::make_unique<LineKeeper>(LineKeeper::Ports{
      ports_.context,
      [this](Trigger trigger, const SignalChange& change) { ports_.visits().triggered(trigger, change); },
      [this](PressReader::Press press) { pressed(press); },
      [this] { night_->light_sensor_says(lines_->light_sensor_says_day()); }});
  night_ = std::make_unique<NightKeeper>(
      NightKeeper::Ports{ports_.context,
                         [this](std::string_view output, Signal signal) { lines_->set(output, signal); },
                         [this](std::string_view output) { return lines_->held(output); },
                         [this] { ports_.visits().announce_switch(); }, [this] { ports_.visits().switch_done(); },
                         ports_.mode_changed, ports_.lights_changed},
      options);
}

void Controls::apply(const Options& options) {
  const auto& button = options.gpio.button.input.line;
  button_is_simulated_ =
      button.rfind("sim:", 0) == 0 || (options.gpio.chip == "sim" && button.find(':') == button.npos);
  lines_->apply(options);
  night_->apply(options);
}

void Controls::stop() {
  night_->let_go();
  lines_->let_go();
}

void Controls::see(const LightSample& sample) {
  night_->see(sample);
}

void Controls::visiting_changed() {
  night_->visiting(ports_.visits().visiting());
}

void Controls::show_live(const std::vector<OutputStatus>& outputs) {
  const auto any = [&](std::initializer_list<OutputState> states) {
    return std::any_of(outputs.begin(), outputs.end(), [&](const OutputStatus& output) {
      return std::find(states.begin(), states.end(), output.state) != states.end();
    });
  };
  live_ = LightPattern::kDark;
  if (any({OutputState::kConnecting, OutputState::kBackoff})) live_ = LightPattern::kFastBlink;
  if (any({OutputState::kLive})) live_ = LightPattern::kLit;
  lines_->show(live_, health_);
}

void Controls::show_health(const StatusReport& report) {
  health_ = report.problems.empty() ? LightPattern::kLit : LightPattern::kSlowBlink;
  lines_->show(live_, health_);
}

void Controls::report(StatusReport& report) const {
  report.night = night_->report();
  report.lines = lines_->report();
}

std::vector<Problem> Controls::problems(const StatusReport& report) {
  std::vector<Problem> problems;
  if (!report.night.trouble.empty()) problems.push_back({"lamp", "lamp: " + report.night.trouble, {}});
  for (const auto& line : report.lines) {
    if (line.state == LineReport::State::kOk) continue;
    const bool stuck = line.state == LineReport::State::kStuck;
    const auto what = stuck ? "stuck: it has been active all the time" : line.line.last_error;
    problems.push_back({"line:" + line.line.name, line.line.name + ": " + what, {}});
  }
  return problems;
}

void Controls::pressed(PressReader::Press press) {
  if (press == PressReader::Press::kLong) return power_off();
  if (const auto done = ports_.live().press(); !done)
    log::write(log::Level::kWarning, kControlsPart, "the button was pressed: " + done.error().message);
}

void Controls::power_off() {
  // Who plays with `nestbox sim` on a desk has not asked for the desk's computer to go off.
  if (button_is_simulated_) {
    return log::write(log::Level::kWarning, kControlsPart,
                      "the button was held; it is a simulated one, so the system is not asked to power off");
  }
  log::write(log::Level::kWarning, kControlsPart, "the button was held: the system is asked to power off");
  const auto posted = ports_.jobs.post([] {
    if (const auto off = nestbox::power_off(); !off) NESTBOX_LOG_ERROR(kControlsPart, "{}", off.error().message);
  });
  if (!posted) NESTBOX_LOG_ERROR(kControlsPart, "the system cannot be asked to power off: {}", posted.error().message);
}

}  // namespace nestbox
