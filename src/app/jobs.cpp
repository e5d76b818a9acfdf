#include "jobs.h"

#include <sys/resource.h>
#include <unistd.h>

namespace nestbox {

void Jobs::start() {
  thread_ = NamedThread(thread_name_, [this] { run(); });
}

Result<void> Jobs::post(Job job) {
  if (inbox_.push(std::move(job))) return {};
  return fail(ErrorKind::kExhausted, "too much is asked at once; try again in a moment");
}

void Jobs::run() {
  constexpr int kNicerThanThePipeline = 10;
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNicerThanThePipeline);
  while (auto job = inbox_.pop()) {
    const AtWork work(heartbeat_);
    (*job)();
  }
}

}  // namespace nestbox
