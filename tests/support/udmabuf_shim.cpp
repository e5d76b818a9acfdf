/// Stands in for /dev/udmabuf, so that libcamera's virtual cameras (0.4 and later) run where the kernel has none: in
/// containers and under emulation. They touch their buffers from the CPU alone, and for that the sealed memfd that
/// libcamera wants wrapped serves as it is. Where the device is there, it is used.
///
/// libcamera looks for the list of its virtual cameras at one fixed path; NESTBOX_VIRTUAL_CAMERAS names another file.
///
/// Named among a test program's own sources its functions come before the C library's, for shared libraries too.
/// Never part of the daemon.

// The fortified headers would rename or inline what is defined here.
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <string_view>

#define NESTBOX_VISIBLE __attribute__((visibility("default")))

namespace {

constexpr std::string_view kDevice = "/dev/udmabuf", kCameraList = "/pipeline/virtual/virtual.yaml";

/// The C library's own function of that name.
template <class Function>
Function* original(const char* name) noexcept {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

const char* elsewhere(const char* path) noexcept {
  if (path == nullptr) return path;
  const std::string_view wanted(path);
  if (wanted.size() < kCameraList.size() || wanted.substr(wanted.size() - kCameraList.size()) != kCameraList)
    return path;
  const char* const ours = std::getenv("NESTBOX_VIRTUAL_CAMERAS");
  return ours == nullptr || *ours == '\0' ? path : ours;
}

int open_it(const char* path, int flags, mode_t mode) {
  static auto* const next = original<int(const char*, int, ...)>("open");
  const int fd = next(elsewhere(path), flags, mode);
  const bool missing = fd < 0 && errno == ENOENT && path != nullptr && path == kDevice;
  return missing ? next("/dev/null", flags & ~O_CREAT, 0) : fd;
}

/// Refuses what the kernel would refuse; otherwise the memfd itself, held once more.
int wrap_memory(const udmabuf_create& wanted) noexcept {
  const auto page = static_cast<__u64>(::sysconf(_SC_PAGESIZE));
  const int memory = static_cast<int>(wanted.memfd);
  const int seals = ::fcntl(memory, F_GET_SEALS);
  const bool sealed = seals >= 0 && (seals & F_SEAL_SHRINK) != 0 && (seals & F_SEAL_WRITE) == 0;
  // A descriptor that is held once more begins at the memory's own beginning.
  if (!sealed || wanted.size == 0 || wanted.size % page != 0 || wanted.offset != 0) {
    errno = EINVAL;
    return -1;
  }
  return ::fcntl(memory, (wanted.flags & UDMABUF_FLAGS_CLOEXEC) != 0 ? F_DUPFD_CLOEXEC : F_DUPFD, 0);
}

int control(int fd, unsigned long request, void* argument) noexcept {
  static auto* const next = original<int(int, unsigned long, ...) noexcept>("ioctl");
  const int result = next(fd, request, argument);
  if (result >= 0 || errno != ENOTTY) return result;
  if (request == UDMABUF_CREATE) return wrap_memory(*static_cast<const udmabuf_create*>(argument));
  const bool is_memory = ::fcntl(fd, F_GET_SEALS) >= 0;
  if (request == DMA_BUF_IOCTL_SYNC && is_memory) return 0;  // one memory, mapped twice: nothing is to be done
  errno = ENOTTY;
  return -1;
}

mode_t mode_of(int flags, std::va_list arguments) noexcept {
  const bool makes_file = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  return makes_file ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

extern "C" {

NESTBOX_VISIBLE int open(const char* path, int flags, ...) {
  std::va_list arguments;
  va_start(arguments, flags);
  const auto mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_it(path, flags, mode);
}

NESTBOX_VISIBLE int open64(const char* path, int flags, ...) {
  std::va_list arguments;
  va_start(arguments, flags);
  const auto mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_it(path, flags, mode);
}

// What open() becomes in a fortified library.
NESTBOX_VISIBLE int __open_2(const char* path, int flags) {
  return open_it(path, flags, 0);
}
NESTBOX_VISIBLE int __open64_2(const char* path, int flags) {
  return open_it(path, flags, 0);
}

NESTBOX_VISIBLE int stat(const char* path, struct stat* found) noexcept {
  static auto* const next = original<int(const char*, struct stat*) noexcept>("stat");
  return next(elsewhere(path), found);
}

NESTBOX_VISIBLE int stat64(const char* path, struct stat64* found) noexcept {
  static auto* const next = original<int(const char*, struct stat64*) noexcept>("stat64");
  return next(elsewhere(path), found);
}

NESTBOX_VISIBLE int ioctl(int fd, unsigned long request, ...) noexcept {
  std::va_list arguments;
  va_start(arguments, request);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  return control(fd, request, argument);
}

}  // extern "C"
