#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accounts.h"
#include "calls.h"
#include "controls.h"
#include "jobs.h"
#include "key_store.h"
#include "live_director.h"
#include "nestbox/config/settings.h"
#include "nestbox/tune/control_server.h"
#include "nestbox/web/web_server.h"
#include "picture_desk.h"
#include "pipeline.h"
#include "state_folder.h"
#include "status_report.h"
#include "visits.h"

namespace nestbox {

/// The daemon: builds the stages from the settings, passes changes on, watches that all of them live, takes them down
/// in order. Everything here runs on the main thread; nothing here blocks.
class Daemon : public CallHandler, private DaemonCalls {
 public:
  Daemon(Settings settings, std::filesystem::path scene_truth);
  ~Daemon() override;

  /// Until SIGTERM or SIGINT. The exit status for the process; threads that hang are named in the log and left.
  int run();

  /// CallHandler: from any thread; answered on the main thread.
  void call(Call call, std::function<void(Answer)> done) override;

 private:
  // DaemonCalls: what the commands act on (calls.h).
  void on_main(std::function<void()> work) override { boost::asio::post(context_, std::move(work)); }
  StatusReport report() override;
  CaptureStatus camera() override { return main_->capture().status(); }
  const TimeZone& time_zone() const override { return time_zone_; }
  VisitStore& visits() override { return visits_->store(); }
  void make_film(WallTime of_day, FilmMaker::Done done) override { visits_->films().make(of_day, std::move(done)); }
  void replay(const MotionOptions& after, MotionArchive::Progress progress, MotionArchive::Done done) override {
    visits_->replay(after, std::move(progress), std::move(done));
  }
  LineKeeper& lines() override { return controls_->lines(); }
  Settings& settings() override { return settings_; }
  const std::string& state_error() const override { return state_error_; }
  void apply(const Change& change) override;
  LiveDirector& live() override { return *director_; }
  Result<void> store_key(const std::string& name, const Secret& key) override;
  void set_password(const Secret& password, std::function<void(Result<void>)> done) override;
  void take_picture(std::function<void(Result<PictureTaker::Picture>)> done) override;
  void take_focus(std::function<void(Result<FocusFigure>)> done) override;
  void examine(const Doctor::Wishes& wishes, Doctor::Progress progress, Doctor::Done done) override;
  struct Examination;
  void measure_uplink(const std::shared_ptr<Examination>& examination);
  void try_lights(const std::shared_ptr<Examination>& examination);
  void look_at_everything_else(const Examination& examination);

  Result<void> open_state();
  void reopen_state();
  Result<void> open_control();
  void start_stages();
  void open_web();
  void reopen_web();
  std::string why_not_beyond_loopback() const;
  void await_signals();
  void reload();
  void stop();
  void stop_for_fresh_start();
  int shut_down();

  std::string box_name() const;
  CaptureStage::Setup capture_setup() const;
  CaptureStage::Setup slate_setup() const;
  EncodeStage::Setup encode_setup() const;
  Visits::Setup visits_setup() const;
  EncodeStage::Setup slate_encode_setup() const;
  PacketHub& slate_hub();
  void end_slate();
  std::vector<LiveDirector::Target> targets();

  void expect_picture(std::chrono::milliseconds after);
  void mode_changed();
  void apply_to_slate();
  void visiting_changed();
  void remember_lines();
  void light_scene(double lamp, FilterPosition filter);
  void direct_now();
  void schedule_direction(std::chrono::nanoseconds in);
  void schedule_supervision(std::chrono::nanoseconds in);
  /// The worker that has been at one piece of work for too long, if any.
  std::optional<std::string> stuck_worker() const;
  std::vector<Problem> standing_problems(const StatusReport& report) const;

  Settings settings_;
  const std::filesystem::path scene_truth_;
  const BootTime started_at_;
  TimeZone time_zone_;
  bool stopping_ = false;
  int exit_status_ = 0;

  boost::asio::io_context context_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer direction_timer_, supervision_timer_, web_timer_;

  std::optional<StateFolder> state_;
  std::string state_error_, auth_error_, web_error_, lan_error_;
  std::unique_ptr<KeyStore> keys_;
  ProblemBook problem_book_;

  Jobs jobs_{"jobs"};
  Accounts accounts_{jobs_};
  Doctor doctor_;
  std::shared_ptr<PictureDesk> pictures_;
  std::unique_ptr<Visits> visits_;
  std::unique_ptr<Controls> controls_;
  std::unique_ptr<Pipeline> main_;
  std::unique_ptr<Pipeline> slate_;
  std::unique_ptr<LiveDirector> director_;
  std::unique_ptr<WebServer> web_;
  std::unique_ptr<tune::ControlServer> control_;
  std::unique_ptr<Calls> calls_;
};

}  // namespace nestbox
