#include "daemon.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "almanac.h"
#include "lines_in_force.h"
#include "nestbox/av/av_log.h"
#include "nestbox/base/file.h"
#include "nestbox/base/log.h"
#include "nestbox/rules/password_rule.h"
#include "service_notify.h"
#include "version.h"

namespace nestbox {
namespace {

constexpr auto kPart = "nestboxd";
constexpr std::chrono::seconds kWebRetry{10};
constexpr std::chrono::milliseconds kShutdown{2500};
constexpr std::chrono::seconds kSupervision{5};
constexpr int kNeedsFreshStart = 1;
// Longer than the longest deadline of any worker (a blocked network write: 8 s), shorter than systemd's patience (20
// s).
constexpr std::chrono::seconds kWorkMax{12};

log::Level to_level(const std::string& word) {
  if (word == "debug") return log::Level::kDebug;
  if (word == "warning") return log::Level::kWarning;
  if (word == "error") return log::Level::kError;
  return log::Level::kInfo;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "nestbox";
  return name.data();
}

TimeZone zone_of(const Options& options) {
  auto zone = TimeZone::find(options.time_zone);
  if (zone) return *zone;
  NESTBOX_LOG_ERROR(kPart, "time_zone: {}; times are shown in UTC", zone.error().message);
  return TimeZone::utc();
}

bool is_problem(CameraState state) {
  return state != CameraState::kRunning;
}

}  // namespace

Daemon::Daemon(Settings settings, std::filesystem::path scene_truth)
    : settings_(std::move(settings)),
      scene_truth_(std::move(scene_truth)),
      started_at_(BootClock::now()),
      time_zone_(zone_of(settings_.options())),
      signals_(context_, SIGTERM, SIGINT, SIGHUP),
      direction_timer_(context_),
      supervision_timer_(context_),
      web_timer_(context_),
      calls_(std::make_unique<Calls>(static_cast<DaemonCalls&>(*this))) {
  log::set_level(to_level(settings_.options().log.level));
  install_av_log_bridge();
}

Daemon::~Daemon() = default;

int Daemon::run() {
  for (const auto& warning : settings_.warnings()) log::write(log::Level::kWarning, kPart, warning);
  if (const auto opened = open_state(); !opened) {
    log::write(log::Level::kError, kPart, opened.error().message);
    return 1;
  }
  if (const auto opened = open_control(); !opened) {
    log::write(log::Level::kError, kPart, opened.error().message);
    return 1;
  }
  start_stages();
  open_web();
  await_signals();
  schedule_direction(std::chrono::nanoseconds(0));
  schedule_supervision(kSupervision);
  notify_ready();
  context_.run();
  return shut_down();
}

// The folder is the daemon's memory, but a live picture needs none: without it the stream goes on, and says so.
Result<void> Daemon::open_state() {
  auto state = StateFolder::open(settings_.options().paths.state);
  if (!state && state.error().kind == ErrorKind::kInvalidArgument) return tl::unexpected(state.error());
  if (state) {
    state_ = std::move(*state);
    state_error_.clear();
  } else {
    if (state_error_.empty()) log::write(log::Level::kError, kPart, state.error().message);
    state_error_ = state.error().message;
  }
  const auto folder = state_ ? state_->path() : std::filesystem::path();
  keys_ = std::make_unique<KeyStore>(folder);
  const auto accounts = accounts_.open(folder);
  auth_error_ = accounts ? "" : accounts.error().message;
  return {};
}

// The disk has come: what it remembers, settings and keys, is taken up.
void Daemon::reopen_state() {
  if (const auto opened = open_state(); !opened || !state_) return;
  log::write(log::Level::kInfo, kPart, fmt::format("paths.state {} is there now", state_->path().string()));
  reload();
  visits_->apply(visits_setup());
  director_->configure(settings_.options(), time_zone_, almanac_of(settings_.options().location), targets());
  if (!lan_error_.empty()) reopen_web();
  direct_now();
}

Result<void> Daemon::open_control() {
  auto control = tune::ControlServer::open(context_, settings_.options().control, *this);
  if (!control) return tl::unexpected(control.error());
  control_ = std::move(*control);
  return {};
}

void Daemon::start_stages() {
  jobs_.start();
  pictures_ = std::make_shared<PictureDesk>(jobs_, [this](std::chrono::milliseconds after) { expect_picture(after); });
  controls_ = std::make_unique<Controls>(
      Controls::Ports{context_, jobs_, [this]() -> Visits& { return *visits_; },
                      [this]() -> LiveDirector& { return *director_; }, [this] { mode_changed(); },
                      [this](double lamp, FilterPosition filter) { light_scene(lamp, filter); }},
      settings_.options());
  visits_ = std::make_unique<Visits>(Visits::Ports{context_, jobs_, *pictures_, [this] { visiting_changed(); },
                                                   [this](const LightSample& sample) { controls_->see(sample); }},
                                     visits_setup());
  main_ = std::make_unique<Pipeline>(Pipeline::Names{"capture", "encode"}, capture_setup(), encode_setup(),
                                     std::vector<std::shared_ptr<FrameSink>>{pictures_, visits_->eye()});
  director_ = std::make_unique<LiveDirector>(
      LiveDirector::Ports{main_->hub(), [this]() -> PacketHub& { return slate_hub(); }, [this] { end_slate(); },
                          [this](std::int64_t bitrate_bps) { main_->encode().set_bitrate(bitrate_bps); },
                          [this] { direct_now(); }},
      settings_.options(), time_zone_, almanac_of(settings_.options().location), targets());
  visits_->start(main_->hub());
  main_->start();
  controls_->start(settings_.options());
  remember_lines();
}

// The camera's settings of the night are laid over those of the day, or taken away again.
void Daemon::mode_changed() {
  main_->capture().apply(capture_setup());
  main_->encode().apply(encode_setup());
  apply_to_slate();
}

void Daemon::apply_to_slate() {
  if (!slate_) return;
  slate_->capture().apply(slate_setup());
  slate_->encode().apply(slate_encode_setup());
}

// For `nestboxd --lines-idle`, should this process not live to let go of them itself: settings as they are in force,
// whatever has become of the files by then. Beside the socket, which goes when the service has ended for good.
void Daemon::remember_lines() {
  const auto folder = std::filesystem::path(settings_.options().control.socket).parent_path();
  const auto written = write_file_atomically(folder / kLinesFile, lines_in_force(settings_), 0600);
  if (!written) NESTBOX_LOG_WARNING(kPart, "lines could not be made idle after a crash: {}", written.error().message);
}

void Daemon::light_scene(double lamp, FilterPosition filter) {
  main_->capture().set_lights({lamp, filter == FilterPosition::kInPath});
}

void Daemon::visiting_changed() {
  direct_now();
  controls_->visiting_changed();
}

void Daemon::expect_picture(std::chrono::milliseconds after) {
  // The timer is made and destroyed on the main thread; a request may come from any.
  boost::asio::post(context_, [this, after] {
    auto timer = std::make_shared<boost::asio::steady_timer>(context_, after);
    timer->async_wait([this, timer](const boost::system::error_code&) { pictures_->expire(); });
  });
}

void Daemon::open_web() {
  auto options = settings_.options().web;
  const auto lan_error = why_not_beyond_loopback();
  if (!lan_error.empty()) options.listen = on_loopback(options.listen);
  if (lan_error != lan_error_ && !lan_error.empty()) log::write(log::Level::kWarning, kPart, lan_error);
  lan_error_ = lan_error;
  auto web = WebServer::open(options, {*this, *pictures_, main_->hub(), accounts_, visits_->recordings()});
  if (web) {
    web_ = std::move(*web);
    web_error_.clear();
    return;
  }
  if (web_error_.empty()) log::write(log::Level::kError, kPart, web.error().message);
  web_error_ = web.error().message;
  web_timer_.expires_after(kWebRetry);
  web_timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled && !stopping_) open_web();
  });
}

// The rest of the daemon goes on without a password, and the page does so on this machine.
std::string Daemon::why_not_beyond_loopback() const {
  const auto& listen = settings_.options().web.listen;
  if (!listens_beyond_loopback(listen) || accounts_.has_password()) return "";
  const auto why = !state_error_.empty()  ? "paths.state, which holds its password, is absent"
                   : !auth_error_.empty() ? auth_error_
                                          : "it has no password; give it one with: nestbox passwd";
  return fmt::format("the page answers on this machine alone, not at web.listen {}: {}", listen, why);
}

void Daemon::reopen_web() {
  web_timer_.cancel();
  if (web_) {
    web_->request_stop();
    std::vector<std::string> hung;
    join_or_abandon(*web_, "web", BootClock::now() + std::chrono::milliseconds(500), hung);
    web_.reset();
  }
  open_web();
}

void Daemon::await_signals() {
  signals_.async_wait([this](const boost::system::error_code& cancelled, int number) {
    if (cancelled) return;
    if (number != SIGHUP) return stop();
    reload();
    await_signals();
  });
}

void Daemon::reload() {
  notify_reloading();
  const auto change = settings_.reload();
  if (change) {
    for (const auto& warning : settings_.warnings()) log::write(log::Level::kWarning, kPart, warning);
    for (const auto& key : change->at_next_start)
      log::write(log::Level::kInfo, kPart, key + " takes effect at the next start");
    log::write(log::Level::kInfo, kPart, fmt::format("settings read again, {} changed", change->keys.size()));
    apply(*change);
  } else {
    log::write(log::Level::kError, kPart, "settings stay as they were: " + to_lines(change.error()));
  }
  notify_ready();
}

void Daemon::stop() {
  if (std::exchange(stopping_, true)) return;
  log::write(log::Level::kInfo, kPart, "stopping");
  notify_stopping();
  context_.stop();
}

// systemd starts the daemon anew after an exit status that is not 0 (systemd/nestbox.service).
void Daemon::stop_for_fresh_start() {
  NESTBOX_LOG_ERROR(kPart, "ending, to be started anew: the camera comes back in no other way ({})",
                    main_->capture().status().last_error);
  exit_status_ = kNeedsFreshStart;
  stop();
}

int Daemon::shut_down() {
  const auto deadline = BootClock::now() + kShutdown;
  main_->request_stop();
  if (slate_) slate_->request_stop();
  director_->request_stop();
  if (web_) web_->request_stop();
  jobs_.request_stop();
  doctor_.request_stop();

  visits_->request_stop();
  controls_->stop();

  auto hung = main_->join_until(deadline);
  const auto add = [&hung](std::vector<std::string> more) {
    std::move(more.begin(), more.end(), std::back_inserter(hung));
  };
  if (slate_) add(slate_->join_until(deadline));
  add(director_->join_until(deadline));
  if (web_) join_or_abandon(*web_, "web", deadline, hung);
  join_or_abandon(jobs_, "jobs", deadline, hung);
  join_or_abandon(doctor_, "doctor", deadline, hung);
  control_.reset();
  add(visits_->join_until(deadline));
  if (hung.empty()) return exit_status_;
  log::write(log::Level::kWarning, kPart, fmt::format("left while these threads hung: {}", fmt::join(hung, ", ")));
  std::_Exit(exit_status_);  // their stacks still point into this object
}

void Daemon::apply(const Change& change) {
  const auto& options = settings_.options();
  const auto touches = [&](std::initializer_list<Stage> stages) {
    return std::any_of(stages.begin(), stages.end(), [&](Stage stage) { return change.stages.contains(stage); });
  };
  if (touches({Stage::kLog})) log::set_level(to_level(options.log.level));
  if (touches({Stage::kText})) time_zone_ = zone_of(options);
  if (touches({Stage::kText, Stage::kPicture, Stage::kSource})) main_->capture().apply(capture_setup());
  if (touches({Stage::kEncoder, Stage::kSource})) main_->encode().apply(encode_setup());
  if (touches({Stage::kText, Stage::kSource, Stage::kEncoder})) apply_to_slate();
  if (touches({Stage::kText, Stage::kOutputs, Stage::kEncoder, Stage::kSource})) {
    director_->configure(options, time_zone_, almanac_of(options.location), targets());
  }
  if (touches({Stage::kMotion, Stage::kVisits, Stage::kText})) visits_->apply(visits_setup());
  if (touches({Stage::kLines})) {
    controls_->apply(options);
    remember_lines();
  }
  if (touches({Stage::kWeb})) reopen_web();
  direct_now();
}

std::string Daemon::box_name() const {
  const auto& name = settings_.options().name;
  return name.empty() ? host_name() : name;
}

CaptureStage::Setup Daemon::capture_setup() const {
  const auto& options = settings_.options();
  CaptureStage::Setup setup;
  setup.camera = camera_now(options, controls_->mode());
  setup.privacy = options.privacy;
  setup.overlay = options.overlay;
  setup.box_name = box_name();
  setup.time_zone = time_zone_;
  setup.scene_truth = scene_truth_;
  return setup;
}

CaptureStage::Setup Daemon::slate_setup() const {
  auto setup = capture_setup();
  setup.scene_truth.clear();
  setup.slate = true;
  setup.slate_text = box_name() + "\nback soon";
  return setup;
}

EncodeStage::Setup Daemon::encode_setup() const {
  const auto& options = settings_.options();
  return {options.encoder, options.audio, camera_now(options, controls_->mode()).framerate};
}

Visits::Setup Daemon::visits_setup() const {
  return {settings_.options(), box_name(), time_zone_, state_ ? state_->path() : std::filesystem::path()};
}

// A still needs little: it starts, and stays, at the lowest rate that the owner allows.
EncodeStage::Setup Daemon::slate_encode_setup() const {
  auto setup = encode_setup();
  setup.encoder.bitrate_bps = setup.encoder.bitrate_min_bps;
  return setup;
}

PacketHub& Daemon::slate_hub() {
  if (!slate_) {
    slate_ = std::make_unique<Pipeline>(Pipeline::Names{"slate", "slate-encode"}, slate_setup(), slate_encode_setup());
    slate_->start();
  }
  return slate_->hub();
}

void Daemon::end_slate() {
  if (!slate_) return;
  slate_->request_stop();
  // The slate's threads wait for nobody but their inboxes, so this takes milliseconds.
  for (const auto& thread : slate_->join_until(BootClock::now() + std::chrono::seconds(1))) {
    NESTBOX_LOG_ERROR(kPart, "thread {} of the slate does not end", thread);
  }
  slate_.reset();
}

std::vector<LiveDirector::Target> Daemon::targets() {
  std::vector<LiveDirector::Target> targets;
  for (const auto& output : settings_.options().live.outputs) {
    LiveDirector::Target target{output, {}, {}};
    auto key = keys_->find(output.name, output.key_file);
    if (key) {
      target.key = std::move(*key);
    } else {
      target.unusable = key.error().message;
      NESTBOX_LOG_ERROR(kPart, "output {} is off: {}", output.name, target.unusable);
    }
    targets.push_back(std::move(target));
  }
  return targets;
}

Result<void> Daemon::store_key(const std::string& name, const Secret& key) {
  auto stored = keys_->store(name, key);
  if (!stored) return stored;
  log::write(log::Level::kInfo, kPart, fmt::format("key {} stored", name));
  director_->configure(settings_.options(), time_zone_, almanac_of(settings_.options().location), targets());
  direct_now();
  return {};
}

void Daemon::set_password(const Secret& password, std::function<void(Result<void>)> done) {
  if (const auto problem = password_problem(password.reveal(), box_name()))
    return done(fail(ErrorKind::kInvalidArgument, *problem));
  accounts_.set_password(password, [this, done = std::move(done)](Result<void> set) {
    boost::asio::post(context_, [this, done, set = std::move(set)] {
      if (set) {
        log::write(log::Level::kInfo, kPart, "the page has a new password; every session ends");
        auth_error_.clear();
        reopen_web();  // which ends what the old sessions still watch
      }
      done(set);
    });
  });
}

void Daemon::take_picture(std::function<void(Result<PictureTaker::Picture>)> done) {
  pictures_->take_picture([this, done = std::move(done)](Result<PictureTaker::Picture> picture) {
    boost::asio::post(context_, [done, picture = std::move(picture)]() mutable { done(std::move(picture)); });
  });
}

void Daemon::take_focus(std::function<void(Result<FocusFigure>)> done) {
  pictures_->take_focus([this, done = std::move(done)](const Result<FocusFigure>& seen) {
    boost::asio::post(context_, [done, seen] { done(seen); });
  });
}

/// One `nestbox doctor`: what was asked for, and what is known so far.
struct Daemon::Examination {
  Doctor::Wishes wishes;
  Doctor::Progress progress;
  Doctor::Done done;
  std::optional<doctor::UplinkFacts> uplink;
  std::optional<LightVerdict> lights;
  std::string lights_trouble;
};

void Daemon::examine(const Doctor::Wishes& wishes, Doctor::Progress progress, Doctor::Done done) {
  measure_uplink(std::make_shared<Examination>(Examination{wishes, std::move(progress), std::move(done), {}, {}, {}}));
}

void Daemon::measure_uplink(const std::shared_ptr<Examination>& examination) {
  const auto span = examination->wishes.uplink;
  if (span <= span.zero()) return try_lights(examination);
  const auto measuring = [examination](std::chrono::nanoseconds elapsed, double throughput_bps) {
    examination->progress({"measuring the way to the server", to_seconds(elapsed), throughput_bps});
  };
  director_->measure_uplink(span, measuring, [this, examination](const Result<LiveDirector::Uplink>& measured) {
    examination->uplink = uplink_facts(measured, settings_.options());
    try_lights(examination);
  });
}

void Daemon::try_lights(const std::shared_ptr<Examination>& examination) {
  if (examination->wishes.lights == Doctor::Wishes::Lights::kLeave) return look_at_everything_else(*examination);
  const auto trying = [examination](std::string_view doing, double) {
    examination->progress({"trying lamp and filter: " + std::string(doing), 0, 0});
  };
  controls_->try_lights(trying, [this, examination](const Result<LightVerdict>& verdict) {
    if (verdict)
      examination->lights = *verdict;
    else
      examination->lights_trouble = verdict.error().message;
    look_at_everything_else(*examination);
  });
}

void Daemon::look_at_everything_else(const Examination& examination) {
  auto patient = running_case(report(), settings_.options(), targets());
  patient.facts.uplink = examination.uplink;
  patient.facts.light.trial = examination.lights;
  patient.facts.light.trial_trouble = examination.lights_trouble;
  const auto started =
      doctor_.start(std::move(patient), examination.progress, [this, done = examination.done](Answer answer) {
        boost::asio::post(context_, [done, answer = std::move(answer)] { done(answer); });
      });
  if (!started) examination.done(error_answer(started.error()));
}

void Daemon::call(Call call, std::function<void(Answer)> done) {
  boost::asio::post(context_, [this, call = std::move(call), done = std::move(done)] { calls_->call(call, done); });
}

void Daemon::direct_now() {
  schedule_direction(std::chrono::nanoseconds(0));
}

void Daemon::schedule_direction(std::chrono::nanoseconds in) {
  direction_timer_.expires_after(std::chrono::duration_cast<boost::asio::steady_timer::duration>(in));
  direction_timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled || stopping_) return;
    const auto next = director_->direct({main_->capture().status(), visits_->visiting()});
    controls_->show_live(director_->status());
    if (next) schedule_direction(*next);
  });
}

void Daemon::schedule_supervision(std::chrono::nanoseconds in) {
  supervision_timer_.expires_after(std::chrono::duration_cast<boost::asio::steady_timer::duration>(in));
  supervision_timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled || stopping_) return;
    if (!state_) reopen_state();
    visits_->look_around();
    controls_->show_health(report());
    if (main_->capture().status().needs_fresh_start) return stop_for_fresh_start();
    if (const auto stuck = stuck_worker()) {
      NESTBOX_LOG_ERROR(kPart, "thread {} has been at one piece of work for over {} s", *stuck, kWorkMax.count());
    } else {
      notify_alive();
    }
    schedule_supervision(kSupervision);
  });
}

std::optional<std::string> Daemon::stuck_worker() const {
  const auto now = BootClock::now();
  const auto is_stuck = [now](const Heartbeat& heartbeat) {
    return heartbeat.busy_for(now).value_or(std::chrono::nanoseconds(0)) > kWorkMax;
  };
  if (is_stuck(main_->capture().heartbeat())) return "capture";
  if (is_stuck(main_->encode().heartbeat())) return "encode";
  if (slate_ && is_stuck(slate_->capture().heartbeat())) return "slate";
  if (slate_ && is_stuck(slate_->encode().heartbeat())) return "slate-encode";
  if (web_ && is_stuck(web_->heartbeat())) return "web";
  if (is_stuck(jobs_.heartbeat())) return "jobs";
  if (visits_->eye_is_stuck(now, kWorkMax)) return "vision";
  return director_->stuck_output(now, kWorkMax);
}

StatusReport Daemon::report() {
  const auto now = BootClock::now();
  StatusReport report;
  report.version = kVersion;
  report.name = box_name();
  report.uptime_s = to_seconds(now - started_at_);
  report.clock_synchronised = clock_is_synchronised();
  controls_->report(report);
  report.page = web_ ? web_->address() : "";
  report.password_set = accounts_.has_password();
  report.camera = main_->capture().status();
  report.encoder = main_->encode().status();
  report.motion = visits_->motion();
  report.recording = visits_->recording();
  report.visit_id = visits_->current_id();
  report.visits_trouble = visits_->trouble();
  report.outputs = director_->status();
  report.disk = state_ ? disk_status(state_->path()) : std::nullopt;
  const bool slow = report.recording.state == RecordStatus::State::kSlow;
  if (report.disk && report.disk->state == DiskStatus::State::kOk && slow)
    report.disk->state = DiskStatus::State::kSlow;
  report.resident_bytes = resident_bytes();
  report.problems = problem_book_.update(standing_problems(report), wall_now());
  report.state = stopping_                   ? StatusReport::State::kStopping
                 : !report.problems.empty()  ? StatusReport::State::kDegraded
                 : report.camera.frames == 0 ? StatusReport::State::kStarting
                                             : StatusReport::State::kOk;
  return report;
}

std::vector<Problem> Daemon::standing_problems(const StatusReport& report) const {
  std::vector<Problem> problems;
  const auto add = [&](std::string code, std::string text) {
    problems.push_back({std::move(code), std::move(text), {}});
  };
  if (!state_error_.empty()) add("state_absent", state_error_);
  if (!web_error_.empty()) add("page_off", web_error_);
  if (!lan_error_.empty()) add("page_without_password", lan_error_);
  if (is_problem(report.camera.state) && !report.camera.last_error.empty()) add("camera", report.camera.last_error);
  if (report.encoder.state == EncoderState::kFailed) add("encoder", report.encoder.last_error);
  if (!report.encoder.sound_trouble.empty()) add("sound", report.encoder.sound_trouble);
  if (!report.visits_trouble.empty()) add("visits", report.visits_trouble);
  for (auto& problem : Controls::problems(report)) problems.push_back(std::move(problem));
  for (const auto& output : report.outputs) {
    const bool troubled = output.state == OutputState::kBackoff || output.state == OutputState::kFailed;
    if (troubled) add("output:" + output.name, output.name + ": " + output.last_error);
  }
  if (report.disk && report.disk->state == DiskStatus::State::kFull) add("disk_full", "the disk is full");
  if (report.disk && report.disk->state == DiskStatus::State::kReadOnly)
    add("disk_read_only", "the disk can only be read");
  return problems;
}

}  // namespace nestbox
