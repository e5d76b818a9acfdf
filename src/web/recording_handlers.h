#pragma once
/// Clips and photographs of visits, from the disk to the browser.
#include "connection.h"

namespace nestbox::web {

/// The file itself, or the part of it that a Range asks for; in pieces, read as the client takes them.
asio::awaitable<void> serve_recording(Connection& connection, Site& site, const Request& request,
                                      RecordingOpener::What what);

}  // namespace nestbox::web
