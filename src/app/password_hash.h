#pragma once
/// libsodium's part: argon2id for the password, random numbers and hashes for sessions. Thread-safe.
#include <string>

#include "nestbox/base/result.h"
#include "nestbox/base/secret.h"

namespace nestbox {

/// "$argon2id$v=19$m=19456,t=2,p=1$...". Takes 19 MiB and tenths of a second: for the jobs thread alone.
/// Errors: kExhausted when there is no memory for it.
Result<std::string> hash_password(const Secret& password);
/// In constant time. As long as hash_password.
bool is_password(const std::string& hash, const Secret& password);
/// Whether a text has the form that hash_password gives.
bool is_password_hash(const std::string& text);

/// 64 hexadecimal digits: 256 random bits.
std::string new_session_token();
/// What is kept of a token: who reads it cannot come in with it.
std::string hash_of_token(const std::string& token);

}  // namespace nestbox
