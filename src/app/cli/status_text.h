#pragma once
/// `nestbox status` for people. Pure.
#include <string>

#include "format.h"

namespace nestbox::cli {

/// The name and state, problems, then a line for each part; ends in a newline. A picture that is simulated or still is
/// never called live, nor is one that only the server has seen: that is "sending".
std::string status_text(const Json& status, const Style& style);

/// "sending 2.9 Mbit/s; check Studio", "retry in 4 s: connection refused" ...
std::string output_text(const Json& output, const Json& status, const Style& style);

}  // namespace nestbox::cli
