#pragma once
/// Who may come in: sessions, and proof that a change comes from our own page.
#include <optional>
#include <string>

#include "connection.h"
#include "nestbox/web/routes.h"

namespace nestbox::web {

/// Reads the cookies of a request and says where it stands.
Visitor visitor_of(Site& site, std::string_view cookie_header, bool secure);

/// Refuses what the route's Access does not allow, and any change (not GET, not HEAD) that has no CSRF token, another
/// body than its route reads, or comes from a foreign page. Nothing: the handler may act.
std::optional<Reply> check_access(const Site& site, const Route& route, const Request& request);

/// What a form of ours must send back as "csrf", or a script as X-CSRF-Token: tied to the visitor's cookie, which no
/// other site can read or guess. Empty where the visitor has none yet.
std::string csrf_token(const Visitor& visitor);

/// 64 hexadecimal digits from the system's random numbers.
std::string random_digits();

/// Values for Set-Cookie. An empty value takes the cookie back.
std::string session_cookie(const std::string& session, bool secure);
std::string visit_cookie(const std::string& visit, bool secure);

}  // namespace nestbox::web
