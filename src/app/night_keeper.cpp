#include "night_keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "nestbox/base/log.h"

namespace nestbox {
namespace {

constexpr auto kNightPart = "day and night";
// A picture that is older says nothing of the light any more.
constexpr std::chrono::seconds kFresh{5};
// Time of day may be set at any moment; the sun is asked again at the latest after this.
constexpr std::chrono::seconds kSunAskedEvery{30};
constexpr std::chrono::seconds kLampTriedEvery{10};
constexpr std::chrono::seconds kAnnouncedEvery{4};
constexpr std::chrono::seconds kSettling{4};
constexpr std::chrono::seconds kLineTriedEvery{5};
// A board without a battery begins its days in the past: no sun may be told by that clock.
constexpr WallTime kNoEarlier{std::chrono::sys_days(std::chrono::year(2025) / 1 / 1)};

std::optional<SunSchedule> sun_of(const Options& options) {
  if (!options.location) return std::nullopt;
  const auto& day_night = options.day_night;
  return SunSchedule(almanac_of(options.location), day_night.dawn_offset, day_night.dusk_offset);
}

}  // namespace

struct NightKeeper::Trial {
  LightTrial rule;
  LightTrial::Wish made;  ///< what has been switched so far
  TrialProgress progress;
  TrialDone done;
};

NightKeeper::NightKeeper(Ports ports, const Options& options)
    : ports_(std::move(ports)),
      timer_(ports_.context),
      options_(options.day_night),
      controller_(options.day_night),
      coil_(options.day_night.ir_cut.pulse),
      ramp_(options.day_night.lamp),
      sun_(sun_of(options)) {
  if (options_.mode == DayNightMode::kNight) decision_.mode = DayNight::kNight;
}

NightKeeper::~NightKeeper() = default;

void NightKeeper::apply(const Options& options) {
  const auto now = BootClock::now();
  cancel_trial("the settings changed while lamp and filter were tried");
  const auto old = std::exchange(options_, options.day_night);
  sun_ = sun_of(options);
  controller_.apply(options_);
  if (old.ir_cut != options_.ir_cut) {
    coil_ = CoilPulse(options_.ir_cut.pulse);
    decision_.filter = filter_ = FilterPosition::kUnknown;  // whatever hangs there now has not been moved yet
  }
  if (old.lamp != options_.lamp) {
    ramp_.apply(options_.lamp, now);
    lamp_.reset();
    lamp_trouble_.clear();
    lamp_tried_at_ = {};
  }
  open_lamp(now);
  update();
}

void NightKeeper::see(const LightSample& sample) {
  if (gone_) return;
  light_ = sample;
  if (trial_) return follow_trial(trial_->rule.see(sample, BootClock::now()));
  update();
}

void NightKeeper::light_sensor_says(std::optional<bool> day) {
  light_sensor_ = day;
  update();
}

void NightKeeper::visiting(bool somebody) {
  if (somebody) cancel_trial("somebody has come: nothing is switched now");
  if (std::exchange(visiting_, somebody) != somebody) update();
}

void NightKeeper::let_go() {
  gone_ = true;
  timer_.cancel();
  trial_.reset();
  lamp_.reset();
}

std::optional<bool> NightKeeper::sun_says_day() {
  const auto now = wall_now();
  if (!sun_ || now < kNoEarlier) return std::nullopt;
  return sun_->is_day(now);
}

void NightKeeper::try_lights(TrialProgress progress, TrialDone done) {
  const bool lamp = options_.lamp.type != LampOptions::Type::kNone;
  const bool filter = options_.ir_cut.type != IrCutOptions::Type::kNone;
  if (!lamp && !filter) {
    return done(fail(ErrorKind::kInvalidArgument,
                     "the box has neither a lamp nor a filter: day_night.lamp and day_night.ir_cut are of type none"));
  }
  if (trial_) return done(fail(ErrorKind::kUnavailable, "lamp and filter are being tried already"));
  if (visiting_) return done(fail(ErrorKind::kUnavailable, "somebody is in the box: nothing is switched now"));
  const LightTrial::Wish before{decision_.lamp ? LightTrial::Lamp::kOn : LightTrial::Lamp::kOff, decision_.filter};
  settles_at_.reset();  // what settled is switched again, and the trial sees to that
  LightTrial rule({lamp, filter, options_.lamp.ramp, before}, BootClock::now());
  trial_ = std::make_unique<Trial>(Trial{std::move(rule), before, std::move(progress), std::move(done)});
  follow_trial(std::nullopt);
}

// The controller sleeps meanwhile: what it would see is what the trial switches.
void NightKeeper::follow_trial(const std::optional<LightVerdict>& verdict) {
  const auto now = BootClock::now();
  const auto wish = trial_->rule.wish();
  const auto made = std::exchange(trial_->made, wish);
  if (wish != made || now - announced_at_ > kAnnouncedEvery) announce(now);
  if (wish.lamp != made.lamp)
    ramp_.go_to(wish.lamp == LightTrial::Lamp::kOn ? LampRamp::Lamp::kOn : LampRamp::Lamp::kOff, now);
  if (wish.filter != made.filter && wish.filter != FilterPosition::kUnknown) move_filter(wish.filter, now);
  trial_->progress(trial_->rule.doing(), trial_->rule.done_share());
  if (verdict) {
    end_trial(*verdict);
  } else if (trial_->rule.over()) {
    end_trial(fail(ErrorKind::kUnavailable, "no pictures came while lamp and filter were tried"));
  }
  drive(now);
  schedule();
}

void NightKeeper::end_trial(const Result<LightVerdict>& verdict) {
  const auto ended = std::exchange(trial_, nullptr);
  settles_at_ = BootClock::now() + kSettling;
  ended->done(verdict);
}

void NightKeeper::cancel_trial(const std::string& why) {
  if (!trial_) return;
  trial_->rule.cancel();
  const auto now = BootClock::now();
  const auto wish = trial_->rule.wish();
  ramp_.go_to(wish.lamp == LightTrial::Lamp::kOn ? LampRamp::Lamp::kOn : LampRamp::Lamp::kOff, now);
  if (wish.filter != filter_ && wish.filter != FilterPosition::kUnknown) move_filter(wish.filter, now);
  end_trial(fail(ErrorKind::kUnavailable, why));
}

void NightKeeper::update() {
  if (gone_) return;
  const auto now = BootClock::now();
  if (trial_) return follow_trial(trial_->rule.tick(now));
  if (settles_at_ && now >= *settles_at_) {
    settles_at_.reset();
    if (!decision_.switching) ports_.switch_done();
  }
  if (light_ && now - light_->at > kFresh) light_.reset();
  follow(controller_.update({now, light_, light_sensor_, sun_says_day(), visiting_}));
  open_lamp(now);
  look_after_lost_pulse(now);
  drive(now);
  schedule();
}

void NightKeeper::announce(BootTime now) {
  announced_at_ = now;
  ports_.announce_switch();
}

// A line that comes late, or comes back, has not heard of the pulse: the filter stands where it stood.
void NightKeeper::look_after_lost_pulse(BootTime now) {
  if (options_.ir_cut.type != IrCutOptions::Type::kCoil || filter_ == FilterPosition::kUnknown) return;
  const bool held = ports_.line_held("filter_a") && ports_.line_held("filter_b");
  if (coil_.next(now) && !held) pulse_lost_ = true;
  if (coil_.next(now) || !held || !std::exchange(pulse_lost_, false)) return;
  announce(now);
  settles_at_ = now + kSettling;
  coil_.move(FilterPosition::kUnknown, now);
  coil_.move(filter_, now);
}

// The detector is told before anything moves, and the camera's settings follow the lamp.
void NightKeeper::follow(const DayNightController::Decision& next) {
  const auto now = BootClock::now();
  const auto before = std::exchange(decision_, next);
  // A lamp's ramp and the exposure after it may take longer than the detector believes an announcement.
  if (next.switching && (!before.switching || now - announced_at_ > kAnnouncedEvery)) announce(now);
  if (next.filter != before.filter) move_filter(next.filter, now);
  if (next.lamp != before.lamp) ramp_.go_to(next.lamp ? LampRamp::Lamp::kOn : LampRamp::Lamp::kOff, now);
  if (next.mode != before.mode) {
    log::write(log::Level::kInfo, kNightPart,
               fmt::format("{}: {}", next.mode == DayNight::kNight ? "night" : "day", next.why));
    ports_.mode_changed();
  }
  if (!next.switching && before.switching) ports_.switch_done();
}

void NightKeeper::move_filter(FilterPosition to, BootTime now) {
  filter_ = to;
  if (options_.ir_cut.type == IrCutOptions::Type::kCoil) coil_.move(to, now);
  if (options_.ir_cut.type == IrCutOptions::Type::kLevel && to != FilterPosition::kUnknown)
    ports_.set_line("filter", to == FilterPosition::kInPath ? Signal::kActive : Signal::kIdle);
  ports_.lights_changed(strength_, to);
}

void NightKeeper::drive(BootTime now) {
  if (options_.ir_cut.type == IrCutOptions::Type::kCoil) {
    const auto levels = coil_.levels(now);
    ports_.set_line("filter_a", levels.a ? Signal::kActive : Signal::kIdle);
    ports_.set_line("filter_b", levels.b ? Signal::kActive : Signal::kIdle);
  }
  if (options_.lamp.type == LampOptions::Type::kNone) return;
  const auto strength = ramp_.strength(now);
  if (options_.lamp.type == LampOptions::Type::kLevel)
    ports_.set_line("lamp", strength > 0 ? Signal::kActive : Signal::kIdle);
  if (std::exchange(strength_, strength) == strength) return;
  if (lamp_) {
    const auto set = lamp_->set(strength);
    lamp_trouble_ = set ? "" : set.error().message;
    if (!set) lamp_.reset();
  }
  ports_.lights_changed(strength, filter_);
}

void NightKeeper::open_lamp(BootTime now) {
  if (options_.lamp.type != LampOptions::Type::kPwm || lamp_) return;
  if (lamp_tried_at_ != BootTime{} && now - lamp_tried_at_ < kLampTriedEvery) return;
  lamp_tried_at_ = now;
  auto lamp = PwmLamp::open(options_.lamp.path);
  if (!lamp) {
    if (lamp_trouble_ != lamp.error().message)
      log::write(log::Level::kError, kNightPart, "lamp: " + lamp.error().message);
    lamp_trouble_ = lamp.error().message;
    return;
  }
  lamp_ = std::move(*lamp);
  lamp_trouble_.clear();
  static_cast<void>(lamp_->set(ramp_.strength(now)));
}

void NightKeeper::schedule() {
  const auto now = BootClock::now();
  std::optional<BootTime> next = trial_ ? trial_->rule.deadline() : decision_.next;
  const auto at_the_latest = [&next](std::optional<BootTime> time) {
    if (time && (!next || *time < *next)) next = time;
  };
  at_the_latest(coil_.next(now));
  at_the_latest(ramp_.next(now));
  at_the_latest(settles_at_);
  if (pulse_lost_) at_the_latest(now + kLineTriedEvery);
  if (sun_) at_the_latest(now + kSunAskedEvery);
  if (!lamp_trouble_.empty()) at_the_latest(now + kLampTriedEvery);
  timer_.cancel();
  if (!next) return;
  timer_.expires_after(
      std::chrono::ceil<std::chrono::milliseconds>(std::max(std::chrono::nanoseconds(0), *next - now)));
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) update();
  });
}

NightReport NightKeeper::report() const {
  NightReport report;
  report.mode = decision_.mode;
  report.by = options_.mode;
  report.why = decision_.why;
  report.lux = decision_.daylight_lux;
  if (options_.ir_cut.type != IrCutOptions::Type::kNone) report.filter = decision_.filter;
  if (options_.lamp.type != LampOptions::Type::kNone) report.lamp = strength_;
  report.switches_today = decision_.filter_moves;
  report.trouble = lamp_trouble_;
  return report;
}

}  // namespace nestbox
