#include "secret_url.h"
#include "nestbox/base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace nestbox::config {
namespace {

struct UrlParts {
  std::string_view user, host, path, query;  ///< the path without its first slash
};

UrlParts split_url(std::string_view url) {
  UrlParts parts;
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
    url.remove_prefix(scheme + 3);
    const auto authority = url.substr(0, url.find_first_of("/?"));
    url.remove_prefix(authority.size());
    const auto at = authority.rfind('@');
    parts.user = at == std::string_view::npos ? std::string_view() : authority.substr(0, at);
    parts.host = at == std::string_view::npos ? authority : authority.substr(at + 1);
    if (parts.host.empty() || parts.host[0] != '[') parts.host = parts.host.substr(0, parts.host.find(':'));
  }
  const auto question = url.find('?');
  parts.path = url.substr(0, question);
  if (question != std::string_view::npos) parts.query = url.substr(question + 1);
  while (!parts.path.empty() && parts.path[0] == '/') parts.path.remove_prefix(1);
  return parts;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> fields;
  while (!text.empty()) {
    const auto end = text.find_first_of(separators);
    if (end != 0) fields.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return fields;
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// ab1c-efgh-ijkl-mnop and one group more: YouTube. A digit must be in it, or "nest-barn-owls-live" would be a key.
bool is_youtube_key(std::string_view text) {
  if (text.find_first_of("0123456789") == std::string_view::npos) return false;
  const auto groups = split(text, "-");
  const bool fours = std::all_of(groups.begin(), groups.end(), [](auto group) {
    return group.size() == 4 && std::all_of(group.begin(), group.end(), is_letter_or_digit);
  });
  return fours && (groups.size() == 4 || groups.size() == 5);
}

bool begins_with_number_after(std::string_view text, std::string_view prefix) {
  return text.size() > prefix.size() && text.substr(0, prefix.size()) == prefix && text[prefix.size()] >= '0' &&
         text[prefix.size()] <= '9';
}

bool is_shaped_like_key(std::string_view text) {
  return is_youtube_key(text) || begins_with_number_after(text, "live_") || begins_with_number_after(text, "FB-");
}

/// Hosts that give out one application and a key: what follows the application is the key.
bool is_platform(std::string_view host) {
  constexpr std::array<std::string_view, 8> kDomains = {"youtube.com",  "twitch.tv",     "live-video.net",
                                                        "facebook.com", "instagram.com", "restream.io",
                                                        "vimeo.com",    "trovo.live"};
  const auto name = lower_case(host);
  return std::any_of(kDomains.begin(), kDomains.end(), [&](auto domain) {
    if (name.size() < domain.size() || name.substr(name.size() - domain.size()) != domain) return false;
    return name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.';
  });
}

bool is_secret_field(std::string_view field) {
  constexpr std::array<std::string_view, 18> kNames = {
      "key",        "streamkey", "stream_key", "stream-key", "token",  "access_token", "accesstoken", "auth", "pass",
      "passphrase", "password",  "passwd",     "pwd",        "secret", "sig",          "signature",   "cid",  "jwt"};
  const auto name = lower_case(field);
  if (name.substr(0, 2) == "s_") return true;  // Facebook's keys: FB-1234-0-Abc?s_bl=1&s_sw=0
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

}  // namespace

std::string secret_in_url(std::string_view url) {
  const auto parts = split_url(url);
  if (parts.user.find(':') != std::string_view::npos) return "a password before the @";
  for (const auto field : split(parts.query, "&")) {
    const auto name = field.substr(0, field.find('='));
    if (is_secret_field(name) && name != field) return fmt::format("the query field \"{}\"", name);
  }
  const auto segments = split(parts.path, "/");
  const auto in_query = split(parts.query, "&=/");
  if (std::any_of(segments.begin(), segments.end(), is_shaped_like_key) ||
      std::any_of(in_query.begin(), in_query.end(), is_shaped_like_key)) {
    return "a part that has the shape of a stream key";
  }
  if (is_platform(parts.host)) {
    const bool slash_in_query = parts.query.find('/') != std::string_view::npos;
    if (segments.size() > 1 || slash_in_query) return "the part after the application's name, which is the stream key";
  }
  return "";
}

}  // namespace nestbox::config
