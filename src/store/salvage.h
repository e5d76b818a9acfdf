#pragma once
#include <cstdint>
#include <filesystem>

#include "connection.h"

namespace nestbox::store {

/// Copies what can still be read of a damaged database of the same schema into `to`, which is new: visits keep their
/// numbers. Returns how many visits that are; none when nothing makes sense there. `go_on` is told that it gets on.
/// Throws SQLite::Exception when `to` cannot be written; it is as new then.
std::int64_t salvage(const std::filesystem::path& damaged, SQLite::Database& to, const GoOn& go_on);

}  // namespace nestbox::store
