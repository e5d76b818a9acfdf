#pragma once
/// Clip files on a real disk: NAME.mp4.part while they are written, NAME.mp4 once they are whole.
#include <filesystem>
#include <string>

#include "clip_file.h"

namespace nestbox::record {

inline constexpr const char* kPartSuffix = ".part";
/// What a file is called that only tries whether the disk works.
inline constexpr const char* kTrialName = ".nestbox-trial";

/// Makes the folder too. Where there is such a file, whole or not, NAME-2.mp4 is taken, and so on.
OpenedFile open_part_file(const std::filesystem::path& wanted);

struct Published {
  std::filesystem::path file;
  int error_number = 0;
};
/// Writes over what is at `at`. 0, or what errno said.
int overwrite(int fd, std::uint64_t at, std::string_view bytes);

/// Renames `part` to `wanted`, or to NAME-2.mp4 and so on where that exists, and syncs the directory.
Published publish_part(const std::filesystem::path& part, const std::filesystem::path& wanted);

/// 0, or what errno said.
int sync_directory(const std::filesystem::path& directory);

/// Whether a file's name is one that this folder's code uses for a moment only.
bool is_temporary(const std::filesystem::path& file);

}  // namespace nestbox::record
