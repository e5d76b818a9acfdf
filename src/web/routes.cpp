#include "nestbox/web/routes.h"

#include <array>

namespace nestbox {
namespace {

constexpr std::array kRoutes = {
    Route{"GET", "/", Access::kPicture, RouteHandler::kPage},
    Route{"GET", "/assets/{file}", Access::kOpen, RouteHandler::kAsset},
    Route{"GET", "/snapshot", Access::kPicture, RouteHandler::kSnapshot},
    Route{"GET", "/snapshot/centre", Access::kSession, RouteHandler::kCentre},
    Route{"GET", "/stream", Access::kPicture, RouteHandler::kMjpeg},
    Route{"GET", "/live.mp4", Access::kPicture, RouteHandler::kLive},
    Route{"GET", "/healthz", Access::kOpen, RouteHandler::kHealth},
    Route{"GET", "/login", Access::kOpen, RouteHandler::kLogInPage},
    Route{"POST", "/login", Access::kOpen, RouteHandler::kLogIn},
    Route{"POST", "/logout", Access::kSession, RouteHandler::kLogOut},
    Route{"GET", "/api/v1/session", Access::kPicture, RouteHandler::kSession},
    Route{"GET", "/api/v1/picture", Access::kPicture, RouteHandler::kPicture},
    Route{"GET", "/api/v1/status", Access::kSession, RouteHandler::kStatus},
    Route{"GET", "/api/v1/focus/day", Access::kSession, RouteHandler::kFocus},
    Route{"GET", "/api/v1/focus/infrared", Access::kSession, RouteHandler::kFocus},
    Route{"POST", "/api/v1/focus/reset", Access::kSession, RouteHandler::kFocusReset},
    Route{"POST", "/api/v1/focus/lock", Access::kSession, RouteHandler::kFocusLock},
};

bool path_matches(std::string_view pattern, std::string_view path) {
  constexpr std::string_view kAnyFile = "{file}";
  if (!pattern.ends_with(kAnyFile)) return pattern == path;
  const auto folder = pattern.substr(0, pattern.size() - kAnyFile.size());
  return path.starts_with(folder) && path.size() > folder.size() &&
         path.find('/', folder.size()) == std::string_view::npos;
}

bool method_matches(std::string_view offered, std::string_view asked) {
  return offered == asked || (offered == "GET" && asked == "HEAD");
}

}  // namespace

std::span<const Route> routes() noexcept {
  return kRoutes;
}

RouteMatch match_route(std::string_view method, std::string_view path) {
  RouteMatch match;
  for (const auto& route : kRoutes) {
    if (!path_matches(route.path, path)) continue;
    if (!match.allow.empty()) match.allow += ", ";
    match.allow += route.method;
    if (route.method == "GET") match.allow += ", HEAD";
    if (match.route == nullptr && method_matches(route.method, method)) match.route = &route;
  }
  return match;
}

}  // namespace nestbox
