#include "salvage.h"

#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <optional>
#include <string>

#include "schema.h"

namespace nestbox::store {
namespace {

using SQLite::Statement;

constexpr std::int64_t kRowsMax = 5'000'000;    // of a table, for damaged pages may lead in circles
constexpr std::int64_t kIdMax = 1'000'000'000;  // a damaged number must not leave none for visits to come

struct Table {
  const char* name;
  const char* key;  ///< the first is a number from 1
  const char* second_key;
};
constexpr Table kTables[] = {{"visit", "id", "id"},
                             {"visit_zone", "visit_id", "position"},
                             {"motion", "id", "id"},
                             {"motion_reason", "motion_id", "position"}};

/// What refers to a row that was lost.
constexpr const char* kMendReferences =
    "UPDATE visit SET continues_id = NULL WHERE continues_id NOT IN (SELECT id FROM visit);"
    "DELETE FROM visit_zone WHERE visit_id NOT IN (SELECT id FROM visit);"
    "DELETE FROM motion WHERE visit_id NOT IN (SELECT id FROM visit);"
    "DELETE FROM motion_reason WHERE motion_id NOT IN (SELECT id FROM motion);";

void copy_value(const SQLite::Column& value, Statement& insert, int index) {
  switch (value.getType()) {
    case SQLITE_INTEGER:
      return insert.bind(index, value.getInt64());
    case SQLITE_FLOAT:
      return insert.bind(index, value.getDouble());
    case SQLITE_TEXT:
      return insert.bind(index, value.getString());
    default:
      return insert.bind(index);  // there are no blobs
  }
}

/// Nothing is in the new table for a row that breaks its rules.
void copy_row(Statement& row, Statement& insert) {
  for (int i = 0; i < row.getColumnCount(); ++i) copy_value(row.getColumn(i), insert, i + 1);
  try {
    insert.exec();
  } catch (const SQLite::Exception& exception) {
    if (exception.getErrorCode() != SQLITE_CONSTRAINT) throw;
  }
  insert.tryReset();
}

/// The next row; false at the end, and where the damage begins.
bool step(Statement& select) {
  try {
    return select.executeStep();
  } catch (const SQLite::Exception&) {
    return false;
  }
}

void copy_rows(SQLite::Database& from, SQLite::Database& to, const Table& table, const char* direction,
               const GoOn& go_on) {
  const auto sql = fmt::format("SELECT * FROM {0} NOT INDEXED WHERE {1} BETWEEN 1 AND {3} ORDER BY {1} {4}, {2} {4}",
                               table.name, table.key, table.second_key, kIdMax, direction);
  std::optional<Statement> select, insert;
  try {
    select.emplace(from, sql);
    std::string places = "?";
    for (int i = 1; i < select->getColumnCount(); ++i) places += ", ?";
    insert.emplace(to, fmt::format("INSERT OR IGNORE INTO {} VALUES ({})", table.name, places));
  } catch (const SQLite::Exception&) {
    return;  // it is not there, or not the table that it ought to be
  }
  for (std::int64_t row = 0; row < kRowsMax && step(*select); ++row) {
    copy_row(*select, *insert);
    if (row % 1000 == 0) go_on();
  }
}

std::unique_ptr<SQLite::Database> open_damaged(const std::filesystem::path& file) {
  try {
    // Not read-only: what is in its journal counts too. Nothing is written to it all the same.
    auto from = std::make_unique<SQLite::Database>(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX);
    from->check(sqlite3_db_config(from->getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr));
    from->exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA query_only = ON");
    if (from->execAndGet("PRAGMA user_version").getInt() == kSchemaVersion) return from;
  } catch (const SQLite::Exception&) {
    // Not a database any more.
  }
  return nullptr;
}

}  // namespace

std::int64_t salvage(const std::filesystem::path& damaged, SQLite::Database& to, const GoOn& go_on) {
  const auto from = open_damaged(damaged);
  if (!from) return 0;
  to.exec("PRAGMA foreign_keys = OFF");  // rows come in any order
  std::int64_t visits = 0;
  {
    SQLite::Transaction transaction(to, SQLite::TransactionBehavior::IMMEDIATE);
    for (const auto& table : kTables) {  // from both ends to where the damage is
      copy_rows(*from, to, table, "ASC", go_on);
      copy_rows(*from, to, table, "DESC", go_on);
    }
    to.exec(kMendReferences);
    visits = to.execAndGet("SELECT count(*) FROM visit").getInt64();
    transaction.commit();
  }
  to.exec("PRAGMA foreign_keys = ON");
  return visits;
}

}  // namespace nestbox::store
