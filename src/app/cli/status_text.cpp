#include "status_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace nestbox::cli {
namespace {

struct Line {
  std::string label, text;
};

/// ": why", or nothing where no reason is known.
std::string because(const Json& part) {
  const auto reason = text_of(part, "last_error");
  return reason.empty() ? "" : ": " + reason;
}

enum class Content { kCamera, kSimulated, kStill };

Content content_of(const Json& status) {
  const auto& camera = member(status, "camera");
  const auto content = text_of(camera, "content");
  if (content == "slate") return Content::kStill;
  const bool simulated = content == "simulated" || text_of(camera, "source").rfind("scene", 0) == 0;
  return simulated ? Content::kSimulated : Content::kCamera;
}

/// What is sent, where it is no camera's picture.
const char* content_words(Content content) {
  switch (content) {
    case Content::kCamera:
      return "";
    case Content::kSimulated:
      return " a simulated picture";
    case Content::kStill:
      return " a still picture";
  }
  return "";
}

std::string state_text(const std::string& state, const Style& style) {
  if (state == "ok") return style.good(state);
  return state.empty() ? "state unknown" : style.doubtful(state);
}

std::string heading(const Json& status, const Style& style) {
  const auto name = text_of(status, "name");
  auto text =
      fmt::format("{}: {}", style.strong(name.empty() ? "nestbox" : name), state_text(text_of(status, "state"), style));
  if (const auto up_s = number_of(status, "uptime_s")) text += ", up " + duration_text(*up_s);
  if (const auto mode = text_of(status, "mode"); !mode.empty()) text += ", by " + mode;
  return text + '\n';
}

std::string problems_text(const Json& status, const Style& style) {
  std::string text;
  for (const auto& problem : list_of(status, "problems")) {
    auto what = text_of(problem, "text");
    if (what.empty()) what = text_of(problem, "code");
    const auto since = time_text(text_of(problem, "since"));
    text +=
        fmt::format("  {} {}{}\n", style.bad("!"), what, since.empty() ? "" : style.faint(" (since " + since + ")"));
  }
  return text.empty() ? text : '\n' + text;
}

std::string picture_text(const Json& camera) {
  std::string text;
  const auto width = number_of(camera, "width"), height = number_of(camera, "height"), fps = number_of(camera, "fps");
  if (width && height) text += fmt::format(", {:.0f} x {:.0f}", *width, *height);
  if (fps) text += fmt::format(", {:.1f} frames/s", *fps);
  return text;
}

std::string camera_text(const Json& status, const Style& style) {
  const auto& camera = member(status, "camera");
  auto source = text_of(camera, "source");
  if (source.empty()) source = "no source";
  const auto state = text_of(camera, "state");
  const std::string simulated = content_of(status) == Content::kSimulated ? ", simulated" : "";
  if (state == "running") return source + picture_text(camera) + simulated;
  if (state == "stalled") return source + ": " + style.bad("no pictures come") + because(camera) + simulated;
  if (state == "absent") return source + ": " + style.bad("no camera") + ", tried again" + because(camera);
  if (state == "busy") return source + ": " + style.bad("in use by another program") + because(camera);
  return source + ": state unknown" + because(camera);
}

/// "quiet; 14 events so far; visit 215 goes on". Empty where the daemon says nothing of it.
std::string motion_text(const Json& status) {
  const auto& motion = member(status, "motion");
  if (!motion.is_object()) return "";
  if (member(motion, "enabled") == false) return "not watched: motion.enabled is false";
  auto text = std::string(member(motion, "active") == true ? "something moves" : "quiet");
  if (const auto events = number_of(motion, "events"); events && *events > 0)
    text += fmt::format("; {:.0f} {} so far", *events, *events == 1 ? "event" : "events");
  if (const auto visit = number_of(status, "visit_id")) text += fmt::format("; visit {:.0f} goes on", *visit);
  return text;
}

/// "0.8 lx", "840 lx": as many digits as the estimate deserves.
std::string lux_text(double lux) {
  return fmt::format("{:.{}f} lx", lux, lux < 1 ? 2 : lux < 10 ? 1 : 0);
}

/// "out of the path"; empty where nobody knows, or there is no filter.
std::string filter_text(const std::string& filter) {
  if (filter == "in_path") return "filter in the path";
  if (filter == "out_of_path") return "filter out of the path";
  return filter == "unknown" ? "filter not moved yet" : "";
}

std::string lamp_text(double share) {
  return share > 0 ? fmt::format("lamp at {:.0f} %", share * 100) : "lamp dark";
}

/// Why it is day or night, then what was done about it.
std::vector<Line> light_lines(const Json& status) {
  const auto& light = member(status, "light");
  std::vector<Line> lines;
  const auto mode = text_of(status, "mode"), why = text_of(light, "mode_why");
  if (!why.empty()) lines.push_back({"light", mode.empty() ? why : mode + ": " + why});
  std::vector<std::string> parts;
  if (const auto lux = number_of(light, "lux")) parts.push_back("now " + lux_text(*lux));
  if (auto filter = filter_text(text_of(light, "filter")); !filter.empty()) parts.push_back(std::move(filter));
  if (const auto lamp = number_of(light, "lamp")) parts.push_back(lamp_text(*lamp));
  if (const auto switches = number_of(light, "switches_today"); switches && *switches > 0)
    parts.push_back(fmt::format("filter moved {:.0f} x in 24 h", *switches));
  if (!parts.empty()) lines.push_back({lines.empty() ? "light" : "", fmt::format("{}", fmt::join(parts, ", "))});
  return lines;
}

/// What is wrong with a line; empty while it is well.
std::string line_trouble(const Json& line, const Style& style) {
  const auto state = text_of(line, "state"), holder = text_of(line, "holder");
  if (state == "busy") return style.bad("in use") + (holder.empty() ? " by another program" : " by " + holder);
  if (state == "absent") return style.bad("not there") + ", tried again" + because(line);
  if (state == "stuck")
    return style.doubtful("stuck") + ": active all the time, so it counts as idle; check its wiring";
  return "";
}

std::vector<Line> troubled_lines(const Json& status, const Style& style) {
  std::vector<Line> lines;
  for (const auto& line : list_of(status, "lines")) {
    const auto trouble = line_trouble(line, style);
    if (!trouble.empty()) lines.push_back({lines.empty() ? "lines" : "", text_of(line, "name") + ": " + trouble});
  }
  return lines;
}

std::string encoder_text(const Json& encoder, const Style& style) {
  auto codec = text_of(encoder, "codec");
  if (codec.empty()) codec = "no codec";
  const auto state = text_of(encoder, "state");
  if (state == "sleeping") return codec + ", asleep: nobody wants its pictures";
  if (state == "failed") return codec + ": " + style.bad("failed") + because(encoder);
  const auto bitrate_bps = number_of(encoder, "bitrate_bps");
  return bitrate_bps ? codec + ", " + rate_text(*bitrate_bps) : codec;
}

std::string disk_text(const Json& disk, const Style& style) {
  const auto free_bytes = number_of(disk, "free_bytes");
  const auto state = text_of(disk, "state");
  auto text = free_bytes ? bytes_text(*free_bytes) + " free" : std::string("unknown");
  if (state == "full") text += ", " + style.bad("full");
  if (state == "read_only") text += ", " + style.bad("cannot be written");
  if (state == "slow") text += ", " + style.doubtful("slow");
  return text;
}

/// "3 frames for the encoder"; empty when none was lost.
std::string drops_text(const Json& drops) {
  std::vector<std::string> parts;
  for (const auto& [key, whose] : {std::pair{"vision", "motion"}, {"encode", "the encoder"}, {"record", "clips"}}) {
    const auto count = number_of(drops, key);
    if (count && *count > 0) parts.push_back(fmt::format("{:.0f} frames for {}", *count, whose));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string lines_text(const std::vector<Line>& lines) {
  std::size_t width = 8;
  for (const auto& line : lines) width = std::max(width, width_of(line.label));
  std::string text;
  for (const auto& line : lines) text += fmt::format("  {}  {}\n", padded(line.label, width), line.text);
  return text;
}

std::vector<Line> part_lines(const Json& status, const Style& style) {
  std::vector<Line> lines;
  lines.push_back({"camera", camera_text(status, style)});
  for (const auto& note : list_of(member(status, "camera"), "notes")) {
    if (note.is_string()) lines.push_back({"", printable(note.get_ref<const std::string&>())});
  }
  if (const auto motion = motion_text(status); !motion.empty()) lines.push_back({"motion", motion});
  for (auto& line : light_lines(status)) lines.push_back(std::move(line));
  for (auto& line : troubled_lines(status, style)) lines.push_back(std::move(line));
  lines.push_back({"encoder", encoder_text(member(status, "encoder"), style)});
  if (const auto drops = drops_text(member(status, "drops")); !drops.empty()) lines.push_back({"lost", drops});
  if (member(status, "disk").is_object()) lines.push_back({"disk", disk_text(member(status, "disk"), style)});
  if (const auto bytes = number_of(member(status, "memory"), "resident_bytes"))
    lines.push_back({"memory", bytes_text(*bytes)});
  if (member(status, "clock_synchronised") == false) {
    lines.push_back({"clock", style.doubtful("not set by the network yet: times may be wrong")});
  }
  return lines;
}

/// What a connection that works has lost on its way, and how late it is.
std::string quality_text(const Json& output) {
  std::string text;
  constexpr double kWorthSaying_s = 1.0;
  const auto lag_s = number_of(output, "lag_s"), dropped = number_of(output, "packets_dropped"),
             reconnects = number_of(output, "reconnects");
  if (lag_s && *lag_s >= kWorthSaying_s) text += fmt::format("; {:.1f} s behind", *lag_s);
  if (dropped && *dropped > 0) text += fmt::format("; {:.0f} packets dropped", *dropped);
  if (reconnects && *reconnects > 0) text += fmt::format("; reconnected {:.0f} x", *reconnects);
  return text;
}

std::string sent_text(const Json& output) {
  const auto measured_bps = number_of(output, "throughput_bps");
  return measured_bps && *measured_bps > 0 ? ' ' + rate_text(*measured_bps) : "";
}

}  // namespace

std::string output_text(const Json& output, const Json& status, const Style& style) {
  const auto state = text_of(output, "state");
  if (state == "off") return style.faint("off") + because(output);
  if (state == "connecting") return style.doubtful("connecting") + because(output);
  if (state == "failed") return style.bad("failed") + because(output);
  if (state == "slate")
    return style.good("sending") + content_words(Content::kStill) + sent_text(output) + quality_text(output);
  if (state == "live") {
    return style.good("sending") + content_words(content_of(status)) + sent_text(output) + "; check Studio" +
           quality_text(output);
  }
  if (state == "backoff") {
    const auto retry_in_s = number_of(output, "retry_in_s");
    const auto when =
        retry_in_s ? fmt::format("retry in {:.0f} s", std::ceil(*retry_in_s)) : std::string("retried soon");
    return style.doubtful(when) + because(output);
  }
  return "state unknown" + because(output);
}

std::string status_text(const Json& status, const Style& style) {
  auto text = heading(status, style) + problems_text(status, style) + '\n' + lines_text(part_lines(status, style));
  std::vector<Line> outputs;
  for (const auto& output : list_of(status, "outputs")) {
    outputs.push_back({text_of(output, "name"), output_text(output, status, style)});
  }
  return outputs.empty() ? text : text + "\noutputs\n" + lines_text(outputs);
}

}  // namespace nestbox::cli
