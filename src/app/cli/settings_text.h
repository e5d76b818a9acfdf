#pragma once
/// Settings, changes and errors for people. Pure; every text ends in a newline.
#include <string>

#include "format.h"

namespace nestbox::cli {

std::string settings_text(const Json& body, const Style& style);         ///< of `get`
std::string one_setting_text(const Json& body, const Style& style);      ///< of `get KEY`
std::string differences_text(const Json& body);                          ///< of `diff`
std::string changed_text(const Json& body, const std::string& nothing);  ///< of `set`, `reset`, `reload`

/// {"error":{...}}: message, key, what is allowed, what is nearest.
std::string error_text(const Json& body);

}  // namespace nestbox::cli
