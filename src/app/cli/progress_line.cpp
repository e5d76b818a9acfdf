#include "progress_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "format.h"

namespace nestbox::cli {
namespace {

void put_on_terminal(const std::string& text) {
  std::fflush(stdout);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace

ProgressLine::ProgressLine() : on_terminal_(::isatty(STDERR_FILENO) == 1) {}

void ProgressLine::show(std::string_view progress_json) {
  const auto progress = Json::parse(progress_json, nullptr, false);
  const auto state = text_of(progress, "state");
  const auto rate_bps = number_of(progress, "throughput_bps");
  const auto seconds = number_of(progress, "seconds");
  auto text = state.empty() ? std::string("testing") : state;
  if (rate_bps && *rate_bps > 0) text += ' ' + rate_text(*rate_bps);
  if (on_terminal_) {
    put_on_terminal(fmt::format("\r\033[K{:>3.0f} s  {}", seconds.value_or(0), text));
    open_line_ = true;
  } else if (state != last_state_) {
    put_on_terminal(text + '\n');
  }
  last_state_ = state;
}

void ProgressLine::show_for_now(std::string_view text) {
  if (!on_terminal_) return;
  put_on_terminal(fmt::format("\r\033[K{}", text));
  open_line_ = true;
}

void ProgressLine::finish() {
  if (std::exchange(open_line_, false)) put_on_terminal("\r\033[K");
}

}  // namespace nestbox::cli
