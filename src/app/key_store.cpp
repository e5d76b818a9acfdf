#include "key_store.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>

#include "nestbox/base/file.h"

namespace nestbox {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kKeyBytesMax = 4096;

bool is_plain_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool is_printable(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

Result<Secret> read_key(const fs::path& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) {
    return fail(errno == ENOENT ? ErrorKind::kNotFound : ErrorKind::kUnavailable,
                fmt::format("key file {}: {}", path.string(), system_error_text(errno)));
  }
  if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(ErrorKind::kInvalidArgument,
                fmt::format("key file {} can be read by others; mend it with: sudo chmod 600 {}", path.string(),
                            path.string()));
  }
  auto text = read_file(path, kKeyBytesMax);
  if (!text) return fail(text.error(), "key file");
  while (!text->empty() && std::isspace(static_cast<unsigned char>(text->back())) != 0) text->pop_back();
  Secret key(*text);
  const bool usable = !text->empty() && is_printable(*text);
  wipe(text->data(), text->size());
  if (usable) return key;
  return fail(ErrorKind::kInvalidArgument,
              fmt::format("key file {} must hold one line with the key alone, without spaces", path.string()));
}

}  // namespace

KeyStore::KeyStore(const fs::path& state) {
  if (!state.empty()) keys_ = state / "keys";
  if (const char* folder = std::getenv("CREDENTIALS_DIRECTORY")) credentials_ = folder;  // systemd.exec(5)
}

Result<Secret> KeyStore::find(const std::string& name, const std::string& key_file) const {
  if (!key_file.empty()) return read_key(key_file);
  for (const auto& folder : {credentials_, keys_}) {
    if (folder.empty()) continue;
    auto key = read_key(folder / name);
    if (key || key.error().kind != ErrorKind::kNotFound) return key;
  }
  return Secret();
}

Result<void> KeyStore::store(const std::string& name, const Secret& key) const {
  if (!is_plain_name(name)) {
    return fail(ErrorKind::kInvalidArgument, fmt::format("\"{}\" cannot name a key; use a-z, 0-9 and -", name));
  }
  if (key.empty() || key.reveal().size() > kKeyBytesMax || !is_printable(key.reveal())) {
    return fail(ErrorKind::kInvalidArgument, "a key is one line of printable characters without spaces");
  }
  if (keys_.empty()) return fail(ErrorKind::kUnavailable, "the state folder is not there, so the key cannot be kept");
  std::error_code error;
  fs::create_directories(keys_, error);
  fs::permissions(keys_, fs::perms::owner_all, error);
  if (error) return fail(ErrorKind::kUnavailable, fmt::format("make {}: {}", keys_.string(), error.message()));
  return write_file_atomically(keys_ / name, key.reveal() + "\n", 0600);
}

}  // namespace nestbox
