#pragma once
#include <chrono>
#include <functional>
#include <string>

#include "doctor.h"
#include "film_maker.h"
#include "focus.h"
#include "line_keeper.h"
#include "live_director.h"
#include "motion_archive.h"
#include "nestbox/base/time_zone.h"
#include "nestbox/config/settings.h"
#include "nestbox/options/ports.h"
#include "nestbox/store/visit_store.h"
#include "status_report.h"

namespace nestbox {

/// What the commands act on; the daemon implements it.
struct DaemonCalls {
  virtual ~DaemonCalls() = default;
  /// Runs `work` there soon. Thread-safe.
  virtual void on_main(std::function<void()> work) = 0;
  virtual StatusReport report() = 0;
  virtual CaptureStatus camera() = 0;
  virtual const TimeZone& time_zone() const = 0;
  virtual VisitStore& visits() = 0;
  virtual void make_film(WallTime of_day, FilmMaker::Done done) = 0;
  /// What has been kept of recent motion, under the settings in effect and under others. `progress` and `done` run on
  /// any thread.
  virtual void replay(const MotionOptions& after, MotionArchive::Progress progress, MotionArchive::Done done) = 0;
  virtual Settings& settings() = 0;
  /// Why nothing can be kept at present (no state folder); empty: it can.
  virtual const std::string& state_error() const = 0;
  /// Passes a change of the settings on to the stages that it touches.
  virtual void apply(const Change& change) = 0;
  virtual LiveDirector& live() = 0;
  virtual LineKeeper& lines() = 0;
  virtual Result<void> store_key(const std::string& name, const Secret& key) = 0;
  /// The page's password. `done` runs on the main thread. Errors: kInvalidArgument for a weak one, with what is weak.
  virtual void set_password(const Secret& password, std::function<void(Result<void>)> done) = 0;
  /// `done` runs on the main thread.
  virtual void take_picture(std::function<void(Result<PictureTaker::Picture>)> done) = 0;
  /// As take_picture(). `done` runs on the main thread.
  virtual void take_focus(std::function<void(Result<FocusFigure>)> done) = 0;
  /// `progress` runs on any thread, `done` on the main thread.
  virtual void examine(const Doctor::Wishes& wishes, Doctor::Progress progress, Doctor::Done done) = 0;
};

/// The body and exit status for something that failed.
Answer error_answer(const Error& cause);

/// The commands of the socket and the page, as JSON in and out (docs/api.md). Main thread only.
class Calls {
 public:
  using Done = std::function<void(Answer)>;
  explicit Calls(DaemonCalls& daemon) : daemon_(daemon) {}
  void call(const Call& call, const Done& done);

 private:
  DaemonCalls& daemon_;
  FocusPeaks focus_peaks_;
};

}  // namespace nestbox
