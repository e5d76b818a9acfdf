#pragma once
/// What a clip needs of a disk. A port, so that disks which fill up, fail and hang can be tried.
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

namespace nestbox::record {

/// A file that is being written, under a name of its own until it is whole. Functions return 0 or what errno said.
class ClipFile {
 public:
  virtual ~ClipFile() = default;
  /// All of it, or an error; then any part of it may be there.
  [[nodiscard]] virtual int append(std::string_view bytes) = 0;
  /// What was written is on the disk, and the size with it.
  [[nodiscard]] virtual int sync() = 0;
  /// Writes over what is there.
  [[nodiscard]] virtual int overwrite(std::uint64_t at, std::string_view bytes) = 0;
  /// Cuts it to `size`.
  [[nodiscard]] virtual int cut(std::uint64_t size) = 0;
  /// Gives it its name, never another file's, and syncs the directory. It must have been synced.
  [[nodiscard]] virtual int publish() = 0;
  /// It was nothing.
  virtual void discard() = 0;
  /// As it is called, or is to be called, when it is whole.
  virtual const std::filesystem::path& name() const = 0;
};

struct OpenedFile {
  std::unique_ptr<ClipFile> file;  ///< null: `error_number` says why
  int error_number = 0;
};
using OpenClipFile = std::function<OpenedFile(const std::filesystem::path& wanted)>;

}  // namespace nestbox::record
