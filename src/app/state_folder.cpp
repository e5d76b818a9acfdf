#include "state_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <mntent.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <sstream>
#include <vector>

namespace nestbox {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kTableBytesMax = 1 << 20;

std::vector<fs::path> promised_mounts(const fs::path& fstab) {
  std::vector<fs::path> points;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> table(setmntent(fstab.c_str(), "r"), endmntent);
  if (!table) return points;
  mntent entry{};
  char text[4096];
  while (getmntent_r(table.get(), &entry, text, sizeof text) != nullptr) points.emplace_back(entry.mnt_dir);
  return points;
}

std::vector<fs::path> present_mounts(const fs::path& mountinfo) {
  std::vector<fs::path> points;
  std::istringstream lines(read_file(mountinfo, kTableBytesMax).value_or(""));
  // proc(5): ID, parent, major:minor, root, mount point, ...
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string id, parent, device, root, point;
    if (fields >> id >> parent >> device >> root >> point) points.emplace_back(point);
  }
  return points;
}

bool is_at_or_below(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

}  // namespace

std::optional<fs::path> absent_mount(const fs::path& path, const fs::path& fstab, const fs::path& mountinfo) {
  const auto present = present_mounts(mountinfo);
  for (const auto& point : promised_mounts(fstab)) {
    if (!point.is_absolute() || point == "/" || !is_at_or_below(path, point)) continue;
    if (std::find(present.begin(), present.end(), point) == present.end()) return point;
  }
  return std::nullopt;
}

Result<StateFolder> StateFolder::open(const fs::path& given) {
  std::error_code error;
  const auto path = fs::absolute(given, error).lexically_normal();
  if (const auto point = absent_mount(path, "/etc/fstab", "/proc/self/mountinfo")) {
    return fail(ErrorKind::kUnavailable,
                fmt::format("paths.state {}: {} is not mounted; nothing is written below it until it is", path.string(),
                            point->string()));
  }
  fs::create_directories(path, error);
  if (error)
    return fail(ErrorKind::kUnavailable, fmt::format("make paths.state {}: {}", path.string(), error.message()));
  const auto lock_path = path / ".lock";
  FileDescriptor lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) {
    return fail(ErrorKind::kUnavailable,
                fmt::format("write to paths.state {}: {}", path.string(), system_error_text(errno)));
  }
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(
        ErrorKind::kInvalidArgument,
        fmt::format("paths.state {}: another nestboxd uses this folder; stop it, or give this one a folder of its own",
                    path.string()));
  }
  return StateFolder(path, std::move(lock));
}

}  // namespace nestbox
