#pragma once
/// One connection to the database: opened, checked, brought up to date. SQLiteCpp's exceptions get as far as this
/// folder's .cpp files that include it.
#include <SQLiteCpp/Database.h>

#include <filesystem>
#include <functional>
#include <memory>

#include "nestbox/base/result.h"

namespace nestbox::store {

using GoOn = std::function<bool()>;

/// Opens the file (which is there), looks whether it is whole, and makes the tables it lacks. `go_on` is asked now and
/// then. Throws SQLite::Exception, which is_not_ours() knows when the file is to be set aside.
/// Errors: kInvalidArgument for a schema newer than this program's.
Result<std::unique_ptr<SQLite::Database>> connect(const std::filesystem::path& file, const GoOn& go_on);

/// Whether the file's content is to blame.
bool is_damage(const SQLite::Exception& exception);
/// As it is opened: a statement of ours that makes no sense there speaks against the file, too.
bool is_not_ours(const SQLite::Exception& exception);
/// What SQLite says, in an owner's words.
Error to_error(const SQLite::Exception& exception);

}  // namespace nestbox::store
