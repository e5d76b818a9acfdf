#pragma once
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "film_maker.h"
#include "jobs.h"
#include "motion_archive.h"
#include "nestbox/media/packet_hub.h"
#include "nestbox/record/clip_recorder.h"
#include "nestbox/store/visit_store.h"
#include "nestbox/vision/vision_stage.h"
#include "recording_keeper.h"
#include "visit_keeper.h"

namespace nestbox {

/// All that visits take: the eye, the rules, the recorder, the store and the housekeeping, wired to each other. Main
/// thread only.
class Visits {
 public:
  using Setup = VisitKeeper::Setup;
  struct Ports {
    boost::asio::io_context& context;
    Jobs& jobs;                              ///< writes photographs
    PictureTaker& pictures;                  ///< takes them where nothing is seen to move
    std::function<void()> visiting_changed;  ///< when a visit begins or ends
    std::function<void(const LightSample&)> light;
  };
  Visits(const Ports& ports, Setup setup);

  /// Takes frames, from the capture thread.
  std::shared_ptr<FrameSink> eye() const { return vision_; }
  void start(PacketHub& hub);
  void apply(Setup setup);
  /// To be called every few seconds: tries again what has failed, and puts right what was written down before the clock
  /// was set.
  void look_around();
  bool visiting() const noexcept { return keeper_.visiting(); }
  /// Of a line: somebody is there, or is no longer.
  void triggered(Trigger trigger, const SignalChange& change) { keeper_.triggered(trigger, change); }
  /// Lamp, filter or camera are about to be switched; the picture has settled after it.
  void announce_switch() { vision_->announce_switch(); }
  void switch_done() { vision_->switch_done(); }

  void request_stop() noexcept { vision_->request_stop(); }
  /// Ends the visit in progress, then everything in order: what is in hand gets to the disk where that answers. To be
  /// called when the pipeline has ended and the main loop has stopped: it runs what that still has to do. The names of
  /// the threads that hang at `deadline`; they are abandoned.
  std::vector<std::string> join_until(BootTime deadline);
  /// The thread that has been at one piece of work for over `work_max`, if any. Disks may be slow: they are not
  /// counted.
  bool eye_is_stuck(BootTime now, std::chrono::nanoseconds work_max) const;

  VisionStatus motion() const { return vision_->status(); }
  RecordStatus recording() const { return recorder_->status(); }
  std::optional<std::int64_t> current_id() const { return keeper_.current_id(); }
  /// What its owner should know of; empty: nothing.
  std::string trouble() const;
  FilmMaker& films() noexcept { return films_; }
  VisitStore& store() noexcept { return store_; }
  RecordingOpener& recordings() noexcept { return recordings_; }
  /// What has been kept of recent motion, under the settings in effect and under others. A visit whose species is
  /// "none" counts as nothing.
  void replay(const MotionOptions& after, MotionArchive::Progress progress, MotionArchive::Done done);

 private:
  void take_up(const Setup& setup);
  void attach_recorder();
  void look_at_clock();

  boost::asio::io_context& context_;
  PacketHub* hub_ = nullptr;
  Setup setup_;
  bool taken_up_ = false;  ///< the state folder's past is in order: new clips may be begun
  bool attached_ = false;
  ClockWatch clock_;
  Jobs housekeeping_{"housekeeping"};
  VisitStore store_;
  std::shared_ptr<ClipRecorder> recorder_;
  MotionArchive archive_{housekeeping_};
  VisitKeeper keeper_;
  RecordingKeeper recordings_;
  FilmMaker films_;
  std::shared_ptr<VisionStage> vision_;
};

}  // namespace nestbox
