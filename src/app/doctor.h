#pragma once
/// `nestbox doctor`: what the daemon knows, what the machine says, and the way to the servers, put together.
#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "doctor_board.h"
#include "live_director.h"
#include "nestbox/base/thread.h"
#include "nestbox/config/settings.h"
#include "nestbox/options/ports.h"
#include "nestbox/publish/server_probe.h"
#include "nestbox/rules/doctor.h"
#include "status_report.h"

namespace nestbox {

/// What is to be examined. `facts` holds what is known before anybody looks.
struct DoctorCase {
  doctor::Facts facts;
  Options options;
  std::vector<LiveDirector::Target> targets;
};

/// The running daemon's case: main thread only, and quick.
DoctorCase running_case(const StatusReport& report, const Options& options, std::vector<LiveDirector::Target> targets);
/// The case of a daemon that does not run; its settings may be what is wrong.
DoctorCase absent_case(const ConfigResult<Settings>& settings);

doctor::UplinkFacts uplink_facts(const Result<LiveDirector::Uplink>& measured, const Options& options);

/// Examinations of the running daemon, on a thread of their own, one at a time. Main thread only.
class Doctor {
 public:
  /// What is being looked at; figures where there are some.
  struct Step {
    std::string what;
    double seconds = 0, throughput_bps = 0;
  };
  /// What takes long or moves something, and is done on request alone.
  struct Wishes {
    std::chrono::seconds uplink{0};  ///< how long the way to the first output's server is measured; 0: not
    enum class Lights : bool { kLeave, kTry } lights = Lights::kLeave;
  };
  using Done = std::function<void(Answer)>;
  using Progress = std::function<void(const Step& step)>;

  Doctor() = default;
  /// Ends an examination in progress, but for what it is waiting for.
  ~Doctor();
  /// Looks at everything else, which takes seconds, on the calling thread.
  Answer examine(DoctorCase patient, const Machine& machine, const Progress& progress);
  /// `done` and `progress` run on the doctor's thread. Errors: kUnavailable while another examination runs.
  Result<void> start(DoctorCase patient, Progress progress, Done done);
  /// What has not been looked at yet is left out. Thread-safe.
  void request_stop() noexcept;
  [[nodiscard]] bool join_until(BootTime deadline);
  void abandon() { thread_.abandon(); }

 private:
  void ask_servers(DoctorCase& patient, const Progress& progress);
  double busy_processors() const;

  std::atomic<bool> cancelled_{false}, busy_{false};
  ServerProbe probe_;
  NamedThread thread_;
};

}  // namespace nestbox
