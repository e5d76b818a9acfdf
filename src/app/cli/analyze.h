#pragma once
#include "arguments.h"

namespace nestbox::cli {

/// Finds the motion in a video file, without a daemon. Returns the exit status.
int run_analyze(const Invocation& invocation);

}  // namespace nestbox::cli
