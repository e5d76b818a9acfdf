#include "access.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "fields.h"
#include "log_in_handlers.h"
#include "nestbox/base/assert.h"
#include "nestbox/base/text.h"

namespace nestbox::web {
namespace {

constexpr std::string_view kSessionName = "nestbox-session", kVisitName = "nestbox-visit";
constexpr std::size_t kRandomBytes = 32;

// Under TLS the prefix makes browsers refuse a cookie of this name that anybody else set (RFC 6265bis, 4.1.3).
std::string cookie_name(std::string_view name, bool secure) {
  return (secure ? "__Host-" : "") + std::string(name);
}

std::string cookie(std::string_view name, const std::string& value, std::chrono::seconds life, bool secure) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}", cookie_name(name, secure), value,
                     value.empty() ? 0 : life.count(), secure ? "; Secure" : "");
}

bool is_token(const std::string& text) {
  return text.size() == 2 * kRandomBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string hexadecimal(const unsigned char* bytes, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += fmt::format("{:02x}", bytes[i]);
  return text;
}

bool same(const std::string& a, const std::string& b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// A browser says which page a change comes from. The scheme is not compared: a proxy may add TLS.
bool is_foreign(const Request& request) {
  if (!request.origin) return false;
  const auto scheme_end = request.origin->find("://");
  return scheme_end == std::string::npos ||
         lower_case(request.origin->substr(scheme_end + 3)) != lower_case(request.host);
}

struct BodyKind {
  const char* name;
  const char* content_type;
};

BodyKind body_of(const Route& route) {
  if (route.method == "PATCH") return {"JSON", "application/json"};
  return {"a form", "application/x-www-form-urlencoded"};
}

bool is_a(const BodyKind& kind, const Request& request) {
  return lower_case(request.content_type.substr(0, request.content_type.find(';'))) == kind.content_type;
}

bool has_right_token(const Request& request) {
  const auto right = csrf_token(request.visitor);
  if (right.empty()) return false;
  const auto sent = request.csrf_header.empty() ? form_field(request.body, "csrf").value_or("") : request.csrf_header;
  return same(right, sent);
}

Reply to_log_in() {
  auto reply = text_reply(303, "");
  reply.head.more.emplace_back("Location", "/login");
  return reply;
}

std::optional<Reply> check_change(const Route& route, const Request& request) {
  if (is_foreign(request))
    return refuse({403, "foreign_origin", "this request comes from the page of another site", {}}, request.path);
  const auto kind = body_of(route);
  if (!is_a(kind, request)) {
    return refuse({415,
                   "unsupported_media_type",
                   fmt::format("the body must be {} ({})", kind.name, kind.content_type),
                   {kind.content_type}},
                  request.path);
  }
  if (has_right_token(request)) return std::nullopt;
  if (route.handler == RouteHandler::kLogIn)
    return log_in_page(request, 403, "This page was too old, or your browser keeps no cookies. Please try again.");
  return refuse({403, "csrf", "the request does not carry this visit's CSRF token; load the page again", {}},
                request.path);
}

bool may_come_in(const Site& site, Access access, Standing standing) {
  if (standing != Standing::kStranger || access == Access::kOpen) return true;
  return access == Access::kPicture && site.public_page;
}

}  // namespace

Visitor visitor_of(Site& site, std::string_view cookie_header, bool secure) {
  Visitor visitor;
  const auto session = cookie_in(cookie_header, cookie_name(kSessionName, secure));
  const auto visit = cookie_in(cookie_header, cookie_name(kVisitName, secure));
  if (is_token(visit)) visitor.visit = visit;
  if (!site.guarded) {
    visitor.standing = Standing::kLocal;
  } else if (is_token(session) && site.ports.doorkeeper.knows(session)) {
    visitor.standing = Standing::kSession;
    visitor.session = session;
  }
  return visitor;
}

std::optional<Reply> check_access(const Site& site, const Route& route, const Request& request) {
  if (!may_come_in(site, route.access, request.visitor.standing)) {
    if (route.handler == RouteHandler::kPage) return to_log_in();
    return refuse({401, "log_in", "log in first, at /login", {}}, request.path);
  }
  return route.method == "GET" ? std::nullopt : check_change(route, request);
}

std::string csrf_token(const Visitor& visitor) {
  const auto& key = visitor.session.empty() ? visitor.visit : visitor.session;
  if (key.empty()) return {};
  constexpr std::string_view kPurpose = "nestbox csrf";
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  const auto* made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                          reinterpret_cast<const unsigned char*>(kPurpose.data()), kPurpose.size(), mac.data(), &size);
  NESTBOX_ASSERT(made != nullptr);
  return hexadecimal(mac.data(), size);
}

std::string random_digits() {
  std::array<unsigned char, kRandomBytes> bytes{};
  const bool filled = RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1;
  NESTBOX_ASSERT(filled);
  return hexadecimal(bytes.data(), bytes.size());
}

std::string session_cookie(const std::string& session, bool secure) {
  return cookie(kSessionName, session, Doorkeeper::kSessionLife, secure);
}

std::string visit_cookie(const std::string& visit, bool secure) {
  return cookie(kVisitName, visit, std::chrono::hours(24), secure);
}

}  // namespace nestbox::web
