#include "handlers.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "access.h"
#include "assets.h"
#include "daemon_calls.h"
#include "focus_handlers.h"
#include "log_in_handlers.h"
#include "media_handlers.h"
#include "nestbox/base/log.h"
#include "recording_handlers.h"
#include "visit_handlers.h"

namespace nestbox::web {
namespace {

constexpr auto kStatusWithin = std::chrono::seconds(2);

asio::awaitable<void> serve_asset(Connection& connection, const Request& request) {
  const auto all = assets();
  const auto asset = std::find_if(all.begin(), all.end(), [&](const Asset& a) { return a.path == request.path; });
  if (asset == all.end()) {
    const auto none = refuse({404, "not_found", "there is no such file", {}}, request.path);
    co_await connection.send(none);
    co_return;
  }
  Reply reply;
  reply.head.content_type = asset->content_type;
  // A file's name changes with its bytes; the page that names it does not.
  reply.head.cache_control = asset->path == "/" ? "no-cache" : "public, max-age=31536000, immutable";
  // A session that is used lives on, in the browser too.
  if (request.visitor.standing == Standing::kSession && asset->path == "/")
    reply.head.more.emplace_back("Set-Cookie", session_cookie(request.visitor.session, request.secure));
  reply.body = std::make_shared<const std::string>(asset->bytes);
  co_await connection.send(reply);
}

asio::awaitable<std::optional<Answer>> ask_status(Connection& connection, Site& site) {
  co_return co_await ask_daemon(connection, site, "status", {}, kStatusWithin);
}

asio::awaitable<void> serve_status(Connection& connection, Site& site, const Request& request) {
  const auto answer = co_await ask_status(connection, site);
  const auto reply =
      answer ? json_reply(http_status_of(*answer), answer->json)
             : refuse({504, "timeout", "the daemon's main loop did not answer within 2 seconds", {}}, request.path);
  co_await connection.send(reply);
}

// Of the status what everybody may know who sees the picture: whether it is a live one.
std::string picture_part(const std::string& status) {
  const auto whole = nlohmann::json::parse(status, nullptr, false);
  nlohmann::json part{{"name", nullptr}, {"camera", {{"state", nullptr}, {"content", nullptr}}}};
  if (!whole.is_object()) return part.dump();
  part["name"] = whole.value("name", nlohmann::json());
  const auto camera = whole.value("camera", nlohmann::json());
  if (camera.is_object())
    for (const auto* key : {"state", "content"}) part["camera"][key] = camera.value(key, nlohmann::json());
  return part.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

asio::awaitable<void> serve_picture(Connection& connection, Site& site, const Request& request) {
  const auto answer = co_await ask_status(connection, site);
  const bool good = answer && http_status_of(*answer) == 200;
  const auto reply = good ? json_reply(200, picture_part(answer->json))
                          : refuse({504, "timeout", "the daemon did not say what its camera does", {}}, request.path);
  co_await connection.send(reply);
}

// Healthy is a daemon whose main loop answers, whatever it has to say: a degraded one still works.
asio::awaitable<void> serve_health(Connection& connection, Site& site) {
  const auto answer = co_await ask_status(connection, site);
  const auto reply =
      answer ? text_reply(200, "ok\n") : text_reply(503, "the daemon's main loop did not answer within 2 seconds\n");
  co_await connection.send(reply);
}

std::optional<CheckFailure> check_host(const std::vector<std::string>& hosts, Site& site) {
  const auto host = hosts.size() == 1 ? host_in(hosts.front()) : std::nullopt;
  if (!host)
    return CheckFailure{{400, "bad_request", "a request needs exactly one Host header, with a name or address", {}},
                        {}};
  if (site.hosts.allows(*host, BootClock::now())) return std::nullopt;
  NESTBOX_LOG_INFO("web", "refused a request for the host \"{}\", which is not in web.allowed_hosts", *host);
  return CheckFailure{{421,
                       "misdirected_request",
                       fmt::format("\"{}\" is not a name of this machine; if it should be one, add it to "
                                   "web.allowed_hosts in nestbox.yaml",
                                   *host),
                       {}},
                      {}};
}

}  // namespace

std::optional<CheckFailure> check_request(std::string_view method, std::string_view path,
                                          const std::vector<std::string>& hosts, Site& site) {
  if (auto failure = check_host(hosts, site)) return failure;
  if (!path.starts_with('/'))
    return CheckFailure{{400, "bad_request", "the request's target must be a path that begins with /", {}}, {}};
  auto match = match_route(method, path);
  if (match.route != nullptr) return std::nullopt;
  if (match.allow.empty()) return CheckFailure{{404, "not_found", "there is nothing at this address", {}}, {}};
  return CheckFailure{{405, "method_not_allowed", "this address answers " + match.allow + " alone", {}}, match.allow};
}

asio::awaitable<void> handle(Connection& connection, Site& site, const Route& route, const Request& request) {
  switch (route.handler) {
    case RouteHandler::kPage:
    case RouteHandler::kAsset:
      co_await serve_asset(connection, request);
      break;
    case RouteHandler::kSnapshot:
      co_await serve_snapshot(connection, site, request);
      break;
    case RouteHandler::kCentre:
      co_await serve_centre(connection, site, request);
      break;
    case RouteHandler::kMjpeg:
      co_await serve_mjpeg(connection, site, request);
      break;
    case RouteHandler::kLive:
      co_await serve_live(connection, site, request);
      break;
    case RouteHandler::kHealth:
      co_await serve_health(connection, site);
      break;
    case RouteHandler::kStatus:
      co_await serve_status(connection, site, request);
      break;
    case RouteHandler::kFocus:
      co_await serve_focus(connection, site, request);
      break;
    case RouteHandler::kFocusReset:
      co_await reset_focus(connection, site, request);
      break;
    case RouteHandler::kFocusLock:
      co_await lock_focus(connection, site, request);
      break;
    case RouteHandler::kVisits:
      co_await serve_visits(connection, site, request);
      break;
    case RouteHandler::kVisit:
      co_await serve_visit(connection, site, request);
      break;
    case RouteHandler::kVisitChange:
      co_await change_visit(connection, site, request);
      break;
    case RouteHandler::kVisitWhy:
      co_await serve_why(connection, site, request);
      break;
    case RouteHandler::kVisitClip:
      co_await serve_recording(connection, site, request, RecordingOpener::What::kClip);
      break;
    case RouteHandler::kVisitPhoto:
      co_await serve_recording(connection, site, request, RecordingOpener::What::kPhoto);
      break;
    case RouteHandler::kPicture:
      co_await serve_picture(connection, site, request);
      break;
    case RouteHandler::kSession:
      co_await serve_session(connection, site, request);
      break;
    case RouteHandler::kLogInPage:
      co_await serve_log_in_page(connection, site, request);
      break;
    case RouteHandler::kLogIn:
      co_await log_in(connection, site, request);
      break;
    case RouteHandler::kLogOut:
      co_await log_out(connection, site, request);
      break;
  }
}

}  // namespace nestbox::web
