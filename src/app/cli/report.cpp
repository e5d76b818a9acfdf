#include "report.h"

#include <cstdio>

#include "format.h"
#include "settings_text.h"

namespace nestbox::cli {
namespace {

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}
void complain(const std::string& text) {
  std::fflush(stdout);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace

int report(const Invocation& invocation, int exit_status, const char* code, const std::string& message,
           const std::string& advice) {
  const Json body{{"error", {{"code", code}, {"message", message}}}};
  if (invocation.form == OutputForm::kJson) print(body.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n');
  complain(error_text(body) + advice);
  return exit_status;
}

int report_no_connection(const Invocation& invocation, const Error& error) {
  if (error.kind == ErrorKind::kNotFound || error.kind == ErrorKind::kUnavailable) {
    return report(invocation, kNotRunning, "not_running", error.message,
                  "  start it:           sudo systemctl start nestbox\n"
                  "  see why it stopped: journalctl -u nestbox -n 50\n"
                  "  it runs elsewhere:  nestbox --socket PATH (the daemon's control.socket)\n");
  }
  return report(invocation, kFailed, "no_connection", error.message);
}

int report_no_answer(const Invocation& invocation, const Error& error) {
  const bool ours = error.kind == ErrorKind::kInvalidArgument;
  return report(invocation, ours ? kBadUsage : kFailed, "no_answer", error.message);
}

}  // namespace nestbox::cli
