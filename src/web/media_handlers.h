#pragma once
/// The routes with pictures in them.
#include "connection.h"

namespace nestbox::web {

asio::awaitable<void> serve_snapshot(Connection& connection, Site& site, const Request& request);
/// The middle of the newest picture, pixel for pixel.
asio::awaitable<void> serve_centre(Connection& connection, Site& site, const Request& request);
asio::awaitable<void> serve_mjpeg(Connection& connection, Site& site, const Request& request);
asio::awaitable<void> serve_live(Connection& connection, Site& site, const Request& request);

}  // namespace nestbox::web
