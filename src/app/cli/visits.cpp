#include "visits.h"

#include <unistd.h>

#include <cstdio>

#include "format.h"
#include "nestbox/tune/control_client.h"
#include "report.h"
#include "settings_text.h"
#include "visits_text.h"

namespace nestbox::cli {
namespace {

constexpr int kPage = 500;

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

Call page_after(const Invocation& invocation, const Json& before) {
  const Json since = invocation.since ? Json(*invocation.since) : Json(nullptr);
  const Json arguments = {{"since", since}, {"before", before}, {"limit", kPage}};
  return {"visits", arguments.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

int show_refusal(const Invocation& invocation, const Answer& answer, const Json& body) {
  if (invocation.form == OutputForm::kJson) print(answer.json + '\n');
  const auto text = error_text(body);
  std::fwrite(text.data(), 1, text.size(), stderr);
  return answer.exit_status == kGood ? kFailed : answer.exit_status;
}

std::string shown(const Invocation& invocation, const Json& visits) {
  if (invocation.form == OutputForm::kCsv) return visits_csv(visits);
  if (invocation.form == OutputForm::kText) return visits_text(visits, style_for(STDOUT_FILENO));
  const Json body = {{"visits", visits}, {"next", nullptr}};
  return body.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace

int list_visits(const Invocation& invocation) {
  auto client = tune::ControlClient::connect(invocation.socket);
  if (!client) return report_no_connection(invocation, client.error());
  auto visits = Json::array();
  Json before = nullptr;
  do {
    const auto answer = client->call(page_after(invocation, before));
    if (!answer) return report_no_answer(invocation, answer.error());
    const auto body = Json::parse(answer->json, nullptr, false);
    if (answer->exit_status != kGood || member(body, "error").is_object()) {
      return show_refusal(invocation, *answer, body);
    }
    for (const auto& visit : list_of(body, "visits")) visits.push_back(visit);
    const auto& next = member(body, "next");
    // Ids fall from page to page: a daemon that does not keep to it is not asked for ever.
    const bool goes_on = next.is_number_integer() && (before.is_null() || next < before);
    before = goes_on ? next : Json(nullptr);
  } while (!before.is_null());
  print(shown(invocation, visits));
  return kGood;
}

}  // namespace nestbox::cli
