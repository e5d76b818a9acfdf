#pragma once
/// libcamera's interface changes with every release and its library's name with it. So what uses it is a module of its
/// own, one for each such name, and the daemon runs without.
#include <filesystem>

#include "camera_port.h"
#include "nestbox/base/result.h"

namespace nestbox::capture {

inline constexpr const char* kTuningFileVariable = "LIBCAMERA_RPI_TUNING_FILE";

/// lib/nestbox beside the folder of the running program; the same in the build tree and where it is installed.
std::filesystem::path camera_module_folder();

/// Loads the newest module of `folder` that fits; a loaded one stays loaded until the process ends.
/// Errors: kNotFound, with the package that is missing.
Result<MakeBackendFunction*> load_camera_module(const std::filesystem::path& folder);

}  // namespace nestbox::capture
