#include "daemon_calls.h"

namespace nestbox::web {

asio::awaitable<std::optional<Answer>> ask_daemon(Connection& connection, Site& site, std::string command,
                                                  std::string arguments_json, std::chrono::seconds within) {
  const std::function<void(std::function<void(Answer)>)> question = [&](std::function<void(Answer)> done) {
    site.ports.calls.call({command, arguments_json}, std::move(done));
  };
  co_return co_await ask<Answer>(site, connection.waiter(), question, std::chrono::steady_clock::now() + within);
}

unsigned http_status_of(const Answer& answer, unsigned failed) {
  constexpr int kGood = 0, kBadUsage = 2;
  if (answer.exit_status == kGood) return 200;
  return answer.exit_status == kBadUsage ? 400 : failed;
}

}  // namespace nestbox::web
