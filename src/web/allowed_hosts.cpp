#include "allowed_hosts.h"
#include "nestbox/base/text.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace nestbox::web {
namespace {

constexpr std::size_t kHostNameMax = 253;  // RFC 1035, as text
// A lease may change or a cable go in; a flood of wrong names may not make us walk the interfaces each time.
constexpr auto kLookAgainAfter = std::chrono::seconds(2);

std::string address_text(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return inet_ntop(family, address, text.data(), text.size()) == nullptr ? "" : text.data();
}

std::optional<std::string> short_form_v4(const std::string& text) {
  in_addr address{};
  if (inet_pton(AF_INET, text.c_str(), &address) != 1) return std::nullopt;
  return address_text(AF_INET, &address);
}

std::optional<std::string> short_form_v6(const std::string& text) {
  in6_addr address{};
  if (inet_pton(AF_INET6, text.c_str(), &address) != 1) return std::nullopt;
  if (IN6_IS_ADDR_V4MAPPED(&address)) return address_text(AF_INET, address.s6_addr + 12);
  return address_text(AF_INET6, &address);
}

bool is_loopback(const std::string& host) {
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  return host == "::1" || host == "localhost";
}

bool is_port(std::string_view text) {
  return text.size() <= 5 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kHostNameMax && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

}  // namespace

std::optional<std::string> host_in(std::string_view header) {
  std::string host = lower_case(header);
  if (host.starts_with('[')) {
    const auto close = host.find(']');
    if (close == std::string::npos) return std::nullopt;
    const auto rest = std::string_view(host).substr(close + 1);
    if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return std::nullopt;
    return short_form_v6(host.substr(1, close - 1));
  }
  if (const auto colon = host.rfind(':'); colon != std::string::npos) {
    if (!is_port(std::string_view(host).substr(colon + 1))) return std::nullopt;
    host.resize(colon);
  }
  if (host.ends_with('.')) host.pop_back();
  if (!is_name(host)) return std::nullopt;
  if (auto v4 = short_form_v4(host)) return v4;
  return host;
}

AllowedHosts::AllowedHosts(const std::vector<std::string>& added) {
  for (const auto& entry : added) {
    // An owner may write an IPv6 address with or without its brackets.
    if (auto v6 = short_form_v6(entry))
      added_.insert(*v6);
    else if (auto host = host_in(entry))
      added_.insert(*host);
  }
}

bool AllowedHosts::allows(const std::string& host, BootTime now) {
  if (is_loopback(host) || added_.count(host) > 0) return true;
  if (!looked_at_ || now - *looked_at_ >= kLookAgainAfter) {
    look_at_machine();
    looked_at_ = now;
  }
  return own_.count(host) > 0;
}

void AllowedHosts::look_at_machine() {
  own_.clear();
  std::array<char, kHostNameMax + 1> buffer{};
  if (gethostname(buffer.data(), buffer.size() - 1) == 0) {
    const std::string name = lower_case(buffer.data());
    const std::string label = name.substr(0, name.find('.'));
    own_.insert({name, label, label + ".local"});  // .local: how mDNS announces it
  }
  ifaddrs* interfaces = nullptr;
  if (getifaddrs(&interfaces) != 0) return;
  for (const auto* entry = interfaces; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr) continue;
    const void* address = entry->ifa_addr;
    if (entry->ifa_addr->sa_family == AF_INET) {
      own_.insert(address_text(AF_INET, &static_cast<const sockaddr_in*>(address)->sin_addr));
    } else if (entry->ifa_addr->sa_family == AF_INET6) {
      own_.insert(address_text(AF_INET6, &static_cast<const sockaddr_in6*>(address)->sin6_addr));
    }
  }
  freeifaddrs(interfaces);
}

}  // namespace nestbox::web
