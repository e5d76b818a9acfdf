#pragma once
/// A stream key or a password from whoever sits at the terminal, or from a pipe.
#include <string>

#include "nestbox/base/result.h"
#include "nestbox/base/secret.h"

namespace nestbox::cli {

/// Reads one line from standard input. On a terminal it asks by `prompt` on standard error and shows nothing of what
/// is typed; Ctrl-C, Ctrl-Z and being killed leave the terminal as it was.
/// `what` it is, "key" or "password", for errors: kInvalidArgument for an empty, overlong or non-text line.
Result<Secret> read_secret(const std::string& prompt, const std::string& what);

}  // namespace nestbox::cli
