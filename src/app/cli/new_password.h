#pragma once
/// A new password for the page.
#include <string>

#include "nestbox/base/result.h"
#include "nestbox/base/secret.h"

namespace nestbox::cli {

/// From a terminal: asks twice, without showing it. From a pipe: its first line.
/// Errors: kInvalidArgument for a weak one, with what is weak, and for two that differ.
Result<Secret> read_new_password(const std::string& box_name);

}  // namespace nestbox::cli
