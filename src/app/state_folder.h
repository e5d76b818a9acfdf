#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "nestbox/base/file.h"
#include "nestbox/base/result.h"

namespace nestbox {

/// The mount point on the way to `path` that the system's table of mounts (fstab) promises and that is not there, if
/// any: writing below it would fill the card that the disk was meant to spare.
std::optional<std::filesystem::path> absent_mount(const std::filesystem::path& path, const std::filesystem::path& fstab,
                                                  const std::filesystem::path& mountinfo);

/// paths.state, made where it is missing, and ours alone while this lives.
class StateFolder {
 public:
  /// Errors: kUnavailable when a mount is absent or the folder cannot be made or written; kInvalidArgument when another
  /// nestboxd holds it.
  static Result<StateFolder> open(const std::filesystem::path& path);
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  StateFolder(std::filesystem::path path, FileDescriptor lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  std::filesystem::path path_;
  FileDescriptor lock_;
};

}  // namespace nestbox
