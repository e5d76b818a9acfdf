#pragma once
/// Where the page listens, and who sits there already.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "nestbox/base/result.h"

namespace nestbox::web {

struct ListenAddress {
  std::string host;  ///< an IPv4 or IPv6 address, without brackets
  std::uint16_t port = 0;
};

/// "127.0.0.1:8080", "[::1]:8080", "0.0.0.0:80". Errors: kInvalidArgument.
Result<ListenAddress> parse_listen_address(std::string_view text);

/// Whether only this machine reaches it.
bool is_loopback(const ListenAddress& address);

/// "http://[::1]:8080/".
std::string url_of(std::string_view scheme, std::string_view host, std::uint16_t port);

/// The program that listens on a TCP port of this machine: "nginx (process 123)". Empty when /proc does not tell,
/// because there is none or because it belongs to somebody else.
std::optional<std::string> holder_of_port(std::uint16_t port);

}  // namespace nestbox::web
