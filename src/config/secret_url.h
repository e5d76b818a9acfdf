#pragma once
/// What a URL in a configuration may not carry, since the file is read, copied and shown to helpers.
#include <string>
#include <string_view>

namespace nestbox::config {

/// What in this address is secret, without repeating it: "a password before the @"; empty for an address that is clean.
/// Known are passwords before the host, query fields named like keys, texts shaped like the keys of YouTube, Twitch
/// and Facebook, and anything beyond the application's name on the hosts of such platforms.
std::string secret_in_url(std::string_view url);

}  // namespace nestbox::config
