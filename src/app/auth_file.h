#pragma once
/// auth.json in the state folder: the password's hash and the hashes of the sessions, for the daemon's user alone.
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "nestbox/base/result.h"

namespace nestbox {

struct AuthFile {
  std::string password_hash;                     ///< empty: there is no password
  std::map<std::string, std::int64_t> sessions;  ///< by the token's hash: last use, seconds since 1970
};

/// Without a file: an AuthFile without a password. Errors, all with the command that mends it: kInvalidArgument for
/// one that others can read, or that makes no sense; kUnavailable when the disk refuses.
Result<AuthFile> read_auth_file(const std::filesystem::path& path);
Result<void> write_auth_file(const std::filesystem::path& path, const AuthFile& content);

}  // namespace nestbox
