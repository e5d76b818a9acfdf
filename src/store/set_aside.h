#pragma once
#include <filesystem>
#include <string>

#include "nestbox/base/clock.h"
#include "nestbox/base/result.h"

namespace nestbox::store {

/// Renames a damaged database, and what SQLite keeps beside it, to NAME.damaged-2026-11-21T213000Z, where sqlite3 can
/// still open it. Returns the new file name, without the folder. Errors: kUnavailable when the disk refuses.
Result<std::string> set_aside(const std::filesystem::path& database, WallTime now);

}  // namespace nestbox::store
