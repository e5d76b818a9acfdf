#pragma once
/// Where the control socket stands in the file system, and how it gets there.
#include <sys/stat.h>

#include <string>

#include "nestbox/base/file.h"
#include "nestbox/base/result.h"

namespace nestbox::tune {

/// A listening socket and the file that leads to it, which goes when this dies, if it is still the same file.
class SocketFile {
 public:
  /// Errors as ControlServer::open.
  static Result<SocketFile> listen(const std::string& path);
  SocketFile(SocketFile&& other) noexcept;
  SocketFile& operator=(SocketFile&&) = delete;
  ~SocketFile();

  /// The descriptor, which the caller owns from then on.
  int release() noexcept { return socket_.release(); }
  const std::string& path() const noexcept { return path_; }

 private:
  SocketFile(FileDescriptor socket, std::string path, const struct stat& identity);

  FileDescriptor socket_;
  std::string path_;  // empty once moved from
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace nestbox::tune
