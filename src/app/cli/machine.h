#pragma once
/// What setup asks this machine itself.
#include <string>
#include <vector>

#include "nestbox/base/result.h"

namespace nestbox::cli {

std::string host_name();
/// Addresses that others may reach: no loopback, no link-local ones; IPv4 first.
std::vector<std::string> machine_addresses();
/// Whether standard output is a terminal that shows UTF-8.
bool terminal_shows_utf8();
/// Asks the page on this machine for /healthz, for as long as 10 s. `host` is that of web.listen.
Result<void> page_answers(const std::string& host, const std::string& port);

}  // namespace nestbox::cli
