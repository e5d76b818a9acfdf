#include "focus.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <string_view>
#include <thread>

#include "format.h"
#include "nestbox/tune/control_client.h"
#include "report.h"

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
std::string bar(double figure, double peak, int width) {
  const int filled = peak > 0 ? std::clamp(static_cast<int>(std::lround(width * figure / peak)), 0, width) : 0;
  return '[' + std::string(static_cast<std::size_t>(filled), '#') +
         std::string(static_cast<std::size_t>(width - filled), '.') + ']';
}

const char* light_name(std::string_view light) {
  return light == "infrared" ? "infra-red" : "day";
}

/// On one line of a narrow terminal, or it could not be written over: the bar takes what is left.
std::string figure_text(const Json& body) {
  constexpr int kColumns = 79, kBarShortest = 10, kBarLongest = 40;
  const auto figure = number_of(body, "sharpness").value_or(0), peak = number_of(body, "peak").value_or(0);
  auto peaks = fmt::format("peak {:5.1f}  ({}", peak, light_name(text_of(body, "light")));
  const auto* const other = text_of(body, "light") == "day" ? "infrared" : "day";
  if (const auto other_peak = number_of(member(body, "peaks"), other))
    peaks += fmt::format("; {} {:.1f}", light_name(other), *other_peak);
  peaks += ')';
  if (const auto own = number_of(body, "focus_measure"))
    peaks += fmt::format("  camera {:.0f} of {:.0f}", *own, number_of(body, "focus_measure_peak").value_or(*own));
  const auto number = fmt::format("{:5.1f}", figure);
  const int left = kColumns - static_cast<int>(number.size() + peaks.size() + std::string_view(" [] ").size());
  return fmt::format("{} {} {}", number, bar(figure, peak, std::clamp(left, kBarShortest, kBarLongest)), peaks);
}

constexpr auto kNoFigureOfItsOwn =
    "This source has no sharpness figure of its own (FocusFoM): the figure is nestbox's alone.\n";

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

/// False when there was no good answer; `status` is then what the command ends with.
bool ask(const Invocation& invocation, tune::ControlClient& client, const Json& arguments, Answer& answer,
         int& status) {
  auto got = client.call({"focus", arguments.dump()});
  if (ended != 0) return false;
  if (!got) {
    end_line(invocation);
    status = report_no_answer(invocation, got.error());
    return false;
  }
  answer = std::move(*got);
  if (answer.exit_status == kGood) return true;
  end_line(invocation);
  const auto cause = member(Json::parse(answer.json, nullptr, false), "error");
  const auto code = text_of(cause, "code");
  status = report(invocation, answer.exit_status, code.c_str(),
                  code == "no_lens" ? std::string(kTurnIt) : text_of(cause, "message"));
  return false;
}

}  // namespace

int watch_focus(const Invocation& invocation) {
  auto client = tune::ControlClient::connect(invocation.socket);
  if (!client) return report_no_connection(invocation, client.error());
  end_on_interrupt();
  const auto* const light = invocation.infrared ? "infrared" : "day";
  Answer answer;
  int status = kGood;
  if (invocation.reset && !ask(invocation, *client, {{"action", "reset"}, {"light", light}}, answer, status))
    return status;
  for (bool first = true; ended == 0; first = false) {
    const auto next_at = std::chrono::steady_clock::now() + kInterval;
    if (!ask(invocation, *client, {{"light", light}}, answer, status)) break;
    const auto body = Json::parse(answer.json, nullptr, false);
    const bool silent = !number_of(body, "focus_measure");
    if (first && silent && invocation.form == OutputForm::kText) std::fputs(kNoFigureOfItsOwn, stdout);
    show(invocation, answer, body);
    std::this_thread::sleep_until(next_at);
  }
  if (status == kGood) end_line(invocation);
  return status;
}

int lock_focus(const Invocation& invocation) {
  auto client = tune::ControlClient::connect(invocation.socket);
  if (!client) return report_no_connection(invocation, client.error());
  Answer answer;
  int status = kGood;
  if (!ask(invocation, *client, {{"action", "lock"}, {"dioptres", invocation.value}}, answer, status)) return status;
  const auto line = invocation.form == OutputForm::kJson
                        ? answer.json + '\n'
                        : fmt::format("The lens is held at {} dioptres.\n", invocation.value);
  std::fputs(line.c_str(), stdout);
  return kGood;
}

}  // namespace nestbox::cli
