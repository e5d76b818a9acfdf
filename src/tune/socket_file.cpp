#include "socket_file.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "socket_address.h"

namespace nestbox::tune {
namespace {

constexpr mode_t kMode = 0660;  // whoever is in the daemon's group may tune the box

tl::unexpected<Error> refused(int error_number, std::string_view attempt, const std::string& path) {
  return fail(ErrorKind::kUnavailable,
              fmt::format("control.socket: {} {}: {}", attempt, path, system_error_text(error_number)));
}

Result<void> make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  if (folder.empty() || std::filesystem::is_directory(folder, error)) return {};
  std::filesystem::create_directories(folder, error);
  if (error) return refused(error.value(), "make the folder", folder.string());
  return {};
}

/// Nobody listens on what a dead daemon left: connecting is refused at once, without waiting for its process.
Result<void> remove_stale(const std::string& path, const sockaddr_un& address) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT) return {};
    return refused(errno, "look at", path);
  }
  if (!S_ISSOCK(found.st_mode)) {
    return fail(ErrorKind::kInvalidArgument,
                fmt::format("control.socket: {} exists and is not a socket; remove it or name another path", path));
  }
  const FileDescriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return refused(errno, "make a socket for", path);
  const int result = ::connect(probe.get(), as_sockaddr(address), sizeof address);
  const int reason = errno;
  if (result == 0 || reason == EAGAIN) {  // EAGAIN: its backlog is full, so it is there
    return fail(ErrorKind::kUnavailable,
                fmt::format("another nestboxd answers on {}; stop it, or give this one its own control.socket", path));
  }
  if (reason == ENOENT) return {};
  if (reason != ECONNREFUSED) return refused(reason, "try the socket", path);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return refused(errno, "remove the old socket", path);
  return {};
}

}  // namespace

SocketFile::SocketFile(FileDescriptor socket, std::string path, const struct stat& identity)
    : socket_(std::move(socket)), path_(std::move(path)), device_(identity.st_dev), inode_(identity.st_ino) {}

SocketFile::SocketFile(SocketFile&& other) noexcept
    : socket_(std::move(other.socket_)),
      path_(std::exchange(other.path_, {})),
      device_(other.device_),
      inode_(other.inode_) {}

SocketFile::~SocketFile() {
  struct stat found {};
  if (path_.empty() || ::lstat(path_.c_str(), &found) != 0) return;
  if (found.st_dev == device_ && found.st_ino == inode_) ::unlink(path_.c_str());
}

Result<SocketFile> SocketFile::listen(const std::string& path) {
  const auto address = socket_address(path);
  if (!address) return fail(address.error(), "control.socket");
  if (auto made = make_folder(std::filesystem::path(path).parent_path()); !made) {
    return tl::unexpected<Error>(std::move(made.error()));
  }
  if (auto removed = remove_stale(path, *address); !removed) return tl::unexpected<Error>(std::move(removed.error()));

  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return refused(errno, "make a socket for", path);
  if (::bind(socket.get(), as_sockaddr(*address), sizeof *address) != 0) return refused(errno, "make", path);
  // Nobody gets in before listen(), so the mode that the umask left in between lets nobody in either.
  struct stat made {};
  if (::chmod(path.c_str(), kMode) != 0 || ::lstat(path.c_str(), &made) != 0 ||
      ::listen(socket.get(), SOMAXCONN) != 0) {
    const int reason = errno;
    ::unlink(path.c_str());
    return refused(reason, "open", path);
  }
  return SocketFile(std::move(socket), path, made);
}

}  // namespace nestbox::tune
