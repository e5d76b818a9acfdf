#include "nestbox/publish/output.h"

#include <utility>

#include "target.h"
#include "worker.h"

namespace nestbox {
namespace {

constexpr std::chrono::milliseconds kJoinAtLatest(1500);

std::shared_ptr<publish::Worker> make_worker(const OutputOptions& options, const Secret& key,
                                             Output::KeyframeWanted keyframe_wanted, Output::Unusable& unusable) {
  auto target = publish::read_target(options, key);
  if (!target) {
    unusable = {PublishFault::kUrl, redacted(target.error().message)};
    return nullptr;
  }
  return std::make_shared<publish::Worker>(options, std::move(*target), std::move(keyframe_wanted));
}

}  // namespace

Output::Output(OutputOptions options, const Secret& key, KeyframeWanted keyframe_wanted)
    : options_(std::move(options)), worker_(make_worker(options_, key, std::move(keyframe_wanted), unusable_)) {}

Output::Output(OutputOptions options, const Unusable& why) : options_(std::move(options)), unusable_(why) {}

Output::~Output() {
  if (!thread_.joinable()) return;
  request_stop();
  if (!join_until(BootClock::now() + kJoinAtLatest)) abandon();
}

void Output::start() {
  if (!worker_ || thread_.joinable()) return;
  thread_ = NamedThread("pub-" + options_.name, [worker = worker_] { worker->run(); });
}

void Output::set_on_air(Air air) {
  if (worker_) worker_->set_on_air(air);
}

void Output::retry_now() {
  if (worker_) worker_->retry_now();
}

Result<void> Output::open(const StreamInfo& info) {
  if (!worker_) return {};
  return worker_->open(info);
}

void Output::push(const Packet& packet) noexcept {
  if (worker_) worker_->push(packet);
}

void Output::close() noexcept {}  // the session outlives the encoder that feeds it

void Output::request_stop() noexcept {
  if (worker_) worker_->request_stop();
}

bool Output::join_until(BootTime deadline) {
  return !thread_.joinable() || thread_.join_until(deadline);
}

void Output::abandon() {
  if (thread_.joinable()) thread_.abandon();
}

OutputStatus Output::status() const {
  if (worker_) return worker_->status();
  OutputStatus status;
  status.name = options_.name;
  status.state = OutputState::kFailed;
  status.fault = unusable_.fault;
  status.last_error = unusable_.text;
  return status;
}

const Heartbeat& Output::heartbeat() const {
  static const Heartbeat kIdle;
  return worker_ ? worker_->heartbeat() : kIdle;
}

}  // namespace nestbox
