#include "set_aside.h"

#include <fmt/format.h>

#include <system_error>

#include "nestbox/base/time_zone.h"

namespace nestbox::store {
namespace {

std::filesystem::path beside(std::filesystem::path database, const char* suffix) {
  database += suffix;
  return database;
}

std::filesystem::path free_name(const std::filesystem::path& database, WallTime now) {
  const auto utc = TimeZone::utc().to_local(now);
  const auto dated = fmt::format("{}.damaged-{:04}-{:02}-{:02}T{:02}{:02}{:02}Z", database.string(), utc.year,
                                 utc.month, utc.day, utc.hour, utc.minute, utc.second);
  std::error_code ignored;
  std::filesystem::path name = dated;
  for (int n = 2; std::filesystem::exists(name, ignored); ++n) name = fmt::format("{}-{}", dated, n);
  return name;
}

}  // namespace

Result<std::string> set_aside(const std::filesystem::path& database, WallTime now) {
  const auto name = free_name(database, now);
  std::error_code failed;
  // The database first: should we die in between, SQLite throws away the journal that lies beside a new, empty one.
  std::filesystem::rename(database, name, failed);
  if (failed) {
    return fail(ErrorKind::kUnavailable, fmt::format("{} is damaged, and cannot be set aside as {}: {}",
                                                     database.string(), name.filename().string(), failed.message()));
  }
  for (const char* suffix : {"-wal", "-shm"}) {
    std::filesystem::rename(beside(database, suffix), beside(name, suffix), failed);
    if (failed && failed != std::errc::no_such_file_or_directory) {
      return fail(ErrorKind::kUnavailable, fmt::format("{}{} belongs to a damaged database and cannot be set aside: {}",
                                                       database.string(), suffix, failed.message()));
    }
  }
  return name.filename().string();
}

}  // namespace nestbox::store
