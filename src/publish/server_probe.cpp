#include "nestbox/publish/server_probe.h"

#include <fmt/format.h>

#include <atomic>
#include <string_view>

#include "av/ffmpeg.h"
#include "fault.h"
#include "io_guard.h"
#include "kernel_queue.h"
#include "nestbox/av/av_log.h"
#include "resolver.h"
#include "target.h"

namespace nestbox {
namespace {

using publish::ConnectEnd;
using publish::KernelQueue;
using publish::Security;
using publish::Target;
using publish::Transport;

constexpr std::chrono::seconds kNameDeadline(4), kConnectDeadline(4);

/// What the stream's protocol would connect to: "tls://host:443". Empty for one that has no connection of its own.
std::string transport_address(const Target& target, std::string_view url) {
  const bool over_tcp = target.transport == Transport::kRtmp || url.starts_with("http");
  const auto colon = target.shown.rfind(':');
  if (!over_tcp || colon == std::string::npos) return {};
  const bool is_ipv6 = target.host.find(':') != std::string::npos;
  return fmt::format("{}://{}:{}", target.security == Security::kTls ? "tls" : "tcp",
                     is_ipv6 ? "[" + target.host + "]" : target.host, target.shown.substr(colon + 1));
}

}  // namespace

struct ServerProbe::State {
  publish::IoGuard guard;
  publish::Resolver resolver;
  std::atomic<bool> cancelled{false};

  publish::Failure connect(const Target& target, const std::string& address);
};

publish::Failure ServerProbe::State::connect(const Target& target, const std::string& address) {
  const auto verdict = resolver.look_up(target.host, BootClock::now() + kNameDeadline);
  if (verdict == publish::NameVerdict::kCancelled) return {PublishFault::kLost, Setback::kUnreachable, "not looked at"};
  if (verdict != publish::NameVerdict::kFound) return explain_name(target, verdict);
  const int send_buffer_bytes = KernelQueue::next_send_buffer_bytes();
  bool established = false;
  guard.begin(BootClock::now() + kConnectDeadline, [&](BootTime) {
    if (!established) {
      const auto socket = KernelQueue::find(send_buffer_bytes);
      established = socket && socket->levels().stage != KernelQueue::Stage::kConnecting;
    }
    return cancelled.load();
  });
  av::Dictionary options;
  options.set("send_buffer_size", std::to_string(send_buffer_bytes));
  if (target.security == Security::kTls) {
    options.set("tls_verify", "1");
    if (!target.ca_file.empty()) options.set("ca_file", target.ca_file);
    options.set("http_proxy", "");  // see session.cpp
  }
  const auto interrupt = guard.callback();
  AVIOContext* connection = nullptr;
  take_last_av_complaint();
  const int code = avio_open2(&connection, address.c_str(), AVIO_FLAG_READ_WRITE, &interrupt, options.address());
  const auto complaint = take_last_av_complaint();
  if (code >= 0) {
    avio_closep(&connection);
    return {};
  }
  const auto end = !guard.gave_up() ? ConnectEnd::kError : established ? ConnectEnd::kNoService : ConnectEnd::kNoAnswer;
  return explain_connect(target, end, code, complaint);
}

ServerProbe::ServerProbe() : state_(std::make_unique<State>()) {}
ServerProbe::~ServerProbe() = default;

ServerReply ServerProbe::ask(const OutputOptions& options) {
  using Way = ServerReply::Way;
  const auto target = publish::read_target(options, Secret());
  if (!target) return {Way::kClosed, PublishFault::kUrl, "", target.error().message};
  if (target->transport == Transport::kFile) return {Way::kFile, PublishFault::kNone, target->shown, ""};
  const auto address = transport_address(*target, options.url);
  if (address.empty()) return {Way::kUnasked, PublishFault::kNone, target->shown, ""};
  const auto failure = state_->connect(*target, address);
  if (failure.fault != PublishFault::kNone) return {Way::kClosed, failure.fault, target->shown, failure.text};
  return {target->security == Security::kTls ? Way::kSecure : Way::kOpen, PublishFault::kNone, target->shown, ""};
}

void ServerProbe::cancel() noexcept {
  state_->cancelled = true;
  state_->guard.wind_up(BootTime{});
  state_->resolver.cancel();
}

}  // namespace nestbox
