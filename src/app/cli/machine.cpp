#include "machine.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <langinfo.h>
#include <locale.h>
#include <net/if.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <thread>

#include "nestbox/base/file.h"

namespace nestbox::cli {
namespace {

struct Freed {
  void operator()(ifaddrs* list) const noexcept { freeifaddrs(list); }
  void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};

std::string address_text(const ifaddrs& entry) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (entry.ifa_addr == nullptr || (entry.ifa_flags & IFF_LOOPBACK) != 0) return {};
  if (entry.ifa_addr->sa_family == AF_INET) {
    const auto& address = reinterpret_cast<const sockaddr_in*>(entry.ifa_addr)->sin_addr;
    const bool link_local = (ntohl(address.s_addr) >> 16) == 0xA9FE;
    return link_local ? "" : inet_ntop(AF_INET, &address, text.data(), text.size());
  }
  if (entry.ifa_addr->sa_family != AF_INET6) return {};
  const auto& address = reinterpret_cast<const sockaddr_in6*>(entry.ifa_addr)->sin6_addr;
  return IN6_IS_ADDR_LINKLOCAL(&address) ? "" : inet_ntop(AF_INET6, &address, text.data(), text.size());
}

FileDescriptor connect_to(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return {};
  const std::unique_ptr<addrinfo, Freed> list(found);
  FileDescriptor socket(::socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{3, 0};
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(socket.get(), list->ai_addr, list->ai_addrlen) != 0) return {};
  return socket;
}

/// The first line of the answer; empty for none. A server that speaks TLS answers with something else.
std::string first_line(const FileDescriptor& socket) {
  constexpr std::string_view kRequest = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  if (::send(socket.get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) return {};
  std::array<char, 256> answer{};
  const auto got = ::recv(socket.get(), answer.data(), answer.size(), 0);
  const std::string text(answer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  return text.substr(0, text.find('\r'));
}

std::string reachable_from_here(const std::string& host) {
  if (host == "0.0.0.0") return "127.0.0.1";
  if (host == "[::]") return "::1";
  return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

}  // namespace

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "nestbox";
  return name.data();
}

std::vector<std::string> machine_addresses() {
  ifaddrs* found = nullptr;
  if (getifaddrs(&found) != 0) return {};
  const std::unique_ptr<ifaddrs, Freed> list(found);
  std::vector<std::string> addresses;
  for (const auto* entry = list.get(); entry != nullptr; entry = entry->ifa_next) {
    auto text = address_text(*entry);
    if (!text.empty()) addresses.push_back(std::move(text));
  }
  std::stable_partition(addresses.begin(), addresses.end(),
                        [](const auto& address) { return address.find(':') == std::string::npos; });
  return addresses;
}

bool terminal_shows_utf8() {
  const char* terminal = std::getenv("TERM");
  if (::isatty(STDOUT_FILENO) != 1 || terminal == nullptr || std::string_view(terminal) == "dumb") return false;
  const locale_t locale = newlocale(LC_CTYPE_MASK, "", nullptr);
  if (locale == nullptr) return false;
  const bool utf8 = std::string_view(nl_langinfo_l(CODESET, locale)) == "UTF-8";
  freelocale(locale);
  return utf8;
}

Result<void> page_answers(const std::string& host, const std::string& port) {
  constexpr int kTries = 20;
  constexpr std::chrono::milliseconds kPause{500};
  const auto address = reachable_from_here(host);
  std::string line;
  for (int i = 0; i < kTries; ++i) {
    if (i > 0) std::this_thread::sleep_for(kPause);
    const auto socket = connect_to(address, port);
    if (!socket) continue;
    line = first_line(socket);
    if (line.find(" 200 ") != std::string::npos) return {};
  }
  return fail(ErrorKind::kTimeout, line.empty() ? fmt::format("nobody answers on port {}", port)
                                                : fmt::format("port {} answers: {}", port, line));
}

}  // namespace nestbox::cli
