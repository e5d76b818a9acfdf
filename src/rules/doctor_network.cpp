/// Outputs: their keys, and the way to their servers.
#include <fmt/format.h>

#include <algorithm>

#include "doctor_areas.h"

namespace nestbox::doctor {
namespace {

// Of what the way takes: the rest is for the container, TCP's own bytes and the way's bad minutes.
constexpr double kUsableShare = 0.7;
constexpr double kMinimumShare = 0.2;
constexpr double kAudio_bps = 130'000;
constexpr std::int64_t kStep_bps = 50'000, kLowest_bps = 150'000, kHighest_bps = 10'000'000;
constexpr double kLossy = 0.02, kLossyVery = 0.1;

std::int64_t rounded_down(double rate_bps) {
  const auto steps = static_cast<std::int64_t>(rate_bps / static_cast<double>(kStep_bps));
  return std::clamp(steps * kStep_bps, kLowest_bps, kHighest_bps);
}

std::string mbit(double rate_bps) {
  return fmt::format("{:.2f} Mbit/s", rate_bps / 1e6);
}

void examine_key(const OutputFacts& output, Findings& findings) {
  switch (output.key) {
    case KeyState::kPresent:
      return findings.good("key:" + output.name, output.name + ": its key is there, and only the daemon can read it");
    case KeyState::kMissing:
      return findings.warning("key_missing:" + output.name, output.name + ": has no stream key; most services want one",
                              "sudo nestbox key set " + output.name);
    case KeyState::kUnusable:
      return findings.fault("key_unusable:" + output.name, output.name + ": " + output.key_text,
                            "do that, or give the key again: sudo nestbox key set " + output.name);
    case KeyState::kHidden:
      return findings.note("key_hidden:" + output.name, output.name + ": whether its key is there, only root may see",
                           "sudo nestbox doctor");
  }
}

void examine_reach(const OutputFacts& output, Findings& findings) {
  switch (output.reach) {
    case Reach::kNotTried:
      if (!output.reach_text.empty()) findings.note("reach:" + output.name, output.name + ": " + output.reach_text, "");
      return;
    case Reach::kFile:
      return;
    case Reach::kOpen:
      return findings.good("reach:" + output.name,
                           fmt::format("{}: {} answers (without encryption)", output.name, output.server));
    case Reach::kSecure:
      return findings.good("reach:" + output.name,
                           fmt::format("{}: {} answers, and its certificate is good", output.name, output.server));
    case Reach::kClosed:
      return findings.fault("reach_closed:" + output.name, output.name + ": " + output.reach_text,
                            "check the cable or the Wi-Fi, then the address in live.outputs; "
                            "a router may close the port to the world");
  }
}

}  // namespace

ProposedRates propose_rates(double throughput_bps) {
  const auto usable_bps = kUsableShare * throughput_bps - kAudio_bps;
  const auto bitrate_bps = rounded_down(usable_bps);
  return {bitrate_bps, std::min(bitrate_bps, rounded_down(kMinimumShare * throughput_bps))};
}

void examine_outputs(const Facts& facts, Findings& findings) {
  findings.area = "network";
  if (facts.outputs.empty()) {
    findings.note("no_outputs", "live.outputs is empty: nothing is sent anywhere", "");
  }
  for (const auto& output : facts.outputs) {
    if (!output.enabled) {
      findings.note("output_off:" + output.name, output.name + ": switched off (enabled: false)", "");
      continue;
    }
    if (output.reach != Reach::kFile) examine_key(output, findings);
    if (output.live) {
      findings.good("live:" + output.name, fmt::format("{}: {} takes the stream", output.name, output.server));
    } else {
      examine_reach(output, findings);
    }
  }
}

void examine_uplink(const Facts& facts, Findings& findings) {
  if (!facts.uplink) return;
  const auto& uplink = *facts.uplink;
  findings.area = "network";
  if (!uplink.trouble.empty()) {
    return findings.fault("uplink", "the way to the server could not be measured: " + uplink.trouble,
                          "mend that, then: nestbox doctor --uplink 60s");
  }
  const auto proposed = propose_rates(uplink.throughput_bps);
  const auto text =
      fmt::format("the way to {} takes {}{}; {:.1f} % of the packets had to be sent twice", uplink.server,
                  uplink.saturated ? "" : "at least ", mbit(uplink.throughput_bps), 100 * uplink.retransmitted);
  const auto advice = fmt::format("nestbox set encoder.bitrate {}k; nestbox set encoder.bitrate_min {}k",
                                  proposed.bitrate_bps / 1000, proposed.bitrate_min_bps / 1000);
  if (static_cast<double>(uplink.bitrate_min_bps) > kUsableShare * uplink.throughput_bps) {
    findings.fault("uplink_too_slow", text + ": less than encoder.bitrate_min needs", advice);
  } else if (uplink.saturated && uplink.bitrate_bps > proposed.bitrate_bps) {
    findings.warning("uplink_slow", text + ": encoder.bitrate is above what goes through at all times", advice);
  } else {
    findings.good("uplink", text);
  }
  if (uplink.retransmitted > kLossyVery) {
    findings.fault("uplink_lossy", "the way loses far too many packets",
                   "Wi-Fi at its range's end does this: move the router or the aerial, or lay a cable (PoE)");
  } else if (uplink.retransmitted > kLossy && !uplink.saturated) {
    findings.warning("uplink_lossy", "the way loses packets although it is not full",
                     "Wi-Fi at its range's end does this: move the router or the aerial, or lay a cable (PoE)");
  }
}

}  // namespace nestbox::doctor
