#pragma once
/// The routes with pictures in them.
#include "connection.h"

namespace nestbox::web {

asio::awaitable<void> serve_snapshot(Connection& connection, Site& site, const Request& request);
asio::awaitable<void> serve_mjpeg(Connection& connection, Site& site, const Request& request);
asio::awaitable<void> serve_live(Connection& connection, Site& site, const Request& request);

}  // namespace nestbox::web
