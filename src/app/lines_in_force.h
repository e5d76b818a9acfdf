#pragma once
#include <string>

#include "nestbox/base/result.h"
#include "nestbox/config/settings.h"

namespace nestbox {

/// Beside the control socket, while a daemon runs and after one that was killed.
inline constexpr auto kLinesFile = "lines.yaml";

/// The settings of every output line and the lamp, as a configuration of their own.
std::string lines_in_force(const Settings& settings);

/// Makes the lines of such a file idle: lamp dark, no current in the filter's coil, lights out. A filter on a level is
/// left to the kernel. Where there is no file nothing is to be done. Errors: of the first line that could not be had,
/// and of a file that cannot be read; the other lines are done all the same.
Result<void> make_lines_idle(const std::string& file);

}  // namespace nestbox
