#include "password_hash.h"

#include <sodium.h>

#include <array>

#include "nestbox/base/assert.h"

namespace nestbox {
namespace {

// libsodium's "interactive" wants 64 MiB, which a board of 512 MB may not have beside camera and encoder. 19 MiB and
// two passes are the least that OWASP's password storage cheat sheet gives for argon2id, and a Zero 2 W bears them; the
// limit on tries (try_limit.h) is what holds guessing back.
constexpr unsigned long long kPasses = 2;
constexpr std::size_t kMemoryBytes = std::size_t{19} * 1024 * 1024;
constexpr std::size_t kTokenBytes = 32;

void need_sodium() {
  static const int ready = sodium_init();
  NESTBOX_ASSERT(ready >= 0);
}

std::string hexadecimal(const std::array<unsigned char, kTokenBytes>& bytes) {
  std::array<char, 2 * kTokenBytes + 1> text{};
  return sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
}

}  // namespace

Result<std::string> hash_password(const Secret& password) {
  need_sodium();
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  if (crypto_pwhash_str_alg(hash.data(), password.reveal().data(), password.reveal().size(), kPasses, kMemoryBytes,
                            crypto_pwhash_ALG_ARGON2ID13) != 0)
    return fail(ErrorKind::kExhausted, "there is not enough memory (19 MiB) to keep a password safely");
  return std::string(hash.data());
}

bool is_password(const std::string& hash, const Secret& password) {
  need_sodium();
  return is_password_hash(hash) &&
         crypto_pwhash_str_verify(hash.c_str(), password.reveal().data(), password.reveal().size()) == 0;
}

bool is_password_hash(const std::string& text) {
  return text.starts_with(crypto_pwhash_argon2id_STRPREFIX) && text.size() < crypto_pwhash_STRBYTES;
}

std::string new_session_token() {
  need_sodium();
  std::array<unsigned char, kTokenBytes> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  return hexadecimal(bytes);
}

std::string hash_of_token(const std::string& token) {
  need_sodium();
  std::array<unsigned char, kTokenBytes> hash{};
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(token.data()), token.size(),
                     nullptr, 0);
  return hexadecimal(hash);
}

}  // namespace nestbox
