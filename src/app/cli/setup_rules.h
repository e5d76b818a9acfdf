#pragma once
/// What `nestbox setup` makes of answers and of the daemon's words. Pure.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format.h"

namespace nestbox::cli {

/// "y", "Yes", "n", "no", and "" for what stands in brackets; nothing for anything else.
std::optional<bool> yes_or_no(std::string_view answer, bool by_default);

std::string without_spaces_around(std::string_view text);

/// The address and port of web.listen; brackets of IPv6 stay.
struct Listen {
  std::string host;
  std::string port;
};
Listen split_listen(const std::string& listen);
/// Whether only this machine reaches it.
bool is_loopback(const Listen& listen);

/// "libcamera:imx708 works: 1280 x 720, 30.0 frames/s." or what is wrong; ends in a newline.
std::string camera_text(const Json& camera);
bool camera_works(const Json& camera);
/// What to look at when there is no picture, one thing a line.
std::string camera_advice(const Json& camera);

/// Where people open the page: NAME.local first, then each address of this machine.
std::vector<std::string> page_addresses(std::string_view scheme, const Listen& listen, const std::string& host_name,
                                        const std::vector<std::string>& machine_addresses);

/// The commands that do what setup does, for scripts.
std::string commands_instead();

}  // namespace nestbox::cli
