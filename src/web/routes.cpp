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
    Route{"GET", "/api/v1/visits", Access::kSession, RouteHandler::kVisits},
    Route{"GET", "/api/v1/visits/{id}", Access::kSession, RouteHandler::kVisit},
    Route{"PATCH", "/api/v1/visits/{id}", Access::kSession, RouteHandler::kVisitChange},
    Route{"GET", "/api/v1/visits/{id}/why", Access::kSession, RouteHandler::kVisitWhy},
    Route{"GET", "/api/v1/visits/{id}/clip", Access::kSession, RouteHandler::kVisitClip},
    Route{"GET", "/api/v1/visits/{id}/photo", Access::kSession, RouteHandler::kVisitPhoto},
};

bool is_id(std::string_view segment) {
  constexpr std::size_t kDigitsMax = 18;  // whatever fits is an int64
  return !segment.empty() && segment.size() <= kDigitsMax && segment.front() != '0' &&
         segment.find_first_not_of("0123456789") == std::string_view::npos;
}

bool segment_matches(std::string_view pattern, std::string_view segment) {
  if (pattern == "{file}") return !segment.empty();
  if (pattern == "{id}") return is_id(segment);
  return pattern == segment;
}

bool path_matches(std::string_view pattern, std::string_view path) {
  for (;;) {
    const auto pattern_end = pattern.find('/'), path_end = path.find('/');
    if (!segment_matches(pattern.substr(0, pattern_end), path.substr(0, path_end))) return false;
    const bool at_end = pattern_end == std::string_view::npos;
    if (at_end || path_end == std::string_view::npos) return at_end && path_end == std::string_view::npos;
    pattern.remove_prefix(pattern_end + 1);
    path.remove_prefix(path_end + 1);
  }
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
