#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jobs.h"
#include "nestbox/base/time_zone.h"
#include "nestbox/options/options.h"
#include "nestbox/options/ports.h"
#include "nestbox/record/clip_recorder.h"
#include "nestbox/rules/line_inputs.h"
#include "nestbox/rules/motion_detector.h"
#include "nestbox/rules/visit.h"
#include "nestbox/rules/visit_tracker.h"
#include "nestbox/store/visit_store.h"
#include "nestbox/vision/vision_stage.h"

namespace nestbox {

/// Makes visits of what moves: the rules are VisitTracker's; this orders the clip, keeps the best picture, and writes
/// the record. Main thread only.
class VisitKeeper {
 public:
  struct Ports {
    boost::asio::io_context& context;
    ClipRecorder& recorder;
    VisitStore& store;
    Jobs& jobs;
    std::function<void()> photograph_anew;   ///< of the event that goes on in another visit
    std::function<void()> visiting_changed;  ///< what is live may depend on it
    PictureTaker& pictures;                  ///< for visits in which nothing is seen to move
  };
  struct Setup {
    Options options;
    std::string box_name;
    TimeZone time_zone = TimeZone::utc();
    std::filesystem::path state;  ///< empty: there is no folder, and nothing is recorded
  };
  VisitKeeper(Ports ports, Setup setup);
  ~VisitKeeper();

  void apply(Setup setup);
  void motion_changed(const MotionReport& report);
  /// Of a trigger other than motion: a line's.
  void triggered(Trigger trigger, const SignalChange& change);
  void best_moment(const BestMoment& best);
  /// The clock has been set: what is still to be written of visits has the right time.
  void correct_clock(const ClockWatch::Correction& correction);
  /// To be called every few seconds: tries again what the store could not take.
  void save_what_is_left();
  /// The visit in progress ends now, as far as anybody knows; its record is written, its clip ordered to end.
  void finish();

  bool visiting() const noexcept { return tracker_.current().has_value(); }
  /// The visit in progress; nothing while there is none, or while its record has no number yet.
  std::optional<std::int64_t> current_id() const;
  /// Why the last visit could not be written down; empty: it could.
  const std::string& last_error() const noexcept { return last_error_; }

 private:
  struct Episode;
  using EpisodePtr = std::shared_ptr<Episode>;

  void take(const std::vector<VisitTracker::Step>& steps);
  void begin(const VisitTracker::Visit& visit);
  void end(const VisitTracker::Visit& visit);
  void begin_clip(const EpisodePtr& episode, const VisitTracker::Visit& visit);
  void clip_is_whole(const EpisodePtr& episode, const Result<ClipResult>& clip);
  void take_photo(const EpisodePtr& episode);
  void write_photo(const EpisodePtr& episode);
  void save(const EpisodePtr& episode);
  void insert(const EpisodePtr& episode);
  void keep_for_later(const EpisodePtr& episode);
  void add_motion(MotionRecord motion);
  void failed(const std::string& attempt, const Error& error);
  void schedule();
  MotionRecord to_record(const MotionEvent& event) const;

  Ports ports_;
  Setup setup_;
  VisitTracker tracker_;
  boost::asio::steady_timer timer_;
  EpisodePtr current_;
  std::vector<EpisodePtr> unsaved_;             ///< whose last change the store has not taken
  std::vector<std::weak_ptr<Episode>> living_;  ///< those of which something is still to be written
  std::optional<std::int64_t> last_id_;         ///< of the visit before, for one that continues it
  std::string last_error_;
  int near_misses_left_ = 0;
  BootTime near_misses_since_{};
};

}  // namespace nestbox
