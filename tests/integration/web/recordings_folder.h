#pragma once
/// Recordings of visits as files: FOLDER/12.mp4 and FOLDER/12.jpg.
#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>

#include "nestbox/options/ports.h"

namespace nestbox::test {

class RecordingsFolder final : public RecordingOpener {
 public:
  explicit RecordingsFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  void open_recording(std::int64_t visit, What what, std::function<void(Result<Opened>)> done) override {
    ++opened;
    if (silent) return;
    if (failing) return done(fail(ErrorKind::kUnavailable, "the disk is gone"));
    done(open_file(visit, what));
  }
  /// What a clip is called, before its ".mp4"; for a test that wants another name than "owl_ID".
  std::string name;
  std::atomic<bool> failing{false}, silent{false};
  std::atomic<int> opened{0};

 private:
  Result<Opened> open_file(std::int64_t visit, What what) const {
    const std::string ending = what == What::kClip ? ".mp4" : ".jpg";
    const auto path = folder_ / (std::to_string(visit) + ending);
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat found {};
    if (!file || ::fstat(file.get(), &found) != 0) {
      const auto* missing = what == What::kClip ? "clip" : "photograph";
      return fail(ErrorKind::kNotFound, "visit " + std::to_string(visit) + " has no " + missing + " any more");
    }
    const auto changed = std::chrono::seconds(found.st_mtim.tv_sec) + std::chrono::nanoseconds(found.st_mtim.tv_nsec);
    return Opened{std::move(file), static_cast<std::uint64_t>(found.st_size), WallTime(changed),
                  (name.empty() ? "owl_" + std::to_string(visit) : name) + ending};
  }

  std::filesystem::path folder_;
};

}  // namespace nestbox::test
