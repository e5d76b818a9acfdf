#pragma once
#include "arguments.h"

namespace nestbox::cli {

/// All visits that were asked for, page by page, as a table, as CSV or as one JSON body. Returns the exit status.
int list_visits(const Invocation& invocation);

}  // namespace nestbox::cli
