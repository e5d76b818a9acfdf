#pragma once
/// The page's focus mode: figures and peaks on request, and what it may change.
#include "connection.h"

namespace nestbox::web {

/// One look by the light that the path ends with. Nothing is measured but for it.
asio::awaitable<void> serve_focus(Connection& connection, Site& site, const Request& request);
/// Begins the peak of a light anew.
asio::awaitable<void> reset_focus(Connection& connection, Site& site, const Request& request);
/// Holds a motor lens at a position.
asio::awaitable<void> lock_focus(Connection& connection, Site& site, const Request& request);

}  // namespace nestbox::web
