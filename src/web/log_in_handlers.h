#pragma once
/// Coming in and going out: /login, /logout, /api/v1/session.
#include "connection.h"

namespace nestbox::web {

asio::awaitable<void> serve_log_in_page(Connection& connection, const Site& site, const Request& request);
asio::awaitable<void> log_in(Connection& connection, Site& site, const Request& request);
asio::awaitable<void> log_out(Connection& connection, Site& site, const Request& request);
asio::awaitable<void> serve_session(Connection& connection, const Site& site, const Request& request);

/// The log-in page with a line about what went wrong, for a refused attempt. Never names why a password is wrong.
Reply log_in_page(const Request& request, unsigned status, std::string_view problem);

}  // namespace nestbox::web
