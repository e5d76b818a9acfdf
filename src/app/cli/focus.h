#pragma once
#include "arguments.h"

namespace nestbox::cli {

/// `nestbox focus`: figure, bar and peak, five times a second until Ctrl-C. Returns the exit status.
int watch_focus(const Invocation& invocation);
/// `nestbox focus lock DIOPTRES`: holds a motor lens there, or says what to do with a lens that has none.
int lock_focus(const Invocation& invocation);

}  // namespace nestbox::cli
