#include "visits.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <utility>

#include "nestbox/base/log.h"
#include "pipeline.h"
#include "status_report.h"

namespace nestbox {
namespace {

ClipRecorder::Setup recorder_setup(const Options& options) {
  // The picture on which a visit begins is known only when its event is confirmed.
  constexpr std::chrono::seconds kConfirmation{3};
  return {options.visits.pre_capture + options.motion.min_duration + kConfirmation};
}

ClockState clock_state() {
  return clock_is_synchronised() ? ClockState::kSet : ClockState::kUnset;
}

/// Whether a visit can begin at all.
bool anything_triggers(const Options& options) {
  auto triggers = TriggerExpression::parse(options.triggers.visit).value().mentioned();
  if (!options.motion.enabled) triggers.remove(Trigger::kMotion);
  return !triggers.empty();
}

/// Until the past is in order nothing may be written down: a clip in progress would be taken for one of before.
VisitKeeper::Setup without_state(VisitKeeper::Setup setup) {
  setup.state.clear();
  return setup;
}

}  // namespace

Visits::Visits(const Ports& ports, Setup setup)
    : context_(ports.context),
      setup_(std::move(setup)),
      clock_(BootClock::now(), wall_now(), clock_state()),
      recorder_(std::make_shared<ClipRecorder>(recorder_setup(setup_.options))),
      keeper_({context_, *recorder_, store_, ports.jobs, [this] { vision_->photograph_anew(); }, ports.visiting_changed,
               ports.pictures},
              without_state(setup_)),
      recordings_({context_, store_, housekeeping_}),
      films_({context_, store_, housekeeping_}) {
  const auto on_main = [this](auto work) { boost::asio::post(context_, std::move(work)); };
  vision_ = std::make_shared<VisionStage>(
      setup_.options.motion,
      VisionStage::Listener{
          [this, on_main](const MotionReport& report) { on_main([this, report] { keeper_.motion_changed(report); }); },
          [this, on_main](const BestMoment& best) { on_main([this, best] { keeper_.best_moment(best); }); },
          [this, on_main](MotionSegment segment) {
            on_main([this, kept = std::make_shared<MotionSegment>(std::move(segment))] {
              if (!setup_.state.empty()) archive_.keep(setup_.state, std::move(*kept));
            });
          },
          [on_main, light = ports.light](const LightSample& sample) { on_main([light, sample] { light(sample); }); }});
  vision_->hide(setup_.options.privacy);
}

void Visits::start(PacketHub& hub) {
  hub_ = &hub;
  housekeeping_.start();
  store_.start();
  recorder_->start();
  vision_->start();
  attach_recorder();
  recordings_.apply(setup_.options.retain);
  films_.configure({setup_.state, setup_.box_name, setup_.time_zone});
  if (!setup_.state.empty()) take_up(setup_);
}

void Visits::take_up(const Setup& setup) {
  recordings_.take_up(setup.state, [this] {
    taken_up_ = true;
    keeper_.apply(setup_);
  });
}

void Visits::apply(Setup setup) {
  const bool state_has_come = setup_.state.empty() && !setup.state.empty();
  setup_ = std::move(setup);
  vision_->apply(setup_.options.motion);
  vision_->hide(setup_.options.privacy);
  recorder_->apply(recorder_setup(setup_.options));
  recordings_.apply(setup_.options.retain);
  films_.configure({setup_.state, setup_.box_name, setup_.time_zone});
  keeper_.apply(taken_up_ ? setup_ : without_state(setup_));
  attach_recorder();
  if (state_has_come) take_up(setup_);
}

// The pre-roll costs an encoder that never sleeps: only who records pays for it.
void Visits::attach_recorder() {
  const auto& options = setup_.options;
  // A clip that is being written is not cut off: it ends with its visit.
  const bool writing = attached_ && recorder_->status().clips > 0;
  const bool wanted = (options.visits.record && anything_triggers(options)) || writing;
  if (wanted == attached_) return;
  if (wanted)
    hub_->attach(recorder_);
  else
    hub_->detach(*recorder_);
  attached_ = wanted;
}

std::vector<std::string> Visits::join_until(BootTime deadline) {
  std::vector<std::string> hung;
  // What one has seen or finished, the next is still to hear of.
  const auto pass_on = [this] {
    context_.restart();
    context_.poll();
  };
  join_or_abandon(*vision_, "vision", deadline, hung);
  pass_on();
  keeper_.finish();
  recorder_->request_stop();
  join_or_abandon(*recorder_, "record", deadline, hung);
  pass_on();
  store_.request_stop();
  housekeeping_.request_stop();
  join_or_abandon(store_, "store", deadline, hung);
  join_or_abandon(housekeeping_, "housekeeping", deadline, hung);
  return hung;
}

void Visits::look_around() {
  attach_recorder();
  keeper_.save_what_is_left();
  look_at_clock();
}

void Visits::look_at_clock() {
  const auto correction = clock_.update(BootClock::now(), wall_now(), clock_state());
  if (!correction) return;
  log::write(
      log::Level::kInfo, "visits",
      fmt::format("the clock has been set, by {:.0f} s: visits of before are put right", to_seconds(correction->by)));
  // Rows first: the keeper writes those in hand anew, as they are then.
  store_.correct_clock(*correction, [](const Result<void>& corrected) {
    if (!corrected) NESTBOX_LOG_ERROR("visits", "{}", corrected.error().message);
  });
  keeper_.correct_clock(*correction);
}

void Visits::replay(const MotionOptions& after, MotionArchive::Progress progress, MotionArchive::Done done) {
  if (setup_.state.empty()) return done(fail(ErrorKind::kUnavailable, "paths.state is absent"));
  MotionArchive::Question question{setup_.state, setup_.options.motion, after, {}};
  // More visits than traces can be kept of.
  constexpr int kVisitsMax = 1000;
  VisitQuery recent;
  recent.limit = kVisitsMax;
  store_.list(recent, [this, question = std::move(question), progress = std::move(progress),
                       done = std::move(done)](Result<VisitPage> page) mutable {
    if (!page) return done(tl::unexpected(page.error()));
    for (const auto& visit : page->visits) {
      if (is_false_alarm(visit)) question.nothing_there.emplace_back(visit.begin, visit.end.value_or(wall_now()));
    }
    archive_.replay(std::move(question), std::move(progress), done);
  });
}

bool Visits::eye_is_stuck(BootTime now, std::chrono::nanoseconds work_max) const {
  return vision_->heartbeat().busy_for(now).value_or(std::chrono::nanoseconds(0)) > work_max;
}

std::string Visits::trouble() const {
  if (!recordings_.trouble().empty()) return recordings_.trouble();
  if (const auto status = store_.status(); status.state == StoreStatus::State::kFailed) return status.last_error;
  if (const auto status = recorder_->status(); status.state != RecordStatus::State::kOk) return status.last_error;
  return keeper_.last_error();
}

}  // namespace nestbox
