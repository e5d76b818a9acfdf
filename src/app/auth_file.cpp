#include "auth_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "nestbox/base/file.h"
#include "password_hash.h"

namespace nestbox {
namespace {

constexpr std::size_t kBytesMax = std::size_t{64} * 1024;

tl::unexpected<Error> makes_no_sense(const std::filesystem::path& path) {
  return fail(ErrorKind::kInvalidArgument,
              fmt::format("{} is damaged; give the page a new password with: nestbox passwd", path.string()));
}

}  // namespace

Result<AuthFile> read_auth_file(const std::filesystem::path& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) {
    if (errno == ENOENT) return AuthFile();
    return fail(ErrorKind::kUnavailable, fmt::format("{}: {}", path.string(), system_error_text(errno)));
  }
  if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(
        ErrorKind::kInvalidArgument,
        fmt::format("{} can be read by others; give the page a new password with: nestbox passwd", path.string()));
  }
  const auto text = read_file(path, kBytesMax);
  if (!text) return tl::unexpected<Error>(text.error());
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  const auto hash = json.is_object() ? json.find("password") : json.end();
  const auto sessions = json.is_object() ? json.find("sessions") : json.end();
  if (hash == json.end() || !hash->is_string() || sessions == json.end() || !sessions->is_object())
    return makes_no_sense(path);
  AuthFile content{hash->get<std::string>(), {}};
  if (!is_password_hash(content.password_hash)) return makes_no_sense(path);
  for (const auto& [token, used] : sessions->items()) {
    if (!used.is_number_integer()) return makes_no_sense(path);
    content.sessions[token] = used.get<std::int64_t>();
  }
  return content;
}

Result<void> write_auth_file(const std::filesystem::path& path, const AuthFile& content) {
  const nlohmann::json json{{"password", content.password_hash}, {"sessions", content.sessions}};
  return write_file_atomically(path, json.dump(2) + '\n', 0600);
}

}  // namespace nestbox
