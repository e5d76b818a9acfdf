#pragma once
/// Files and descriptors: owned, read whole within a bound, written atomically.
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "nestbox/base/result.h"

namespace nestbox {

/// Owns a file descriptor. Thread-bound.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) noexcept : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();

  int get() const noexcept { return fd_; }
  int release() noexcept;
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// The whole file. Errors: kNotFound; kExhausted above `bytes_max`; kUnavailable for what the system refuses.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max);

/// Readers see the old content or the new, also after a power cut: written beside it, synced, renamed, directory
/// synced. `mode` as for open(2). Thread-safe; of two writers at once one wins whole. Errors: kNotFound or
/// kUnavailable, with the step that failed; the old file stands then (when only the sync of the directory failed:
/// either may).
Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view content, unsigned mode);

/// The reason for errno, in words: "permission denied".
std::string system_error_text(int error_number);

}  // namespace nestbox
