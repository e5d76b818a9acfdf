#pragma once
#include "arguments.h"

namespace nestbox::cli {

/// `nestbox doctor`: asks the daemon; where none runs, nestboxd itself looks (`nestboxd --doctor`). Returns the exit
/// status: 0 no fault, 1 some.
int run_doctor(const Invocation& invocation);

}  // namespace nestbox::cli
