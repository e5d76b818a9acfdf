#pragma once
/// Visits: the list, one, why it began, and what its owner says of it.
#include <cstdint>
#include <string_view>

#include "connection.h"

namespace nestbox::web {

/// The number in "/api/v1/visits/12/...", which the route table has checked.
std::int64_t visit_in(std::string_view path);

asio::awaitable<void> serve_visits(Connection& connection, Site& site, const Request& request);
asio::awaitable<void> serve_visit(Connection& connection, Site& site, const Request& request);
asio::awaitable<void> serve_why(Connection& connection, Site& site, const Request& request);
/// Star, notes and species: one order to the daemon for each, until one is refused.
asio::awaitable<void> change_visit(Connection& connection, Site& site, const Request& request);

}  // namespace nestbox::web
