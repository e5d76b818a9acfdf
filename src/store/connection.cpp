#include "connection.h"

#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include "schema.h"

namespace nestbox::store {
namespace {

constexpr int kBusyTimeoutMs = 3000;  // somebody with sqlite3 in a terminal

/// Asks `go_on` between steps of long statements.
class Watch {
 public:
  Watch(SQLite::Database& database, const GoOn& go_on) : database_(database) {
    constexpr int kSteps = 10000;  // about a millisecond
    const auto ask = [](void* asked) { return (*static_cast<const GoOn*>(asked))() ? 0 : 1; };
    sqlite3_progress_handler(database.getHandle(), kSteps, ask, const_cast<GoOn*>(&go_on));
  }
  ~Watch() { sqlite3_progress_handler(database_.getHandle(), 0, nullptr, nullptr); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  SQLite::Database& database_;
};

[[noreturn]] void throw_damage(const std::string& reason) {
  throw SQLite::Exception(reason, SQLITE_CORRUPT);
}

enum class OnClose { kLeaveJournal, kTakeJournalOver };

void set_on_close(SQLite::Database& database, OnClose what) {
  const int leave = what == OnClose::kLeaveJournal ? 1 : 0;
  database.check(sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, leave, nullptr));
}

void check_whole(SQLite::Database& database, const GoOn& go_on) {
  SQLite::Statement check(database, "PRAGMA integrity_check(1)");  // its indexes too: not twice a quick_check
  if (!check.executeStep()) throw_damage("integrity_check says nothing");
  const auto found = check.getColumn(0).getString();
  if (found == "ok") return;
  if (!go_on()) throw SQLite::Exception("interrupted", SQLITE_INTERRUPT);  // a check cut short says nothing of the file
  throw_damage(found);
}

void migrate(SQLite::Database& database, int version) {
  if (version == kSchemaVersion) return;
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  for (int step = version; step < kSchemaVersion; ++step) database.exec(kSchemaSteps[step]);
  database.exec(fmt::format("PRAGMA user_version = {}", kSchemaVersion));
  transaction.commit();
}

}  // namespace

Result<std::unique_ptr<SQLite::Database>> connect(const std::filesystem::path& file, const GoOn& go_on) {
  auto database = std::make_unique<SQLite::Database>(
      file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_NOMUTEX, kBusyTimeoutMs);
  set_on_close(*database, OnClose::kLeaveJournal);  // a damaged file is set aside as it was found
  const Watch watch(*database, go_on);
  database->exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
  const int version = database->execAndGet("PRAGMA user_version").getInt();
  if (version > kSchemaVersion) {
    return fail(
        ErrorKind::kInvalidArgument,
        fmt::format("{} was written by a newer nestbox (its schema is {}, this program knows {} at most): install "
                    "that version again, or move the file away to begin a new one",
                    file.string(), version, kSchemaVersion));
  }
  if (version < 0) throw_damage(fmt::format("its schema is {}", version));
  check_whole(*database, go_on);
  // We could open it for writing, so it is the file's own header that forbids it.
  if (sqlite3_db_readonly(database->getHandle(), "main") != 0) throw_damage("its header says that it may only be read");
  database->exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 4194304");
  migrate(*database, version);
  database->exec("PRAGMA foreign_keys = ON");  // after the steps, which may rebuild tables
  set_on_close(*database, OnClose::kTakeJournalOver);
  return database;
}

bool is_damage(const SQLite::Exception& exception) {
  const int code = exception.getErrorCode() & 0xff;
  return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

bool is_not_ours(const SQLite::Exception& exception) {
  return is_damage(exception) || exception.getErrorCode() == SQLITE_ERROR;
}

Error to_error(const SQLite::Exception& exception) {
  const auto because = [&](const char* reason) { return fmt::format("{} ({})", reason, exception.what()); };
  switch (exception.getErrorCode() & 0xff) {
    case SQLITE_FULL:
      return {ErrorKind::kUnavailable, because("the disk is full")};
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return {ErrorKind::kUnavailable, because("the file, its folder or its disk can only be read")};
    case SQLITE_CANTOPEN:
      return {ErrorKind::kUnavailable, because("the file, or what lies beside it, cannot be opened")};
    case SQLITE_IOERR:
      return {ErrorKind::kUnavailable,
              fmt::format("the disk fails ({}, code {})", exception.what(), exception.getExtendedErrorCode())};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorKind::kUnavailable, because("it is damaged")};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorKind::kBusy, because("another program is writing to it")};
    case SQLITE_CONSTRAINT:
      return {ErrorKind::kInvalidArgument, because("the value is not allowed")};
    case SQLITE_INTERRUPT:
      return {ErrorKind::kCancelled, "asked to stop"};
    default:
      return {ErrorKind::kInternal, exception.what()};
  }
}

}  // namespace nestbox::store
