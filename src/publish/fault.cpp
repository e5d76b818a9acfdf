#include "fault.h"

#include <fmt/format.h>

#include <algorithm>

#include "av/ffmpeg.h"
#include "nestbox/base/secret.h"

namespace nestbox::publish {
namespace {

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// The lines of `complaint` but for those that only say that the line before made something else fail too.
std::string cause_in(const std::string& complaint) {
  constexpr std::string_view kSeparator = "; ";
  std::string causes;
  for (std::size_t at = 0; at < complaint.size();) {
    const auto end = std::min(complaint.find(kSeparator, at), complaint.size());
    const std::string line = complaint.substr(at, end - at);
    if (!has(line, "Cannot open connection")) causes += (causes.empty() ? "" : "; ") + line;
    at = end + kSeparator.size();
  }
  return causes.empty() ? complaint : causes;
}

std::string with_reason(const std::string& text, int code, const std::string& complaint) {
  if (!complaint.empty()) return redacted(fmt::format("{} ({})", text, cause_in(complaint)));
  return redacted(code == 0 ? text : fmt::format("{} ({})", text, av::av_error_text(code)));
}

bool is_no_network(int code) {
  return code == AVERROR(ENETUNREACH) || code == AVERROR(EHOSTUNREACH) || code == AVERROR(ENETDOWN) ||
         code == AVERROR(EADDRNOTAVAIL);
}

bool is_forbidden(int code) {
  return code == AVERROR(EPERM) || code == AVERROR(EACCES) || code == AVERROR_HTTP_UNAUTHORIZED ||
         code == AVERROR_HTTP_FORBIDDEN || code == AVERROR_HTTP_NOT_FOUND || code == AVERROR_HTTP_BAD_REQUEST ||
         code == AVERROR_HTTP_OTHER_4XX;
}

/// A TLS connection that broke says so through "tls:" too; only certificates and handshakes are a matter of TLS.
bool is_tls(const std::string& complaint) {
  return has(complaint, "tls: ") && !has(complaint, "IO error") && !has(complaint, "pull function") &&
         !has(complaint, "push function");
}

std::string certificate_advice(const std::string& complaint) {
  if (has(complaint, "failed verification"))
    return ": its certificate is expired, or of nobody whom this system trusts";
  if (has(complaint, "does not match hostname")) return ": its certificate belongs to another host";
  return {};
}

Failure file_failure(const Target& target, int code, const std::string& complaint) {
  return {PublishFault::kUrl, Setback::kUnreachable,
          with_reason(fmt::format("{} cannot be written", target.shown), code, complaint), true};
}

}  // namespace

Failure explain_name(const Target& target, NameVerdict verdict) {
  if (verdict == NameVerdict::kNoNetwork) {
    return {PublishFault::kNoNetwork, Setback::kUnreachable, "there is no network: no route leads out of this machine"};
  }
  if (verdict == NameVerdict::kNoSuchName) {
    return {PublishFault::kNoName, Setback::kUnreachable,
            fmt::format("there is no host named {}; check the address", target.host)};
  }
  return {PublishFault::kNoName, Setback::kUnreachable,
          fmt::format("the name {} cannot be looked up: the name server does not answer", target.host)};
}

Failure explain_connect(const Target& target, ConnectEnd end, int code, const std::string& complaint) {
  const std::string& server = target.shown;
  if (target.transport == Transport::kFile) return file_failure(target, code, complaint);
  if (end == ConnectEnd::kNoAnswer) {
    return {PublishFault::kNoNetwork, Setback::kUnreachable,
            fmt::format("no answer from {}: is the network up, and does it let this port out?", server)};
  }
  if (end == ConnectEnd::kNoService) {
    return {PublishFault::kLost, Setback::kUnreachable,
            fmt::format("{} accepts the connection and then says nothing", server)};
  }
  if (is_no_network(code)) {
    return {PublishFault::kNoNetwork, Setback::kUnreachable,
            fmt::format("no way to {}: {}", server, av::av_error_text(code))};
  }
  if (code == AVERROR(ECONNREFUSED)) {
    return {PublishFault::kRefused, Setback::kUnreachable,
            fmt::format("nobody listens at {} (connection refused)", server)};
  }
  if (code == AVERROR_PROTOCOL_NOT_FOUND) {
    return {PublishFault::kUrl, Setback::kRejected, fmt::format("{} speaks a protocol that is not built in", server)};
  }
  if (has(complaint, "lready publishing")) {
    return {PublishFault::kRefused, Setback::kBusy,
            fmt::format("{} is still busy with an earlier connection under this key (already publishing)", server),
            true};
  }
  if (target.security == Security::kTls && is_tls(complaint)) {
    return {PublishFault::kTls, Setback::kRejected,
            with_reason(fmt::format("the secure connection to {} failed{}", server, certificate_advice(complaint)), 0,
                        complaint),
            true};
  }
  if (is_forbidden(code)) {
    return {PublishFault::kRefused, Setback::kRejected,
            with_reason(fmt::format("{} refuses this address or key", server), code, complaint), true};
  }
  return {PublishFault::kRefused, Setback::kRejected,
          with_reason(fmt::format("{} hangs up before it takes the stream; check address and key", server), code,
                      complaint),
          true};
}

Failure explain_loss(const Target& target, int code, const std::string& complaint, std::chrono::nanoseconds media_for,
                     std::chrono::nanoseconds stuck_for) {
  if (target.transport == Transport::kFile) return file_failure(target, code, complaint);
  if (code == 0) {
    return {PublishFault::kLost, Setback::kUnreachable,
            fmt::format("{} has taken nothing for {:.0f} s", target.shown, to_seconds(stuck_for))};
  }
  if (media_for < Backoff::kProven) {
    return {PublishFault::kRefused, Setback::kRejected,
            with_reason(fmt::format("{} hung up after {:.1f} s; a wrong key looks like this", target.shown,
                                    to_seconds(media_for)),
                        code, complaint),
            true};
  }
  return {PublishFault::kLost, Setback::kUnreachable,
          with_reason(fmt::format("the connection to {} was lost", target.shown), code, complaint)};
}

bool is_hopeless(const OutputStatus& status) {
  switch (status.fault) {
    case PublishFault::kTls:
    case PublishFault::kNoName:
    case PublishFault::kNoNetwork:
    case PublishFault::kKey:
    case PublishFault::kUrl:
    case PublishFault::kRefused:
      return status.state == OutputState::kBackoff || status.state == OutputState::kFailed;
    case PublishFault::kNone:
    case PublishFault::kLost:
    case PublishFault::kTooSlow:
      return false;
  }
  return false;
}

}  // namespace nestbox::publish
