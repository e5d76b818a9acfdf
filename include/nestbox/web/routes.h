#pragma once
/// Every route of the page and the API, in one table: the server dispatches by it, docs/api.md lists it, a test reads
/// it. Nothing else is served.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace nestbox {

/// Who may use a route where the listener can be reached from other machines. On loopback everybody may use all.
enum class Access : std::uint8_t {
  kOpen,     ///< whoever reaches the listener
  kPicture,  ///< who has logged in; with web.public_page whoever reaches the listener
  kSession,  ///< who has logged in
};

enum class RouteHandler : std::uint8_t {
  kPage,
  kAsset,
  kSnapshot,
  kCentre,
  kMjpeg,
  kLive,
  kHealth,
  kStatus,
  kPicture,
  kFocus,
  kFocusReset,
  kFocusLock,
  kVisits,
  kVisit,
  kVisitChange,
  kVisitWhy,
  kVisitClip,
  kVisitPhoto,
  kSession,
  kLogInPage,
  kLogIn,
  kLogOut,
};

/// A GET route answers HEAD too; any other method wants a CSRF token, on loopback as well. In `path` a segment "{file}"
/// stands for one segment of any text, "{id}" for a whole number of at most 18 digits without zeros before it.
struct Route {
  std::string_view method;
  std::string_view path;
  Access access;
  RouteHandler handler;
};

std::span<const Route> routes() noexcept;

/// What the table says about a request. `path` is compared byte for byte: nothing is decoded, so nothing can climb.
struct RouteMatch {
  const Route* route = nullptr;  ///< null: unknown path, or a path without this method
  std::string allow;             ///< the path's methods ("GET, HEAD"); empty for an unknown path
};
RouteMatch match_route(std::string_view method, std::string_view path);

}  // namespace nestbox
