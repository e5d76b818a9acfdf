#pragma once
#include <string>

#include "arguments.h"
#include "format.h"

namespace nestbox::cli {

/// What the running box has kept of recent motion, under its settings and under those of --config and --set.
/// Returns the exit status.
int run_replay(const Invocation& invocation);

/// The answer in words. Pure.
std::string replay_text(const Json& body, const Style& style);

}  // namespace nestbox::cli
