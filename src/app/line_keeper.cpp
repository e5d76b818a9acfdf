#include "line_keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "nestbox/base/log.h"

namespace nestbox {
namespace {

constexpr auto kLinesPart = "lines";
constexpr auto kPir = "pir", kButton = "button", kLightSensor = "light_sensor";
constexpr auto kLiveLight = "live_light", kStatusLed = "status_led";
// Nobody holds a button for half a minute, and no animal keeps a PIR sensor awake for ten: it sees changes alone.
constexpr std::chrono::seconds kButtonStuck{30};
constexpr std::chrono::minutes kPirStuck{10};

Signal to_signal(bool active) {
  return active ? Signal::kActive : Signal::kIdle;
}
Lines::Level to_level(Signal signal) {
  return signal == Signal::kActive ? Lines::Level::kActive : Lines::Level::kInactive;
}

Lines::Setup setup_of(const Options& options) {
  const auto& gpio = options.gpio;
  Lines::Setup setup;
  setup.chip = gpio.chip;
  setup.inputs = {{kPir, gpio.pir.input}, {kButton, gpio.button.input}, {kLightSensor, gpio.light_sensor}};
  setup.outputs = {{kLiveLight, gpio.live_light}, {kStatusLed, gpio.status_led}};
  const auto light = light_outputs(options.day_night);
  setup.outputs.insert(setup.outputs.end(), light.begin(), light.end());
  return setup;
}

}  // namespace

std::vector<Lines::Output> light_outputs(const DayNightOptions& options) {
  std::vector<Lines::Output> outputs;
  if (options.lamp.type == LampOptions::Type::kLevel) outputs.push_back({"lamp", options.lamp.output});
  if (options.ir_cut.type == IrCutOptions::Type::kLevel) outputs.push_back({"filter", options.ir_cut.output});
  if (options.ir_cut.type == IrCutOptions::Type::kCoil) {
    outputs.push_back({"filter_a", {options.ir_cut.line_a}});
    outputs.push_back({"filter_b", {options.ir_cut.line_b}});
  }
  return outputs;
}

/// One that somebody, or something, drives.
struct LineKeeper::Input {
  std::string name;
  StuckWatch stuck;
  bool known = false;  ///< its level has been told since it was held
};

LineKeeper::LineKeeper(Ports ports)
    : ports_(std::move(ports)),
      timer_(ports_.context),
      lines_([this](const LineChange& change) { changes_.push_back(change); }),
      edges_(ports_.context, lines_.descriptor()) {
  inputs_ = {{kPir, StuckWatch(kPirStuck)}, {kButton, StuckWatch(kButtonStuck)}, {kLightSensor, StuckWatch({})}};
  await_edges();
}

LineKeeper::~LineKeeper() {
  edges_.release();  // it is the lines' own
}

void LineKeeper::apply(const Options& options) {
  const auto now = BootClock::now();
  const auto old = std::exchange(options_, options.gpio);
  // Found anew, an input's level is told again: that is nobody who has come, and no press.
  const auto changed = [&](const Input& input) {
    if (old.chip != options_.chip) return true;
    if (input.name == kPir) return old.pir.input != options_.pir.input;
    if (input.name == kButton) return old.button != options_.button;
    return old.light_sensor != options_.light_sensor;
  };
  for (auto& input : inputs_) {
    if (changed(input)) forget(input, now);
  }
  presence_.apply(options_.pir.hold);
  lines_.apply(setup_of(options), now);
  tick();
}

void LineKeeper::forget(Input& input, BootTime now) {
  input.known = false;
  input.stuck.see({Signal::kIdle, now});
  if (input.name == kPir) return take_pir(presence_.forget(now));
  if (input.name == kButton) {
    const bool wanted = options_.button.long_press != LongPress::kNone;
    button_ = PressReader(wanted ? PressReader::Long::kWanted : PressReader::Long::kNotWanted);
    return take_button({Signal::kIdle, now});
  }
  if (std::exchange(light_sensor_, std::nullopt)) ports_.light_sensor_changed();
}

void LineKeeper::let_go() {
  timer_.cancel();
  edges_.cancel();
  lines_.apply({}, BootClock::now());
  changes_.clear();
}

void LineKeeper::show(LightPattern live, LightPattern health) {
  if (live == live_ && health == health_) return;
  live_ = live;
  health_ = health;
  show_lights(BootClock::now());
  schedule();
}

void LineKeeper::show_lights(BootTime now) {
  set(kLiveLight, pattern_level(live_, now));
  set(kStatusLed, pattern_level(health_, now));
}

void LineKeeper::set(std::string_view output, Signal signal) {
  lines_.set(output, to_level(signal));
}

std::optional<bool> LineKeeper::light_sensor_says_day() const {
  return light_sensor_;
}

void LineKeeper::tick() {
  const auto now = BootClock::now();
  lines_.tick(now);
  take_changes(now);
  take_pir(presence_.tick(now));
  take_press(button_.tick(now));
  look_for_stuck(now);
  look_for_lost();
  show_lights(now);
  schedule();
}

void LineKeeper::take_changes(BootTime now) {
  for (const auto& change : std::exchange(changes_, {})) take(change, now);
}

void LineKeeper::take(const LineChange& change, BootTime now) {
  const auto input =
      std::find_if(inputs_.begin(), inputs_.end(), [&](const Input& one) { return one.name == change.name; });
  if (input == inputs_.end()) return;
  const SignalChange signal{to_signal(change.active), change.at};
  const bool first = !std::exchange(input->known, true);
  input->stuck.see(signal);
  if (change.name == kPir) return take_pir(presence_.see(signal));
  if (change.name == kLightSensor) {
    light_sensor_ = change.active;
    return ports_.light_sensor_changed();
  }
  // Who holds the button while the box starts, or has wired it the wrong way round, has not pressed it.
  if (first) return;
  take_press(button_.see(signal));
  if (!input->stuck.stuck(now)) take_button(signal);
}

void LineKeeper::take_pir(const std::optional<SignalChange>& presence) {
  if (presence) ports_.triggered(Trigger::kPir, *presence);
}

void LineKeeper::take_button(const SignalChange& change) {
  const bool down = change.signal == Signal::kActive;
  if (std::exchange(button_counts_, down) != down) ports_.triggered(Trigger::kButton, change);
}

void LineKeeper::take_press(const std::optional<PressReader::Press>& press) {
  if (press) ports_.pressed(*press);
}

// What is stuck says nothing of animals or fingers any more, until it has been let go.
void LineKeeper::look_for_stuck(BootTime now) {
  for (auto& input : inputs_) {
    if (!input.stuck.stuck(now)) continue;
    if (input.name == kPir) take_pir(presence_.forget(now));
    if (input.name == kButton) take_button({Signal::kIdle, now});
    if (!input.stuck.due_to_say(now)) continue;
    log::write(
        log::Level::kWarning, kLinesPart,
        fmt::format("{} is stuck: it has been active all the time; it counts as idle until it is let go", input.name));
  }
}

// A line that is no longer held tells nothing: what it said last must not stand for ever.
void LineKeeper::look_for_lost() {
  for (auto& input : inputs_) {
    if (input.known && !held(input.name)) forget(input, BootClock::now());
  }
}

bool LineKeeper::held(std::string_view name) const {
  const auto lines = lines_.status();
  return std::any_of(lines.begin(), lines.end(),
                     [&](const LineStatus& line) { return line.name == name && line.state == LineStatus::State::kOk; });
}

void LineKeeper::await_edges() {
  edges_.async_wait(boost::asio::posix::descriptor_base::wait_read, [this](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    lines_.read(BootClock::now());
    tick();
    await_edges();
  });
}

void LineKeeper::schedule() {
  const auto now = BootClock::now();
  auto next = lines_.next_deadline();
  const auto at_the_latest = [&next](std::optional<BootTime> time) {
    if (time && (!next || *time < *next)) next = time;
  };
  at_the_latest(presence_.next());
  at_the_latest(button_.next());
  for (const auto& input : inputs_) at_the_latest(input.stuck.next(now));
  if (options_.live_light.line != "none") at_the_latest(pattern_next(live_, now));
  if (options_.status_led.line != "none") at_the_latest(pattern_next(health_, now));
  timer_.cancel();
  if (!next) return;
  timer_.expires_after(
      std::chrono::ceil<std::chrono::milliseconds>(std::max(std::chrono::nanoseconds(0), *next - now)));
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) tick();
  });
}

std::vector<LineReport> LineKeeper::report() const {
  const auto now = BootClock::now();
  std::vector<LineReport> reports;
  for (auto& line : lines_.status()) {
    const auto input =
        std::find_if(inputs_.begin(), inputs_.end(), [&](const Input& one) { return one.name == line.name; });
    const bool stuck = input != inputs_.end() && input->stuck.stuck(now);
    auto state = LineReport::State::kOk;
    if (line.state == LineStatus::State::kBusy) state = LineReport::State::kBusy;
    if (line.state == LineStatus::State::kAbsent) state = LineReport::State::kAbsent;
    if (stuck && state == LineReport::State::kOk) state = LineReport::State::kStuck;
    reports.push_back({std::move(line), state});
  }
  return reports;
}

Result<void> LineKeeper::simulate(std::string_view input, Signal signal) {
  auto done = lines_.simulate(input, to_level(signal), BootClock::now());
  tick();
  return done;
}

Result<Signal> LineKeeper::simulated(std::string_view name) const {
  const auto level = lines_.simulated(name);
  if (!level) return tl::unexpected(level.error());
  return to_signal(*level == Lines::Level::kActive);
}

}  // namespace nestbox
