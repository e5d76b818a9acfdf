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

/// Looks at everything else, which takes seconds. `progress` hears what is being looked at. Once `cancelled` is true it
/// leaves out what has not been looked at yet.
Answer examine(DoctorCase patient, const Machine& machine, const std::function<void(const std::string& what)>& progress,
               const std::atomic<bool>& cancelled);

/// Examinations of the running daemon, on a thread of their own, one at a time. Main thread only.
class Doctor {
 public:
  using Done = std::function<void(Answer)>;
  using Progress = std::function<void(const std::string& what)>;
  /// `done` and `progress` run on the doctor's thread. Errors: kUnavailable while another examination runs.
  Result<void> start(DoctorCase patient, Progress progress, Done done);
  void request_stop() noexcept { cancelled_ = true; }
  [[nodiscard]] bool join_until(BootTime deadline);
  void abandon() { thread_.abandon(); }

 private:
  std::atomic<bool> cancelled_{false}, busy_{false};
  NamedThread thread_;
};

}  // namespace nestbox
