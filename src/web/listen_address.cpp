#include "listen_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace nestbox::web {
namespace {

namespace fs = std::filesystem;

bool is_address(const std::string& host, int family) {
  in6_addr room{};
  return inet_pton(family, host.c_str(), &room) == 1;
}

// Socket inodes that listen on `port`, from one of /proc/net/tcp and tcp6: "sl local:port remote:port st ... inode".
void collect_listeners(const char* table, std::uint16_t port, std::set<std::string>& inodes) {
  constexpr const char* kListen = "0A";
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string slot, local, remote, state, queues, timer, retransmits, user, timeout, inode;
    words >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout >> inode;
    if (state == kListen && local.ends_with(fmt::format(":{:04X}", port))) inodes.insert(inode);
  }
}

bool holds_any(const fs::path& process, const std::set<std::string>& inodes) {
  std::error_code error;
  for (fs::directory_iterator fd(process / "fd", error), end; !error && fd != end; fd.increment(error)) {
    std::error_code unreadable;
    const auto target = fs::read_symlink(fd->path(), unreadable).string();
    constexpr std::string_view kSocket = "socket:[";
    if (!target.starts_with(kSocket)) continue;
    if (inodes.count(target.substr(kSocket.size(), target.size() - kSocket.size() - 1)) > 0) return true;
  }
  return false;
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return fail(
        ErrorKind::kInvalidArgument,
        fmt::format("web.listen: \"{}\" {}; right are \"127.0.0.1:8080\", \"[::1]:8080\", \"0.0.0.0:80\"", text, why));
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong("has no port");
  ListenAddress address{std::string(text.substr(0, colon)), 0};
  const auto digits = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (error != std::errc() || end != digits.data() + digits.size()) return wrong("has no port from 0 to 65535");

  const bool bracketed = address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']';
  if (bracketed) address.host = address.host.substr(1, address.host.size() - 2);
  if (!is_address(address.host, bracketed ? AF_INET6 : AF_INET)) return wrong("does not begin with an IP address");
  return address;
}

bool is_loopback(const ListenAddress& address) {
  in_addr v4{};
  if (inet_pton(AF_INET, address.host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, address.host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

std::string url_of(std::string_view scheme, std::string_view host, std::uint16_t port) {
  const bool v6 = host.find(':') != std::string_view::npos;
  return v6 ? fmt::format("{}://[{}]:{}/", scheme, host, port) : fmt::format("{}://{}:{}/", scheme, host, port);
}

std::optional<std::string> holder_of_port(std::uint16_t port) {
  std::set<std::string> inodes;
  collect_listeners("/proc/net/tcp", port, inodes);
  collect_listeners("/proc/net/tcp6", port, inodes);
  if (inodes.empty()) return std::nullopt;

  std::error_code error;
  for (fs::directory_iterator process("/proc", error), end; !error && process != end; process.increment(error)) {
    const auto id = process->path().filename().string();
    if (id.find_first_not_of("0123456789") != std::string::npos || !holds_any(process->path(), inodes)) continue;
    std::string program = "a program";
    std::ifstream comm(process->path() / "comm");
    std::getline(comm, program);
    return fmt::format("{} (process {})", program, id);
  }
  return std::nullopt;
}

}  // namespace nestbox::web
