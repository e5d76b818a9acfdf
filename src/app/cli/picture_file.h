#pragma once
/// Where a snapshot goes.
#include <string>
#include <string_view>

#include "nestbox/base/result.h"

namespace nestbox::cli {

/// "kestrel_2026-11-20_12-53-18.jpg", in the working directory; "-2" and so on where that exists.
/// `taken_at` is RFC 3339: the box's own local time.
std::string free_picture_name(std::string_view box_name, std::string_view taken_at);

/// Replaces a file at once or not at all; through a link; a pipe or a device is written to. "-" is standard output.
Result<void> save_picture(const std::string& file, const std::string& jpeg);

}  // namespace nestbox::cli
