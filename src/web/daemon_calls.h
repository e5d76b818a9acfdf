#pragma once
/// Questions to the daemon's main thread, and its answers as replies.
#include <chrono>
#include <optional>
#include <string>

#include "connection.h"

namespace nestbox::web {

/// As on the command line: the words of `nestbox COMMAND`, and a JSON object. Empty: no answer within `within`.
asio::awaitable<std::optional<Answer>> ask_daemon(Connection& connection, Site& site, std::string command,
                                                  std::string arguments_json, std::chrono::seconds within);

/// 200, 400 for what the asker did wrong, and `failed` for what could not be done.
unsigned http_status_of(const Answer& answer, unsigned failed = 503);

}  // namespace nestbox::web
