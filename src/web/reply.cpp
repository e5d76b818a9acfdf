#include "reply.h"

#include <fmt/format.h>

#include <array>
#include <ctime>
#include <nlohmann/json.hpp>

namespace nestbox::web {
namespace {

Reply whole(unsigned status, const char* content_type, std::string body) {
  Reply reply;
  reply.head.status = status;
  reply.head.content_type = content_type;
  reply.body = std::make_shared<const std::string>(std::move(body));
  return reply;
}

}  // namespace

Reply text_reply(unsigned status, std::string body) {
  return whole(status, "text/plain; charset=utf-8", std::move(body));
}

Reply json_reply(unsigned status, std::string body) {
  return whole(status, "application/json", std::move(body));
}

Reply refuse(const Refusal& refusal, std::string_view path) {
  if (!path.starts_with("/api/")) return text_reply(refusal.status, refusal.message + "\n");
  nlohmann::json error = {{"code", refusal.code}, {"message", refusal.message}};
  if (!refusal.allowed.empty()) error["allowed"] = refusal.allowed;
  // A request may hold bytes that are not UTF-8; they become U+FFFD rather than an exception.
  constexpr int kOneLine = -1;
  return json_reply(refusal.status, nlohmann::json{{"error", error}}.dump(kOneLine, ' ', false,
                                                                          nlohmann::json::error_handler_t::replace));
}

const std::vector<std::pair<std::string, std::string>>& security_headers() {
  static const std::vector<std::pair<std::string, std::string>> headers = {
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
       "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
       "require-trusted-types-for 'script'; trusted-types 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      // No other site learns where somebody comes from; our own forms still say it, in Origin.
      {"Referrer-Policy", "same-origin"},
      {"X-Frame-Options", "DENY"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Permissions-Policy", "camera=(), microphone=(), geolocation=()"},
  };
  return headers;
}

std::string http_date(WallTime time) {
  static constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds = std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays.at(static_cast<std::size_t>(utc.tm_wday)),
                     utc.tm_mday, kMonths.at(static_cast<std::size_t>(utc.tm_mon)), 1900 + utc.tm_year, utc.tm_hour,
                     utc.tm_min, utc.tm_sec);
}

}  // namespace nestbox::web
