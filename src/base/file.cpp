#include "nestbox/base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cctype>
#include <cerrno>
#include <system_error>
#include <utility>

namespace nestbox {
namespace {

tl::unexpected<Error> fail_errno(int error_number, std::string_view attempt, const std::filesystem::path& path) {
  const auto kind = error_number == ENOENT ? ErrorKind::kNotFound : ErrorKind::kUnavailable;
  return fail(kind, fmt::format("{} {}: {}", attempt, path.string(), system_error_text(error_number)));
}

Result<void> write_all(int fd, std::string_view content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const auto written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno(errno, "write", path);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> sync_directory(const std::filesystem::path& directory) {
  const FileDescriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open directory", directory);
  if (::fsync(fd.get()) != 0) return fail_errno(errno, "sync directory", directory);
  return {};
}

Result<void> write_and_sync(const std::filesystem::path& path, std::string_view content, unsigned mode) {
  const FileDescriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd) return fail_errno(errno, "create", path);
  if (auto written = write_all(fd.get(), content, path); !written) return written;
  if (::fsync(fd.get()) != 0) return fail_errno(errno, "sync", path);
  return {};
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  const FileDescriptor closing(std::exchange(fd_, other.release()));
  return *this;
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

int FileDescriptor::release() noexcept {
  return std::exchange(fd_, -1);
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max) {
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open", path);
  std::string content;
  char chunk[4096];
  while (true) {
    const auto got = ::read(fd.get(), chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, "read", path);
    if (got == 0) return content;
    content.append(chunk, static_cast<std::size_t>(got));
    if (content.size() > bytes_max) {
      return fail(ErrorKind::kExhausted, fmt::format("read {}: larger than {} bytes", path.string(), bytes_max));
    }
  }
}

Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view content, unsigned mode) {
  static std::atomic<unsigned> writes{0};  // two threads that write one file must not share what lies beside it
  auto beside = path;
  beside += fmt::format(".{}-{}.new", ::getpid(), writes.fetch_add(1));
  ::unlink(beside.c_str());  // what a crash of a process with our number left
  if (auto written = write_and_sync(beside, content, mode); !written) {
    ::unlink(beside.c_str());
    return written;
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) {
    const int reason = errno;
    ::unlink(beside.c_str());
    return fail_errno(reason, "rename to", path);
  }
  return sync_directory(path.has_parent_path() ? path.parent_path() : ".");
}

std::string system_error_text(int error_number) {
  auto text = std::generic_category().message(error_number);
  if (text.size() > 1 && text[1] >= 'a' && text[1] <= 'z') text[0] = static_cast<char>(std::tolower(text[0]));
  return text;
}

}  // namespace nestbox
