#include "focus.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <thread>

#include "format.h"
#include "nestbox/tune/control_client.h"
#include "report.h"
#include "settings_text.h"

namespace nestbox::cli {
namespace {

constexpr std::chrono::milliseconds kInterval(200);

volatile std::sig_atomic_t ended = 0;

void end_on_interrupt() {
  struct sigaction action {};
  action.sa_handler = [](int) { ended = 1; };
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

/// Filled as far as the figure reaches towards the peak.
std::string bar(double figure, double peak) {
  constexpr int kWidth = 40;
  const int filled = peak > 0 ? std::clamp(static_cast<int>(std::lround(kWidth * figure / peak)), 0, kWidth) : 0;
  return '[' + std::string(static_cast<std::size_t>(filled), '#') +
         std::string(static_cast<std::size_t>(kWidth - filled), '.') + ']';
}

std::string figure_text(const Json& body) {
  const auto figure = number_of(body, "sharpness").value_or(0), peak = number_of(body, "peak").value_or(0);
  return fmt::format("{:5.1f} {} peak {:5.1f}  ({})", figure, bar(figure, peak), peak, text_of(body, "light"));
}

void show(const Invocation& invocation, const Answer& answer, const Json& body) {
  const bool on_terminal = ::isatty(STDOUT_FILENO) == 1;
  std::string line = invocation.form == OutputForm::kJson ? answer.json + '\n'
                     : on_terminal                        ? "\r\033[K" + figure_text(body)
                                                          : figure_text(body) + '\n';
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

void end_line(const Invocation& invocation) {
  if (invocation.form == OutputForm::kText && ::isatty(STDOUT_FILENO) == 1) std::fputs("\n", stdout);
}

constexpr auto kTurnIt =
    "this camera's lens has no motor (or the source is no camera). Turn it by hand: `nestbox focus` shows how sharp "
    "the\n"
    "picture is; turn until the figure is at its peak, back and forth across it once, and fix the lens with a drop of\n"
    "nail varnish. Do it again with --infrared in the dark: if the two differ, choose the light that matters more.\n";

/// The source is a camera, and does not complain that it has no lens to move.
bool has_motor(const Json& status) {
  const auto& camera = member(status, "camera");
  if (text_of(camera, "source").rfind("libcamera", 0) != 0) return false;
  for (const auto& note : list_of(camera, "notes")) {
    if (!note.is_string()) continue;
    const auto& text = note.get_ref<const std::string&>();
    if (text.rfind("camera.lens_position", 0) == 0 || text.rfind("camera.autofocus_mode", 0) == 0) return false;
  }
  return true;
}

Call to_set(const char* key, const std::string& value) {
  return {"set", Json{{"key", key}, {"value", value}}.dump()};
}

}  // namespace

int watch_focus(const Invocation& invocation) {
  auto client = tune::ControlClient::connect(invocation.socket);
  if (!client) return report_no_connection(invocation, client.error());
  end_on_interrupt();
  for (bool first = true; ended == 0; first = false) {
    const auto next_at = std::chrono::steady_clock::now() + kInterval;
    const Json arguments{{"light", invocation.infrared ? "infrared" : "day"}, {"reset", first}};
    const auto answer = client->call({"focus", arguments.dump()});
    if (ended != 0) break;
    if (!answer) {
      end_line(invocation);
      return report_no_answer(invocation, answer.error());
    }
    const auto body = Json::parse(answer->json, nullptr, false);
    if (answer->exit_status != kGood) {
      end_line(invocation);
      return report(invocation, answer->exit_status, "no_figure", text_of(member(body, "error"), "message"));
    }
    show(invocation, *answer, body);
    std::this_thread::sleep_until(next_at);
  }
  end_line(invocation);
  return kGood;
}

int lock_focus(const Invocation& invocation) {
  auto client = tune::ControlClient::connect(invocation.socket);
  if (!client) return report_no_connection(invocation, client.error());
  // Set first, since only then the source says whether it can: a lens is no reason for a note before.
  for (const auto& call :
       {to_set("camera.autofocus_mode", "manual"), to_set("camera.lens_position", invocation.value)}) {
    const auto answer = client->call(call);
    if (!answer) return report_no_answer(invocation, answer.error());
    if (answer->exit_status == kGood) continue;
    const auto body = Json::parse(answer->json, nullptr, false);
    return report(invocation, answer->exit_status, "not_set", text_of(member(body, "error"), "message"));
  }
  constexpr std::chrono::milliseconds kUntilItIsSaid(1000);
  std::this_thread::sleep_for(kUntilItIsSaid);
  const auto status = client->call({"status"});
  if (!status) return report_no_answer(invocation, status.error());
  if (has_motor(Json::parse(status->json, nullptr, false))) {
    const auto line = fmt::format("The lens is held at {} dioptres.\n", invocation.value);
    if (invocation.form == OutputForm::kText) std::fputs(line.c_str(), stdout);
    if (invocation.form == OutputForm::kJson) std::fputs("{\"locked\":true}\n", stdout);
    return kGood;
  }
  for (const auto* key : {"camera.autofocus_mode", "camera.lens_position"}) {
    const auto answer = client->call({"reset", Json{{"key", key}}.dump()});
    if (!answer) return report_no_answer(invocation, answer.error());
  }
  return report(invocation, kFailed, "no_lens", kTurnIt);
}

}  // namespace nestbox::cli
