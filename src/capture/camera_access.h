#pragma once
/// The one camera library of a process, made when it is first needed.
#include <memory>
#include <optional>

#include "camera_port.h"
#include "nestbox/base/clock.h"
#include "nestbox/base/result.h"

namespace nestbox::capture {

/// Thread-bound to the capture thread.
class CameraAccess {
 public:
  /// Loads the library, or gives the one that a source still uses. It is made anew once no source uses it and a camera
  /// was found, or some seconds after none was: not every system tells libcamera of a camera that comes.
  Result<std::shared_ptr<CameraBackend>> backend();
  bool has_camera();

 private:
  MakeBackendFunction* make_ = nullptr;
  std::shared_ptr<CameraBackend> empty_;  ///< found no camera; waits for one
  std::weak_ptr<CameraBackend> in_use_;
  BootTime made_at_{};
};

}  // namespace nestbox::capture
