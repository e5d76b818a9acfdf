#include "picture_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "nestbox/base/file.h"

namespace nestbox::cli {
namespace {

namespace fs = std::filesystem;

std::string file_name_part(std::string_view text) {
  std::string part;
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    part += plain ? c : '-';
  }
  return part;
}

Result<void> write_all(int descriptor, std::string_view bytes, const std::string& where) {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(ErrorKind::kUnavailable, fmt::format("write {}: {}", where, system_error_text(errno)));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> write_through(const std::string& file, const std::string& jpeg) {
  const FileDescriptor descriptor(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!descriptor) return fail(ErrorKind::kUnavailable, fmt::format("open {}: {}", file, system_error_text(errno)));
  return write_all(descriptor.get(), jpeg, file);
}

}  // namespace

std::string free_picture_name(std::string_view box_name, std::string_view taken_at) {
  constexpr std::size_t kDateAndTime = 19;  // 2026-11-20T12:53:18
  auto time = file_name_part(taken_at.substr(0, kDateAndTime));
  std::replace(time.begin(), time.end(), 'T', '_');
  const auto stem = fmt::format("{}_{}", box_name.empty() ? "nestbox" : file_name_part(box_name), time);
  auto name = stem + ".jpg";
  for (int i = 2; fs::exists(name); ++i) name = fmt::format("{}-{}.jpg", stem, i);
  return name;
}

Result<void> save_picture(const std::string& file, const std::string& jpeg) {
  if (file == "-") return write_all(STDOUT_FILENO, jpeg, "standard output");
  std::error_code error;
  const auto found = fs::status(file, error);
  if (fs::is_directory(found)) {
    return fail(ErrorKind::kInvalidArgument, fmt::format("{} is a folder; name a file in it", file));
  }
  if (fs::exists(found) && !fs::is_regular_file(found)) return write_through(file, jpeg);
  const auto target = fs::weakly_canonical(file, error);
  constexpr unsigned kMode = 0644;
  return write_file_atomically(error ? fs::path(file) : target, jpeg, kMode);
}

}  // namespace nestbox::cli
