#pragma once
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "nestbox/base/result.h"

namespace nestbox::tune {

inline const sockaddr* as_sockaddr(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

/// Errors: kInvalidArgument for a path that is empty or longer than unix(7) allows.
inline Result<sockaddr_un> socket_address(const std::string& path) {
  sockaddr_un address{};
  constexpr std::size_t kPathMax = sizeof address.sun_path - 1;
  if (path.empty()) return fail(ErrorKind::kInvalidArgument, "the path of the socket is empty");
  if (path.size() > kPathMax || path.find('\0') != std::string::npos) {
    return fail(
        ErrorKind::kInvalidArgument,
        fmt::format("{}: a socket's path has at most {} characters; this one has {}", path, kPathMax, path.size()));
  }
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, kPathMax);
  return address;
}

}  // namespace nestbox::tune
