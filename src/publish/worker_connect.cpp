#include "nestbox/av/av_log.h"
#include "worker.h"

namespace nestbox::publish {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kNameDeadline(4);
constexpr seconds kConnectDeadline(4);
// While tries are a second apart, one that finds nobody is over before the kernel's pause between its SYNs (1 s, then
// 2 s) grows.
constexpr milliseconds kFastTcpDeadline(1200);
// Afterwards the server has dropped the connection by itself, and its number must not be mistaken for another's.
constexpr seconds kOldConnectionKept(90);

}  // namespace

std::unique_ptr<Session> Worker::connect(Ending& ending) {
  const AtWork at_work(heartbeat_);
  ending.failure = look_up_name();
  if (withdrawn()) {
    ending.kind = Ending::Kind::kWithdrawn;
    return nullptr;
  }
  if (ending.failure.fault != PublishFault::kNone) return nullptr;

  const auto began_at = BootClock::now();
  if (old_connection_ && began_at - old_connection_since_ > kOldConnectionKept) old_connection_.reset();
  const int send_buffer_bytes = KernelQueue::next_send_buffer_bytes();
  const bool fast = backoff_.fast(began_at);
  const bool kernel_tells = target_.transport == Transport::kRtmp;
  bool established = false;
  guard_.begin(began_at + kConnectDeadline, [&](BootTime now) {
    if (give_up_connecting_) return true;
    if (kernel_tells && !established) {
      const auto socket = KernelQueue::find(send_buffer_bytes);
      established = socket && socket->levels().stage != KernelQueue::Stage::kConnecting;
    }
    return kernel_tells && fast && !established && now - began_at > kFastTcpDeadline;
  });
  take_last_av_complaint();
  int code = 0;
  auto session = Session::connect(target_, guard_, send_buffer_bytes, code);
  const std::string complaint = take_last_av_complaint();
  if (session) {
    let_go_of_old_connection();
    auto kernel = kernel_tells ? KernelQueue::find(send_buffer_bytes) : std::nullopt;
    if (kernel) kernel->keep_short();
    delivery_.begin(std::move(kernel), BootClock::now());
    return session;
  }
  if (withdrawn()) {
    ending.kind = Ending::Kind::kWithdrawn;
    return nullptr;
  }
  const ConnectEnd end = !guard_.gave_up() ? ConnectEnd::kError
                         : established     ? ConnectEnd::kNoService
                                           : ConnectEnd::kNoAnswer;
  ending.failure = explain_connect(target_, end, code, complaint);
  if (ending.failure.server_reached) let_go_of_old_connection();
  return nullptr;
}

Failure Worker::look_up_name() {
  if (target_.host.empty()) return {};
  const auto verdict = resolver_.look_up(target_.host, BootClock::now() + kNameDeadline);
  if (verdict == NameVerdict::kFound || verdict == NameVerdict::kCancelled) return {};
  return explain_name(target_, verdict);
}

void Worker::let_go_of_old_connection() {
  if (!old_connection_) return;
  old_connection_->reset();
  old_connection_.reset();
}

}  // namespace nestbox::publish
