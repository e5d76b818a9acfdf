#include "visit_keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "nestbox/base/assert.h"
#include "nestbox/base/file.h"
#include "nestbox/base/log.h"
#include "nestbox/record/recordings.h"
#include "status_report.h"

namespace nestbox {
namespace {

constexpr auto kVisitsPart = "visits";
// Leaves in a storm make near misses all day; a few a minute tell as much.
constexpr int kNearMissesAMinute = 6;
constexpr unsigned kPhotoMode = 0640;

WallTime to_wall(BootTime time) {
  return wall_now() - (BootClock::now() - time);
}

VisitRules rules_of(const Options& options) {
  auto expression = TriggerExpression::parse(options.triggers.visit);
  NESTBOX_ASSERT(expression.has_value());  // the configuration is checked
  return {*expression, options.visits.event_gap, options.visits.max_length};
}

/// NAME.jpg, or NAME-2.jpg where another visit of the same second has that one.
std::filesystem::path free_name(const std::filesystem::path& state, const std::filesystem::path& wanted) {
  auto name = wanted;
  std::error_code ignored;
  for (int n = 2; std::filesystem::exists(state / name, ignored) && n < 100; ++n) {
    name = wanted;
    name.replace_filename(fmt::format("{}-{}{}", wanted.stem().string(), n, wanted.extension().string()));
  }
  return name;
}

}  // namespace

/// A visit with all that is still to become of it: it outlives its end until clip and photograph are on the disk.
struct VisitKeeper::Episode {
  BootTime first_begin{};  ///< as the visit's begin was told; it may turn out to have been earlier
  VisitRecord record;      ///< `id` is 0 until the store has answered
  enum class Stored : std::uint8_t { kNo, kAsked, kYes } stored = Stored::kNo;
  bool changed_since_asked = false;
  std::optional<ClipRecorder::ClipId> clip;
  bool ended = false, clip_done = false;
  std::optional<BestMoment> best;     ///< until it is on its way to the disk
  std::vector<MotionRecord> motions;  ///< that wait for the id
};

VisitKeeper::VisitKeeper(Ports ports, Setup setup)
    : ports_(std::move(ports)),
      setup_(std::move(setup)),
      tracker_(rules_of(setup_.options), BootClock::now()),
      timer_(ports_.context) {}

VisitKeeper::~VisitKeeper() = default;

void VisitKeeper::apply(Setup setup) {
  setup_ = std::move(setup);
  take(tracker_.apply(rules_of(setup_.options), BootClock::now()));
}

void VisitKeeper::motion_changed(const MotionReport& report) {
  using What = MotionReport::Change;
  const auto now = BootClock::now();
  if (report.change == What::kConfirmed) return take(tracker_.begins(Trigger::kMotion, report.event.begin, now));
  auto motion = to_record(report.event);
  if (report.change == What::kEnded) {
    tracker_.note_motion(motion.zone, motion.peak_score);
    add_motion(std::move(motion));
    return take(tracker_.ends(Trigger::kMotion, report.event.end, now));
  }
  if (report.change != What::kNearMiss) return;
  if (now - near_misses_since_ >= std::chrono::minutes(1)) {
    near_misses_since_ = now;
    near_misses_left_ = kNearMissesAMinute;
  }
  if (near_misses_left_ == 0) return;
  --near_misses_left_;
  motion.near_miss = true;
  add_motion(std::move(motion));
}

void VisitKeeper::triggered(Trigger trigger, const SignalChange& change) {
  const auto now = BootClock::now();
  take(change.signal == Signal::kActive ? tracker_.begins(trigger, change.at, now)
                                        : tracker_.ends(trigger, change.at, now));
}

void VisitKeeper::best_moment(const BestMoment& best) {
  if (!current_) return;
  if (!current_->best || best.score > current_->best->score) current_->best = best;
}

MotionRecord VisitKeeper::to_record(const MotionEvent& event) const {
  MotionRecord record;
  record.begin = to_wall(event.begin);
  record.end = to_wall(event.end);
  record.area = event.peak_area;
  record.peak_score = event.peak_score;
  record.threshold = event.threshold;
  const auto& zones = setup_.options.motion.zones;
  if (event.zone >= 0 && static_cast<std::size_t>(event.zone) < zones.size())
    record.zone = zones[static_cast<std::size_t>(event.zone)].name;
  const auto decided = event.confirmed == BootTime{} ? event.end : event.confirmed;
  for (const auto& held : event.reasons) {
    if (held.reason == HeldBack::kNothing) break;
    record.reasons.push_back({std::string(held_back_name(held.reason)), to_seconds(held.total),
                              std::max(0.0, to_seconds(decided - held.last))});
  }
  return record;
}

void VisitKeeper::take(const std::vector<VisitTracker::Step>& steps) {
  for (const auto& step : steps) {
    if (step.what == VisitTracker::Step::What::kBegun)
      begin(step.visit);
    else
      end(step.visit);
  }
  schedule();
  if (!steps.empty()) ports_.visiting_changed();
}

void VisitKeeper::schedule() {
  timer_.cancel();
  const auto deadline = tracker_.next_deadline();
  if (!deadline) return;
  const auto left = std::max(std::chrono::nanoseconds(0), *deadline - BootClock::now());
  timer_.expires_after(std::chrono::ceil<std::chrono::milliseconds>(left));
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) take(tracker_.tick(BootClock::now()));
  });
}

void VisitKeeper::begin(const VisitTracker::Visit& visit) {
  current_ = std::make_shared<Episode>();
  std::erase_if(living_, [](const auto& episode) { return episode.expired(); });
  living_.push_back(current_);
  current_->first_begin = visit.begin;
  auto& record = current_->record;
  record.begin = to_wall(visit.begin);
  record.clock_trusted = clock_is_synchronised();
  record.triggers = visit.triggers;
  if (visit.continues) {
    record.continues = last_id_;
    ports_.photograph_anew();
  }
  log::write(log::Level::kInfo, kVisitsPart, visit.continues ? "the visit goes on as another" : "a visit has begun");
  if (setup_.state.empty())
    return failed("record a visit", {ErrorKind::kUnavailable, "paths.state is absent, or its database not open yet"});
  if (setup_.options.visits.record) begin_clip(current_, visit);
  insert(current_);
  if (!visit.triggers.contains(Trigger::kMotion)) take_photo(current_);
}

// Who sits still before a PIR sensor may never be seen to move: one picture there is all the same.
void VisitKeeper::take_photo(const EpisodePtr& episode) {
  ports_.pictures.take_picture([episode, &context = ports_.context](Result<PictureTaker::Picture> picture) {
    if (!picture) return;
    boost::asio::post(context, [episode, jpeg = picture->jpeg] {
      if (!episode->best && !episode->ended) episode->best = BestMoment{jpeg, BootClock::now(), 0};
    });
  });
}

void VisitKeeper::begin_clip(const EpisodePtr& episode, const VisitTracker::Visit& visit) {
  const auto pre_roll = visit.continues ? std::chrono::milliseconds(0) : setup_.options.visits.pre_capture;
  const auto from = visit.begin - pre_roll;
  const auto file = clip_path(setup_.box_name, episode->record.begin, setup_.time_zone);
  episode->record.clip = file.string();
  episode->clip = ports_.recorder.begin(
      {setup_.state / file, from, to_wall(from)}, [this, episode, &context = ports_.context](Result<ClipResult> clip) {
        boost::asio::post(context, [this, episode, clip = std::move(clip)] { clip_is_whole(episode, clip); });
      });
}

void VisitKeeper::end(const VisitTracker::Visit& visit) {
  const auto episode = std::exchange(current_, nullptr);
  if (!episode) return;
  episode->ended = true;
  auto& record = episode->record;
  record.begin += visit.begin - episode->first_begin;
  record.end = record.begin + (visit.last_active - visit.begin);
  record.triggers = visit.triggers;
  record.zones = visit.zones;
  record.peak_score = visit.peak_score;
  if (episode->best) record.best_s = to_seconds(episode->best->captured_at - visit.begin);
  if (record.id != 0) last_id_ = record.id;
  log::write(log::Level::kInfo, kVisitsPart,
             fmt::format("the visit has ended after {:.1f} s", to_seconds(visit.last_active - visit.begin)));
  if (setup_.state.empty()) return;
  if (episode->clip && !episode->clip_done) {
    ports_.recorder.end(*episode->clip, visit.last_active + setup_.options.visits.post_capture);
  } else {
    write_photo(episode);
  }
  save(episode);
}

void VisitKeeper::clip_is_whole(const EpisodePtr& episode, const Result<ClipResult>& clip) {
  episode->clip_done = true;
  if (clip) {
    episode->record.clip = clip->file.lexically_relative(setup_.state).string();
    episode->record.clip_lead_s = to_seconds(episode->first_begin - clip->begin);
    if (!clip->cut_short.empty()) last_error_ = "a clip ends early: " + clip->cut_short;  // the recorder has logged it
  } else {
    episode->record.clip.clear();
    failed("record a clip", clip.error());
  }
  if (episode->ended) write_photo(episode);
  save(episode);
}

void VisitKeeper::write_photo(const EpisodePtr& episode) {
  if (!episode->best) return;
  auto& record = episode->record;
  const auto beside = record.clip.empty() ? clip_path(setup_.box_name, record.begin, setup_.time_zone)
                                          : std::filesystem::path(record.clip);
  auto photo = beside;
  photo.replace_extension(".jpg");
  const auto work = [this, episode, wanted = photo, state = setup_.state, jpeg = episode->best->jpeg] {
    std::error_code ignored;
    std::filesystem::create_directories((state / wanted).parent_path(), ignored);
    const auto name = free_name(state, wanted);
    auto written = write_file_atomically(state / name, *jpeg, kPhotoMode);
    boost::asio::post(ports_.context, [this, episode, name, written = std::move(written)] {
      if (!written) return failed("keep a photograph", written.error());
      episode->record.photo = name.string();
      save(episode);
    });
  };
  episode->best.reset();
  if (const auto posted = ports_.jobs.post(work); !posted) work();  // at the end, or with the jobs thread behind
}

void VisitKeeper::insert(const EpisodePtr& episode) {
  episode->stored = Episode::Stored::kAsked;
  episode->changed_since_asked = false;
  ports_.store.insert(episode->record, [this, episode, &context = ports_.context](Result<std::int64_t> id) {
    boost::asio::post(context, [this, episode, id = std::move(id)] {
      if (!id) {
        episode->stored = Episode::Stored::kNo;
        failed("write down a visit", id.error());
        keep_for_later(episode);
        return;
      }
      last_error_.clear();
      episode->stored = Episode::Stored::kYes;
      episode->record.id = *id;
      if (episode->ended) last_id_ = *id;
      for (auto& motion : std::exchange(episode->motions, {})) {
        motion.visit = *id;
        add_motion(std::move(motion));
      }
      if (episode->changed_since_asked) save(episode);
      ports_.visiting_changed();
    });
  });
}

void VisitKeeper::save(const EpisodePtr& episode) {
  if (episode->stored == Episode::Stored::kNo) return insert(episode);  // the disk may have come back
  if (episode->stored == Episode::Stored::kAsked) {
    episode->changed_since_asked = true;
    return;
  }
  ports_.store.update(episode->record, [this, episode, &context = ports_.context](Result<void> updated) {
    if (updated) return;
    boost::asio::post(context, [this, episode, error = updated.error()] {
      failed("write down a visit", error);
      if (error.kind != ErrorKind::kNotFound) keep_for_later(episode);
    });
  });
}

void VisitKeeper::add_motion(MotionRecord motion) {
  if (current_ && !motion.visit) {
    if (current_->record.id == 0) return current_->motions.push_back(std::move(motion));
    motion.visit = current_->record.id;
  }
  if (setup_.state.empty()) return;
  ports_.store.add_motion(std::move(motion), [this, &context = ports_.context](Result<void> added) {
    if (added) return;
    boost::asio::post(context, [this, error = added.error()] { failed("write down what moved", error); });
  });
}

void VisitKeeper::failed(const std::string& attempt, const Error& error) {
  last_error_ = attempt + ": " + error.message;
  NESTBOX_LOG_ERROR(kVisitsPart, "{}", last_error_);
}

void VisitKeeper::keep_for_later(const EpisodePtr& episode) {
  constexpr std::size_t kUnsavedMax = 200;
  if (unsaved_.size() < kUnsavedMax) unsaved_.push_back(episode);
}

void VisitKeeper::save_what_is_left() {
  for (const auto& episode : std::exchange(unsaved_, {})) save(episode);
}

void VisitKeeper::correct_clock(const ClockWatch::Correction& correction) {
  for (const auto& living : living_) {
    const auto episode = living.lock();
    if (!episode || episode->record.clock_trusted) continue;
    auto& record = episode->record;
    if (record.begin < correction.since || record.begin > correction.until) continue;  // written after the step
    record.begin += correction.by;
    if (record.end) *record.end += correction.by;
    record.clock_trusted = true;
    save(episode);
  }
}

std::optional<std::int64_t> VisitKeeper::current_id() const {
  if (!current_ || current_->record.id == 0) return std::nullopt;
  return current_->record.id;
}

void VisitKeeper::finish() {
  timer_.cancel();
  if (const auto& visit = tracker_.current()) end(*visit);
}

}  // namespace nestbox
