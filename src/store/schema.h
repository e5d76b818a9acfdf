#pragma once
/// The tables, as docs/database.md describes them to whoever reads them.
#include <cstddef>

namespace nestbox::store {

/// One step brings a database from one version (PRAGMA user_version) to the next. A step that has been released never
/// changes: databases that it has made are out there.
extern const char* const kSchemaSteps[];
extern const int kSchemaVersion;  ///< after the last step

}  // namespace nestbox::store
