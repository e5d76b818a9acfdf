#include "devices.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace nestbox::capture {
namespace {

bool is_video_device(std::string_view path) {
  for (const std::string_view kind : {"/dev/video", "/dev/v4l-subdev", "/dev/media"}) {
    if (path.substr(0, kind.size()) == kind) return true;
  }
  return false;
}

bool is_deleted(std::string_view path) {
  constexpr std::string_view kMark = " (deleted)";  // as proc(5) writes it
  return path.size() > kMark.size() && path.substr(path.size() - kMark.size()) == kMark;
}

}  // namespace

bool video_device_is_gone() {
  std::error_code unreadable;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", unreadable)) {
    std::error_code closed;
    const auto target = std::filesystem::read_symlink(entry.path(), closed).string();
    if (is_video_device(target) && is_deleted(target)) return true;
  }
  return false;
}

}  // namespace nestbox::capture
