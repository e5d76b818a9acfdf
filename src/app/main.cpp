/// nestboxd: the daemon, in the foreground, for systemd.
#include <malloc.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon.h"
#include "doctor.h"
#include "lines_in_force.h"
#include "manual_page.h"
#include "nestbox/av/av_log.h"
#include "nestbox/base/log.h"
#include "nestbox/capture/capture_stage.h"
#include "nestbox/config/settings.h"
#include "version.h"

namespace {

constexpr int kGood = 0, kFailed = 1, kBadConfiguration = 2;

constexpr nestbox::ManualPage kManual = {
    .section = 8,
    .version = nestbox::kVersion,
    .what = "the camera daemon of a nest box",
    .description =
        R"(Films a nest box, a feeder or a corner of a garden, streams it, and shows its picture and its state on a page of its own. It
stays in the foreground; systemd starts it as the service nestbox, which runs as the user nestbox.

SIGTERM and SIGINT end it within 3 seconds, SIGHUP has it read its configuration again. Its log goes to standard error:
journalctl -u nestbox.)",
    .exit_status = "0 good; 1 failed; 2 the configuration is wrong: systemd then waits for somebody to mend it.",
    .files = R"(/etc/nestbox/nestbox.yaml  the configuration, as the service reads it
/etc/nestbox/nestbox.d/*.yaml  read after it, in the order of their names
/var/lib/nestbox  what it keeps: settings, stream keys, recordings
/run/nestbox/control.sock  where it listens to nestbox(1))",
    .see_also = "nestbox(1), nestbox.yaml(5), systemctl(1)",
};

struct CommandLine {
  std::string config, source, scene_truth, doctor_trouble, lines_idle;
  std::vector<std::string> set;
  bool check_config = false, print_config = false, doctor = false, doctor_silent = false;
};

void describe(CLI::App& app, CommandLine& line) {
  app.set_version_flag("--version", std::string("nestboxd ") + nestbox::kVersion);
  app.add_option("--config", line.config, "The YAML file; without it every setting has its default")->type_name("FILE");
  app.add_option("--source", line.source, "What to film: auto, file:PATH, scene[:SEED], demo")->type_name("SPEC");
  app.add_option("--set", line.set, "One setting, above all files; may be given again")
      ->type_name("KEY=VALUE")
      ->take_all();
  app.add_option("--scene-truth", line.scene_truth, "Where a simulated scene writes what truly happened in it")
      ->type_name("FILE");
  app.add_flag("--check-config", line.check_config, "Check the settings and exit: 0 good, 2 not");
  app.add_flag("--print-config", line.print_config, "Print every setting with its default, and exit");
  app.add_flag(
      "--doctor", line.doctor,
      "Look at board, keys and network as `nestbox doctor` does while no daemon runs; print JSON and exit: 0 no "
      "fault, 1 some");
  app.add_option(
         "--lines-idle", line.lines_idle,
         "Make lamp, filter coil and lights idle and exit, as systemd does after the daemon has ended in whatever "
         "way; FILE is what it has left beside its socket, lines.yaml")
      ->type_name("FILE");
  // What `nestbox doctor` knows of the daemon already.
  app.add_option("--doctor-trouble", line.doctor_trouble)->group("");
  app.add_flag("--doctor-silent", line.doctor_silent)->group("");
}

nestbox::Sources sources_of(const CommandLine& line) {
  nestbox::Sources sources;
  if (!line.config.empty()) sources.file = line.config;
  if (!line.source.empty()) sources.source = line.source;
  sources.set_options = line.set;
  sources.environment = nestbox::nestbox_environment();
  return sources;
}

int examine(const CommandLine& line) {
  nestbox::install_av_log_bridge();
  nestbox::log::set_level(nestbox::log::Level::kError);
  auto patient = nestbox::absent_case(nestbox::Settings::load(sources_of(line)));
  patient.facts.service.trouble = line.doctor_trouble;
  if (line.doctor_silent) patient.facts.service.daemon = nestbox::doctor::DaemonState::kSilent;
  const auto answer = nestbox::Doctor().examine(std::move(patient), nestbox::this_machine(), [](const auto&) {});
  std::printf("%s\n", answer.json.c_str());
  return answer.exit_status;
}

// Killed in the middle of a pulse: the current would stay in the coil.
int make_idle(const CommandLine& line) {
  const auto idle = nestbox::make_lines_idle(line.lines_idle);
  if (idle) return kGood;
  std::fprintf(stderr, "%s\n", idle.error().message.c_str());
  return kFailed;
}

int run(const CommandLine& line) {
  auto settings = nestbox::Settings::load(sources_of(line));
  if (!settings) {
    std::fputs(nestbox::to_lines(settings.error()).c_str(), stderr);
    return kBadConfiguration;
  }
  if (line.print_config) std::fputs(settings->print().c_str(), stdout);
  if (line.check_config) {
    for (const auto& warning : settings->warnings()) std::fprintf(stderr, "%s\n", warning.c_str());
  }
  if (line.print_config || line.check_config) return kGood;
  // libavformat would lead connections through whatever proxy the environment names; what is sent here goes straight.
  for (const char* proxy : {"http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"}) unsetenv(proxy);
  std::signal(SIGPIPE, SIG_IGN);  // a peer that goes away is an error of its write, not our end
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);  // a core dump would hold stream keys
  mallopt(M_ARENA_MAX, 2);           // glibc's arena for every thread costs tens of MB, and we allocate little
  nestbox::prepare_camera_library(settings->options().camera);
  return nestbox::Daemon(std::move(*settings), line.scene_truth).run();
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine line;
  CLI::App app("Watches a nest box, a feeder or a corner of a garden, and streams it.", "nestboxd");
  describe(app, line);
  if (argc == 2 && argv[1] == nestbox::kManualPageOption) {
    std::fputs(nestbox::manual_page(app, kManual).c_str(), stdout);
    return kGood;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kGood : kBadConfiguration;
  }
  if (line.doctor) return examine(line);
  return line.lines_idle.empty() ? run(line) : make_idle(line);
}
