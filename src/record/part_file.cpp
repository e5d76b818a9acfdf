#include "part_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>
#include <vector>

#include "nestbox/base/file.h"

namespace nestbox::record {
namespace {

constexpr int kNamesMax = 100;  // of one second: more means that something else is wrong
constexpr unsigned kFileMode = 0640, kFolderMode = 0750;
constexpr const char* kAtomicWriteSuffix = ".new";  // write_file_atomically()'s

std::filesystem::path numbered(const std::filesystem::path& wanted, int number) {
  if (number == 1) return wanted;
  return wanted.parent_path() / fmt::format("{}-{}{}", wanted.stem().string(), number, wanted.extension().string());
}

std::filesystem::path part_of(std::filesystem::path file) {
  return file += kPartSuffix;
}

int append_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    if (written == 0) return ENOSPC;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

/// A new folder is there after a power cut only when the one that holds it was synced.
int make_folder(const std::filesystem::path& folder) {
  struct stat found {};
  if (folder.empty() || ::stat(folder.c_str(), &found) == 0) return 0;
  if (const int error = make_folder(folder.parent_path()); error != 0) return error;
  if (::mkdir(folder.c_str(), kFolderMode) != 0 && errno != EEXIST) return errno;
  return sync_directory(folder.parent_path());
}

/// 0, EEXIST, or another error.
int rename_without_overwriting(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // FAT and some network disks cannot promise it; nobody else makes files here.
  struct stat found {};
  if (::lstat(to.c_str(), &found) == 0) return EEXIST;
  return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

class PartFile final : public ClipFile {
 public:
  PartFile(FileDescriptor fd, std::filesystem::path name)
      : fd_(std::move(fd)), part_(part_of(name)), name_(std::move(name)) {}

  int append(std::string_view bytes) override { return append_all(fd_.get(), bytes); }
  int sync() override { return ::fdatasync(fd_.get()) == 0 ? 0 : errno; }
  int overwrite(std::uint64_t at, std::string_view bytes) override { return record::overwrite(fd_.get(), at, bytes); }
  int cut(std::uint64_t size) override { return ::ftruncate(fd_.get(), static_cast<off_t>(size)) == 0 ? 0 : errno; }
  int publish() override {
    auto published = publish_part(part_, name_);
    if (!published.file.empty()) name_ = std::move(published.file);
    return published.error_number;
  }
  void discard() override { ::unlink(part_.c_str()); }
  const std::filesystem::path& name() const override { return name_; }

 private:
  const FileDescriptor fd_;
  const std::filesystem::path part_;
  std::filesystem::path name_;
};

int create(const std::filesystem::path& file, FileDescriptor& fd) {
  fd = FileDescriptor(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kFileMode));
  return fd ? 0 : errno;
}

OpenedFile open_in_folder(const std::filesystem::path& wanted) {
  if (const int error = make_folder(wanted.parent_path()); error != 0) return {nullptr, error};
  for (int number = 1; number <= kNamesMax; ++number) {
    const auto name = numbered(wanted, number);
    struct stat found {};
    if (::lstat(name.c_str(), &found) == 0) continue;
    FileDescriptor fd;
    const int error = create(part_of(name), fd);
    if (error == EEXIST) continue;
    if (error != 0) return {nullptr, error};
    // Or a power cut would take the file's name with it, and all that was synced inside.
    if (const int unsynced = sync_directory(name.parent_path()); unsynced != 0) {
      ::unlink(part_of(name).c_str());
      return {nullptr, unsynced};
    }
    return {std::make_unique<PartFile>(std::move(fd), name), 0};
  }
  return {nullptr, EEXIST};
}

}  // namespace

OpenedFile open_part_file(const std::filesystem::path& wanted) {
  auto opened = open_in_folder(wanted);
  // Whoever deleted the day's last recording took its folder away between the two steps.
  return opened.error_number == ENOENT ? open_in_folder(wanted) : std::move(opened);
}

int overwrite(int fd, std::uint64_t at, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written < 0 ? errno : ENOSPC;
    bytes.remove_prefix(static_cast<std::size_t>(written));
    at += static_cast<std::uint64_t>(written);
  }
  return 0;
}

Published publish_part(const std::filesystem::path& part, const std::filesystem::path& wanted) {
  for (int number = 1; number <= kNamesMax; ++number) {
    const auto name = numbered(wanted, number);
    const int error = rename_without_overwriting(part, name);
    if (error == EEXIST) continue;
    if (error != 0) return {{}, error};
    return {name, sync_directory(name.parent_path())};
  }
  return {{}, EEXIST};
}

int sync_directory(const std::filesystem::path& directory) {
  const auto& place = directory.empty() ? std::filesystem::path(".") : directory;
  const FileDescriptor fd(::open(place.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return errno;
  return ::fsync(fd.get()) == 0 || errno == EINVAL ? 0 : errno;  // EINVAL: a file system that cannot (sync(2) alone)
}

bool is_temporary(const std::filesystem::path& file) {
  return file.filename().string().starts_with(kTrialName) || file.extension() == kAtomicWriteSuffix;
}

}  // namespace nestbox::record
