#include "doctor.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "doctor_report.h"
#include "key_store.h"
#include "nestbox/av/version.h"
#include "nestbox/base/secret.h"
#include "version.h"

namespace nestbox {
namespace {

constexpr auto kServiceUser = "nestbox";

doctor::PictureState to_state(CameraState state) {
  switch (state) {
    case CameraState::kRunning:
      return doctor::PictureState::kRunning;
    case CameraState::kStalled:
      return doctor::PictureState::kStalled;
    case CameraState::kAbsent:
      return doctor::PictureState::kAbsent;
    case CameraState::kBusy:
      return doctor::PictureState::kBusy;
  }
  return doctor::PictureState::kUnknown;
}

doctor::Reach to_reach(ServerReply::Way way) {
  switch (way) {
    case ServerReply::Way::kFile:
      return doctor::Reach::kFile;
    case ServerReply::Way::kUnasked:
      return doctor::Reach::kNotTried;
    case ServerReply::Way::kOpen:
      return doctor::Reach::kOpen;
    case ServerReply::Way::kSecure:
      return doctor::Reach::kSecure;
    case ServerReply::Way::kClosed:
      return doctor::Reach::kClosed;
  }
  return doctor::Reach::kNotTried;
}

/// What is configured; how each line does, the daemon alone knows.
void add_lines(const Options& options, std::vector<doctor::LineFacts>& lines) {
  const auto add = [&lines](const std::string& name, const LineText& line, LineBias bias) {
    if (line != "none") lines.push_back({name, line, bias, doctor::LineState::kUnknown, "", "", ""});
  };
  const auto& gpio = options.gpio;
  add("pir", gpio.pir.input.line, gpio.pir.input.bias);
  add("button", gpio.button.input.line, gpio.button.input.bias);
  add("light_sensor", gpio.light_sensor.line, gpio.light_sensor.bias);
  add("live_light", gpio.live_light.line, LineBias::kNone);
  add("status_led", gpio.status_led.line, LineBias::kNone);
  for (const auto& output : light_outputs(options.day_night)) add(output.name, output.line.line, LineBias::kNone);
}

void add_options(const Options& options, doctor::Facts& facts) {
  facts.camera.configured = options.camera.source;
  facts.camera.fps_wanted = options.camera.framerate;
  facts.encoder.configured = options.encoder.codec;
  facts.memory.picture_buffers_bytes = picture_buffers_bytes(options.camera, picture_slots_needed());
  facts.disk.path = options.paths.state;
  facts.gpio.chip = options.gpio.chip;
  add_lines(options, facts.gpio.lines);
  facts.light.lamp = options.day_night.lamp.type;
  facts.light.filter = options.day_night.ir_cut.type;
}

doctor::LineState to_state(LineReport::State state) {
  switch (state) {
    case LineReport::State::kOk:
      return doctor::LineState::kOk;
    case LineReport::State::kBusy:
      return doctor::LineState::kBusy;
    case LineReport::State::kAbsent:
      return doctor::LineState::kAbsent;
    case LineReport::State::kStuck:
      return doctor::LineState::kStuck;
  }
  return doctor::LineState::kUnknown;
}

void add_line_states(const std::vector<LineReport>& reports, std::vector<doctor::LineFacts>& lines) {
  for (auto& line : lines) {
    const auto report = std::find_if(reports.begin(), reports.end(),
                                     [&](const LineReport& known) { return known.line.name == line.name; });
    if (report == reports.end()) continue;
    line.state = to_state(report->state);
    line.where = report->line.where;
    line.holder = report->line.holder;
    line.error = report->line.last_error;
  }
}

void add_night(const NightReport& night, doctor::LightFacts& light) {
  light.mode = night.mode == DayNight::kNight ? "night" : "day";
  light.why = night.why;
  light.lamp_trouble = night.trouble;
}

/// What the daemon says of itself that no other finding will say.
bool is_said_elsewhere(const std::string& code) {
  for (const auto* head : {"camera", "encoder", "output:", "disk_", "page_off", "line:", "lamp"}) {
    if (code.rfind(head, 0) == 0) return true;
  }
  return false;
}

void read_groups(const Machine& machine, doctor::ServiceFacts& service) {
  const auto groups = user_groups(machine, kServiceUser);
  if (!groups.exists) return;
  service.user = kServiceUser;
  service.missing_groups = groups.missing;
}

doctor::OutputFacts to_facts(const LiveDirector::Target& target) {
  doctor::OutputFacts output;
  output.name = target.options.name;
  output.enabled = target.options.enabled;
  output.key_text = target.unusable;
  output.key = !target.unusable.empty() ? doctor::KeyState::kUnusable
               : target.key.empty()     ? doctor::KeyState::kMissing
                                        : doctor::KeyState::kPresent;
  return output;
}

double processor_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

DoctorCase running_case(const StatusReport& report, const Options& options, std::vector<LiveDirector::Target> targets) {
  DoctorCase patient{{}, options, std::move(targets)};
  auto& facts = patient.facts;
  add_options(options, facts);
  facts.service.daemon = doctor::DaemonState::kRuns;
  facts.service.is_root_or_service = true;
  facts.service.page = report.page;
  facts.camera.delivering = report.camera.source;
  facts.camera.state = to_state(report.camera.state);
  facts.camera.width = report.camera.width;
  facts.camera.height = report.camera.height;
  facts.camera.fps = report.camera.fps;
  facts.camera.rebuilds = report.camera.rebuilds;
  facts.camera.last_error = report.camera.last_error;
  facts.camera.notes = report.camera.notes;
  add_line_states(report.lines, facts.gpio.lines);
  add_night(report.night, facts.light);
  facts.encoder.running = report.encoder.codec;
  facts.encoder.asleep = report.encoder.state == EncoderState::kSleeping;
  facts.encoder.failed = report.encoder.state == EncoderState::kFailed;
  facts.encoder.last_error = report.encoder.last_error;
  facts.encoder.frames = report.encoder.frames;
  facts.encoder.frames_dropped = report.encoder.frames_dropped;
  for (const auto& problem : report.problems) {
    if (!is_said_elsewhere(problem.code)) facts.service.problems.push_back(problem.text);
  }
  for (const auto& target : patient.targets) {
    auto output = to_facts(target);
    const auto status = std::find_if(report.outputs.begin(), report.outputs.end(),
                                     [&](const OutputStatus& known) { return known.name == output.name; });
    output.live =
        status != report.outputs.end() && (status->state == OutputState::kLive || status->state == OutputState::kSlate);
    facts.outputs.push_back(std::move(output));
  }
  return patient;
}

DoctorCase absent_case(const ConfigResult<Settings>& settings) {
  DoctorCase patient;
  auto& facts = patient.facts;
  facts.service.is_root_or_service = ::geteuid() == 0;
  if (settings) {
    patient.options = settings->options();
  } else {
    for (const auto& error : settings.error()) facts.service.configuration.push_back(redacted(to_line(error)));
  }
  add_options(patient.options, facts);
  const KeyStore keys(patient.options.paths.state);
  for (const auto& options : patient.options.live.outputs) {
    LiveDirector::Target target{options, {}, {}};
    auto key = keys.find(options.name, options.key_file);
    if (key) {
      target.key = std::move(*key);
    } else {
      target.unusable = key.error().message;
    }
    auto output = to_facts(target);
    const bool refused = !key && key.error().kind == ErrorKind::kUnavailable;
    if (refused && !facts.service.is_root_or_service) output.key = doctor::KeyState::kHidden;
    facts.outputs.push_back(std::move(output));
    patient.targets.push_back(std::move(target));
  }
  return patient;
}

doctor::UplinkFacts uplink_facts(const Result<LiveDirector::Uplink>& measured, const Options& options) {
  doctor::UplinkFacts facts;
  facts.bitrate_bps = options.encoder.bitrate_bps;
  facts.bitrate_min_bps = options.encoder.bitrate_min_bps;
  if (!measured) {
    facts.trouble = measured.error().message;
    return facts;
  }
  const auto& verdict = measured->verdict;
  facts.output = measured->output;
  facts.trouble = verdict.text;
  facts.seconds = verdict.figure.seconds;
  facts.throughput_bps = verdict.figure.throughput_bps;
  facts.saturated = verdict.figure.saturated;
  facts.retransmitted = verdict.retransmitted;
  return facts;
}

Doctor::~Doctor() {
  request_stop();
  if (thread_.joinable()) thread_.join();
}

void Doctor::request_stop() noexcept {
  cancelled_ = true;
  probe_.cancel();
}

/// How many processors this process keeps busy, looked at for a second.
double Doctor::busy_processors() const {
  constexpr std::chrono::milliseconds kStep(100);
  constexpr int kSteps = 10;
  const auto before_s = processor_seconds();
  const auto began_at = BootClock::now();
  for (int step = 0; step < kSteps && !cancelled_; ++step) std::this_thread::sleep_for(kStep);
  return (processor_seconds() - before_s) / to_seconds(BootClock::now() - began_at);
}

void Doctor::ask_servers(DoctorCase& patient, const Progress& progress) {
  for (std::size_t n = 0; n < patient.facts.outputs.size() && !cancelled_; ++n) {
    auto& output = patient.facts.outputs[n];
    if (!output.enabled) continue;
    progress({"asking the server of " + output.name});
    const auto reply = probe_.ask(patient.targets[n].options);
    output.server = reply.server;
    output.reach = to_reach(reply.way);
    output.reach_text = reply.text;
    if (patient.facts.uplink && patient.facts.uplink->output == output.name)
      patient.facts.uplink->server = reply.server;
  }
}

Answer Doctor::examine(DoctorCase patient, const Machine& machine, const Progress& progress) {
  auto& facts = patient.facts;
  facts.system.version = kVersion;
  facts.system.ffmpeg_version = ffmpeg_version();
  progress({"looking at the board"});
  read_board(machine, facts);
  read_disk(machine, patient.options.paths.state, facts.disk);
  read_groups(machine, facts.service);
  if (const auto& lamp = patient.options.day_night.lamp; lamp.type == LampOptions::Type::kPwm)
    facts.light.lamp_path = lamp_path_facts(machine, lamp.path);
  facts.encoder.cores = static_cast<int>(std::thread::hardware_concurrency());
  if (facts.service.daemon == doctor::DaemonState::kRuns) {
    progress({"looking at what the daemon costs"});
    facts.encoder.daemon_cores = busy_processors();
  }
  ask_servers(patient, progress);
  const auto findings = doctor::examine(facts);
  return {doctor::has_fault(findings) ? 1 : 0, to_json(facts, findings), {}};
}

Result<void> Doctor::start(DoctorCase patient, Progress progress, Done done) {
  if (busy_.exchange(true))
    return fail(ErrorKind::kUnavailable, "somebody else asks the doctor; try again in a minute");
  if (thread_.joinable()) thread_.join();  // it has answered, and ends
  thread_ = NamedThread(
      "doctor", [this, patient = std::move(patient), progress = std::move(progress), done = std::move(done)]() mutable {
        auto answer = examine(std::move(patient), this_machine(), progress);
        busy_ = false;
        done(std::move(answer));
      });
  return {};
}

bool Doctor::join_until(BootTime deadline) {
  return !thread_.joinable() || thread_.join_until(deadline);
}

}  // namespace nestbox
