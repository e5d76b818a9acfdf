#pragma once
#include "arguments.h"

namespace nestbox::cli {

/// Asks the daemon and prints its answer. Returns the exit status.
int run(const Invocation& invocation);

}  // namespace nestbox::cli
