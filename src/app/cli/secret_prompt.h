#pragma once
/// A stream key from whoever sits at the terminal, or from a pipe.
#include <string>

#include "nestbox/base/result.h"
#include "nestbox/base/secret.h"

namespace nestbox::cli {

/// Reads one line from standard input. On a terminal it asks by `prompt` on standard error and shows nothing of what
/// is typed; Ctrl-C, Ctrl-Z and being killed leave the terminal as it was.
/// Errors: kInvalidArgument for an empty, overlong or non-text line.
Result<Secret> read_secret(const std::string& prompt);

}  // namespace nestbox::cli
