#pragma once
/// From a request to its reply.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connection.h"
#include "nestbox/web/routes.h"

namespace nestbox::web {

struct CheckFailure {
  Refusal what;
  std::string allow;  ///< for the Allow header; empty for none
};
/// What every request must pass before its handler sees it: one Host header of ours, a known path, one of its methods.
std::optional<CheckFailure> check_request(std::string_view method, std::string_view path,
                                          const std::vector<std::string>& hosts, Site& site);

/// Writes exactly one reply, or closes the connection.
asio::awaitable<void> handle(Connection& connection, Site& site, const Route& route, const Request& request);

}  // namespace nestbox::web
