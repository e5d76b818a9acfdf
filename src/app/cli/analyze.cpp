#include "analyze.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>

#include "analysis.h"
#include "analysis_picture.h"
#include "format.h"
#include "nestbox/av/av_log.h"
#include "nestbox/base/log.h"
#include "nestbox/config/settings.h"
#include "picture_file.h"
#include "progress_line.h"
#include "report.h"

namespace nestbox::cli {
namespace {

/// The defaults, or the box's own settings with --config; --set is above both.
ConfigResult<Options> options_for(const Invocation& invocation) {
  Sources sources;
  sources.environment = nestbox_environment();
  sources.set_options = invocation.set;
  sources.changed_by_set = invocation.config.has_value();
  if (invocation.config) sources.file = *invocation.config;
  auto settings = Settings::load(std::move(sources));
  if (!settings) return tl::unexpected(settings.error());
  for (const auto& warning : settings->warnings()) std::fprintf(stderr, "nestbox: %s\n", warning.c_str());
  return settings->options();
}

std::string lines_of(const std::vector<ConfigError>& errors) {
  auto lines = to_lines(errors);
  lines.pop_back();
  return lines;
}

/// Shows how far it is, five times a second at most.
class Progress {
 public:
  void operator()(double done_s, std::optional<double> all_s) {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + std::chrono::milliseconds(200);
    const bool tells = all_s && *all_s > 0;
    const auto share = tells ? fmt::format("{:3.0f} %  ", std::min(100.0, 100 * done_s / *all_s)) : std::string();
    line_.show_for_now(fmt::format("{}{:.0f} s of video", share, done_s));
  }
  void finish() { line_.finish(); }

 private:
  ProgressLine line_;
  std::chrono::steady_clock::time_point next_{};
};

double rounded(double value, double steps) {
  return std::round(value * steps) / steps;
}

Json to_json(const std::string& file, const Analysis& analysis) {
  constexpr double kTenThousandth = 1e4, kMillionth = 1e6;
  Json events = Json::array();
  for (const auto& event : analysis.events) {
    events.push_back({{"start_s", rounded(event.start_s, kTenThousandth)},
                      {"end_s", rounded(event.end_s, kTenThousandth)},
                      {"peak_score", rounded(event.peak_score, kTenThousandth)},
                      {"area", rounded(event.area, kMillionth)},
                      {"zone", event.zone.empty() ? Json(nullptr) : Json(event.zone)},
                      {"frame_start", event.first_frame},
                      {"frame_end", event.frames_until}});
  }
  return {{"file", file},
          {"width", analysis.width},
          {"height", analysis.height},
          {"frames", analysis.frames},
          {"duration_s", rounded(analysis.duration_s, kTenThousandth)},
          {"events", std::move(events)}};
}

std::string to_csv(const Analysis& analysis) {
  std::string text = "start_s,end_s,peak_score,area,zone,frame_start,frame_end\n";
  for (const auto& event : analysis.events) {
    text += fmt::format("{:.4f},{:.4f},{:.4f},{:.6f},{},{},{}\n", event.start_s, event.end_s, event.peak_score,
                        event.area, event.zone, event.first_frame, event.frames_until);
  }
  return text;
}

std::string to_text(const std::string& file, const Analysis& analysis) {
  const auto& events = analysis.events;
  auto text = fmt::format("{}: {} x {}, {} pictures, {:.1f} s\n", printable(file), analysis.width, analysis.height,
                          analysis.frames, analysis.duration_s);
  if (events.empty()) return text + "Nothing moved that would be an event.\n";
  const bool zones = !events.front().zone.empty();
  text += fmt::format("\n{:>9}  {:>9}  {:>8}{}\n", "from", "to", "area", zones ? "  zone" : "");
  for (const auto& event : events) {
    text += fmt::format("{:>7.2f} s  {:>7.2f} s  {:>6.2f} %{}{}\n", event.start_s, event.end_s, 100 * event.area,
                        event.zone.empty() ? "" : "  ", event.zone);
  }
  return text + fmt::format("\n{} {}\n", events.size(), events.size() == 1 ? "event" : "events");
}

std::string answer_text(const Invocation& invocation, const Analysis& analysis) {
  if (invocation.form == OutputForm::kCsv) return to_csv(analysis);
  if (invocation.form == OutputForm::kText) return to_text(*invocation.file, analysis);
  return to_json(*invocation.file, analysis).dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

int save_drawing(const Invocation& invocation, const Analysis& analysis) {
  const auto png = draw_analysis(analysis);
  if (!png) return report(invocation, kFailed, "no_picture", png.error().message);
  const auto saved = save_picture(*invocation.picture, *png);
  if (!saved) return report(invocation, kFailed, "not_saved", saved.error().message);
  return kGood;
}

}  // namespace

int run_analyze(const Invocation& invocation) {
  if (invocation.picture == "-") {
    return report(invocation, kBadUsage, "usage", "standard output takes the events: name a file for the picture");
  }
  const auto options = options_for(invocation);
  if (!options) return report(invocation, kBadUsage, "bad_settings", lines_of(options.error()));
  log::set_level(log::Level::kError);  // what FFmpeg complains of is part of our own errors
  install_av_log_bridge();
  Progress progress;
  const auto analysis = analyze(*invocation.file, *options, std::ref(progress));
  progress.finish();
  if (!analysis) return report(invocation, kFailed, "unreadable", analysis.error().message);
  if (analysis->damaged_packets > 0) {
    std::fprintf(stderr, "nestbox: %llu damaged parts of the file were passed over\n",
                 static_cast<unsigned long long>(analysis->damaged_packets));
  }
  if (invocation.picture) {
    if (const int status = save_drawing(invocation, *analysis); status != kGood) return status;
  }
  const auto text = answer_text(invocation, *analysis);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kGood;
}

}  // namespace nestbox::cli
