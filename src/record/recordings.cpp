#include "nestbox/record/recordings.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "mp4_fragments.h"
#include "nestbox/base/file.h"
#include "nestbox/base/log.h"
#include "part_file.h"

namespace nestbox {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolder = "visits";

bool is_part(const fs::path& file) {
  return file.extension() == record::kPartSuffix && file.stem().extension() == ".mp4";
}

/// Every file under `folder`; a link is not followed.
Result<std::vector<fs::path>> files_under(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  if (!fs::exists(folder, error) && !error) return files;
  fs::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code unknown;
    if (entry->is_regular_file(unknown) && !entry->is_symlink(unknown)) files.push_back(entry->path());
  }
  if (error) {
    return fail(ErrorKind::kUnavailable,
                fmt::format("read the folder {}: {}", folder.string(), system_error_text(error.value())));
  }
  std::sort(files.begin(), files.end());  // the same order on every disk
  return files;
}

/// Its header says when it began; when the header has no time, the disk knows when it ended.
WallTime began_at(const record::Mp4Fragments& fragments, int fd) {
  if (fragments.created_at) return *fragments.created_at;
  struct stat found {};
  ::fstat(fd, &found);
  return WallTime(std::chrono::seconds(found.st_mtim.tv_sec) + std::chrono::nanoseconds(found.st_mtim.tv_nsec)) -
         fragments.duration;
}

std::optional<FoundClip> leave(const char* attempt, const fs::path& file, int error_number) {
  NESTBOX_LOG_WARNING("record", "{} {}: {}; it stays as it is", attempt, file.string(),
                      system_error_text(error_number));
  return std::nullopt;
}

std::optional<FoundClip> mend(const fs::path& part) {
  const FileDescriptor fd(::open(part.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return leave("open", part, errno);
  const auto fragments = record::find_fragments(fd.get());
  if (fragments.fragments == 0) {
    if (::unlink(part.c_str()) != 0) return leave("delete", part, errno);
    NESTBOX_LOG_INFO("record", "{} held nothing that can be played, and is gone", part.string());
    return std::nullopt;
  }
  const auto begin = began_at(fragments, fd.get());  // before the cut changes the file's own time
  if (::ftruncate(fd.get(), static_cast<off_t>(fragments.whole_bytes)) != 0) return leave("cut", part, errno);
  if (const auto& room = fragments.length_room) {
    const int error = record::overwrite(fd.get(), room->at, record::length_box(*room, fragments.duration));
    if (error != 0) return leave("complete", part, error);
  }
  if (::fsync(fd.get()) != 0) return leave("sync", part, errno);
  const auto published = record::publish_part(part, fs::path(part).replace_extension());
  if (published.file.empty()) return leave("rename", part, published.error_number);
  NESTBOX_LOG_INFO("record", "{} was being written when the power or the daemon went; {:.1f} s of it are whole",
                   published.file.string(), to_seconds(fragments.duration));
  return FoundClip{published.file, begin, fragments.duration};
}

std::optional<FoundClip> look_at(const fs::path& file) {
  const FileDescriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return leave("open", file, errno);
  const auto fragments = record::find_fragments(fd.get());
  if (fragments.fragments == 0) {
    NESTBOX_LOG_WARNING("record", "{} is none of our clips, or damaged; it stays as it is", file.string());
    return std::nullopt;
  }
  return FoundClip{file, began_at(fragments, fd.get()), fragments.duration};
}

void remove_temporary(const fs::path& file) {
  if (::unlink(file.c_str()) != 0 && errno != ENOENT) leave("delete", file, errno);
}

bool inside(const fs::path& file) {
  return !file.empty() && file.is_relative() && std::find(file.begin(), file.end(), "..") == file.end();
}

}  // namespace

fs::path clip_path(const std::string& box, WallTime begin, const TimeZone& zone) {
  const auto local = zone.to_local(begin);
  const auto day = fmt::format("{:04}/{:02}/{:02}", local.year, local.month, local.day);
  const auto name = fmt::format("{}_{:04}-{:02}-{:02}_{:02}-{:02}-{:02}.mp4", box, local.year, local.month, local.day,
                                local.hour, local.minute, local.second);
  return fs::path(kFolder) / day / name;
}

Result<std::vector<FoundClip>> adopt_clips(const fs::path& state, const std::vector<fs::path>& known) {
  const auto files = files_under(state / kFolder);
  if (!files) return tl::unexpected(files.error());
  const std::set<fs::path> known_files(known.begin(), known.end());
  std::vector<FoundClip> found;
  const auto tell = [&](std::optional<FoundClip> clip) {
    if (!clip) return;
    clip->file = clip->file.lexically_relative(state);
    found.push_back(std::move(*clip));
  };
  for (const auto& file : *files) {
    if (record::is_temporary(file)) {
      remove_temporary(file);
    } else if (is_part(file)) {
      tell(mend(file));
    } else if (file.extension() == ".mp4" && !known_files.contains(file.lexically_relative(state))) {
      tell(look_at(file));
    }
  }
  return found;
}

Result<void> delete_recording(const fs::path& state, const fs::path& file) {
  if (!inside(file)) {
    return fail(ErrorKind::kInvalidArgument, fmt::format("delete {}: not inside of the state folder", file.string()));
  }
  if (::unlink((state / file).c_str()) != 0 && errno != ENOENT && errno != ENOTDIR) {
    return fail(ErrorKind::kUnavailable,
                fmt::format("delete {}: {}", (state / file).string(), system_error_text(errno)));
  }
  // The day's folder, the month's, the year's: each while it is empty, never the one that holds all years.
  for (auto folder = file.parent_path(); folder.has_parent_path(); folder = folder.parent_path()) {
    if (::rmdir((state / folder).c_str()) != 0 && errno != ENOENT) break;
  }
  return {};
}

}  // namespace nestbox
