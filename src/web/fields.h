#pragma once
/// Named values as browsers send them.
#include <optional>
#include <string>
#include <string_view>

namespace nestbox::web {

/// The value of a cookie in a Cookie header (RFC 6265, 5.4); empty where it is not there.
std::string cookie_in(std::string_view header, std::string_view name);

/// The decoded value of a field in a body of application/x-www-form-urlencoded. Nothing where it is missing, there
/// twice, or badly encoded.
std::optional<std::string> form_field(std::string_view body, std::string_view name);
/// Whether the field is there at all.
bool has_field(std::string_view body, std::string_view name);

}  // namespace nestbox::web
