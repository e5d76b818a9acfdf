#include "nestbox/record/clip_recorder.h"

#include <utility>

#include "part_file.h"
#include "worker.h"

namespace nestbox {
namespace {

constexpr std::chrono::milliseconds kJoinAtLatest(1500);

}  // namespace

ClipRecorder::ClipRecorder(Setup setup) : worker_(std::make_shared<record::Worker>(setup, record::open_part_file)) {}

ClipRecorder::~ClipRecorder() {
  if (!thread_.joinable()) return;
  request_stop();
  if (!join_until(BootClock::now() + kJoinAtLatest)) abandon();
}

void ClipRecorder::start() {
  if (thread_.joinable()) return;
  thread_ = NamedThread("record", [worker = worker_] { worker->run(); });
}

void ClipRecorder::apply(Setup setup) {
  worker_->apply(setup);
}

void ClipRecorder::request_stop() noexcept {
  worker_->request_stop();
}

bool ClipRecorder::join_until(BootTime deadline) {
  return !thread_.joinable() || thread_.join_until(deadline);
}

void ClipRecorder::abandon() {
  if (thread_.joinable()) thread_.abandon();
}

const Heartbeat& ClipRecorder::heartbeat() const noexcept {
  return worker_->heartbeat();
}

RecordStatus ClipRecorder::status() const {
  return worker_->status();
}

ClipRecorder::ClipId ClipRecorder::begin(ClipOrder order, Done done) {
  return worker_->begin(std::move(order), std::move(done));
}

void ClipRecorder::end(ClipId clip, BootTime to) {
  worker_->end(clip, to);
}

Result<void> ClipRecorder::open(const StreamInfo& info) {
  return worker_->open(info);
}

void ClipRecorder::push(const Packet& packet) noexcept {
  worker_->push(packet);
}

// The clips go on: an encoder that is started anew brings the same stream, or open() ends them.
void ClipRecorder::close() noexcept {}

}  // namespace nestbox
