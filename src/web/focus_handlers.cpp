#include "focus_handlers.h"

#include <nlohmann/json.hpp>

#include "daemon_calls.h"
#include "fields.h"

namespace nestbox::web {
namespace {

using Json = nlohmann::json;

constexpr auto kFocusWithin = std::chrono::seconds(5);  // the daemon itself waits 2 s for a picture
constexpr unsigned kUnavailable = 503, kConflict = 409;

// Text of strangers may be no UTF-8: it becomes U+FFFD rather than an exception.
std::string dump(const Json& arguments) {
  return arguments.dump(-1, ' ', false, Json::error_handler_t::replace);
}

asio::awaitable<void> pass_on(Connection& connection, Site& site, const Request& request, const Json& arguments,
                              unsigned failed) {
  auto arguments_json = dump(arguments);
  const auto answer = co_await ask_daemon(connection, site, "focus", std::move(arguments_json), kFocusWithin);
  const auto reply = answer ? json_reply(http_status_of(*answer, failed), answer->json)
                            : refuse({504, "timeout", "the daemon did not answer within 5 seconds", {}}, request.path);
  co_await connection.send(reply);
}

}  // namespace

asio::awaitable<void> serve_focus(Connection& connection, Site& site, const Request& request) {
  if (request.head_only) {
    Reply reply;
    reply.head.content_type = "application/json";
    co_await connection.send(reply);
    co_return;
  }
  Json arguments;
  arguments["light"] = request.path.substr(request.path.rfind('/') + 1);
  co_await pass_on(connection, site, request, arguments, kUnavailable);
}

asio::awaitable<void> reset_focus(Connection& connection, Site& site, const Request& request) {
  Json arguments;
  arguments["action"] = "reset";
  arguments["light"] = form_field(request.body, "light").value_or("");
  co_await pass_on(connection, site, request, arguments, kConflict);
}

asio::awaitable<void> lock_focus(Connection& connection, Site& site, const Request& request) {
  Json arguments;
  arguments["action"] = "lock";
  arguments["dioptres"] = form_field(request.body, "dioptres").value_or("");
  co_await pass_on(connection, site, request, arguments, kConflict);
}

}  // namespace nestbox::web
