/// libcamera behind the port, as a module that is loaded where the library is there (camera_module.h).
#include <fmt/format.h>
#include <libcamera/libcamera.h>

#include <cerrno>
#include <cstring>

#include "camera_port.h"
#include "session.h"

namespace nestbox::capture {
namespace {

CameraLocation location_of(const libcamera::Camera& camera) {
  const auto location = camera.properties().get(libcamera::properties::Location);
  if (!location) return CameraLocation::kUnknown;
  switch (*location) {
    case libcamera::properties::CameraLocationFront:
      return CameraLocation::kFront;
    case libcamera::properties::CameraLocationBack:
      return CameraLocation::kBack;
    case libcamera::properties::CameraLocationExternal:
      return CameraLocation::kExternal;
    default:
      return CameraLocation::kUnknown;
  }
}

class LibcameraBackend final : public CameraBackend {
 public:
  ~LibcameraBackend() override {
    if (started_) manager_.stop();
  }

  bool start() {
    started_ = manager_.start() == 0;
    return started_;
  }

  std::string name() const override { return "libcamera " + libcamera::CameraManager::version(); }

  std::vector<CameraInfo> cameras() override {
    std::vector<CameraInfo> found;
    for (const auto& camera : manager_.cameras()) {
      const auto model = camera->properties().get(libcamera::properties::Model);
      found.push_back({camera->id(), model ? std::string(*model) : std::string(), location_of(*camera)});
    }
    return found;
  }

  Result<std::unique_ptr<CameraSession>> open(const std::string& id) override {
    auto camera = manager_.get(id);
    if (!camera) return fail(ErrorKind::kNotFound, fmt::format("camera {} is not there", id));
    const int code = camera->acquire();
    if (code == -EBUSY) {
      return fail(ErrorKind::kBusy, fmt::format("camera {} is in use by another program", id));
    }
    if (code < 0) return fail(ErrorKind::kUnavailable, fmt::format("camera {}: open: {}", id, std::strerror(-code)));
    return std::make_unique<LibcameraSession>(std::move(camera));
  }

 private:
  libcamera::CameraManager manager_;
  bool started_ = false;
};

}  // namespace
}  // namespace nestbox::capture

#define NESTBOX_EXPORTED extern "C" __attribute__((visibility("default")))

NESTBOX_EXPORTED int nestbox_camera_port_version() {
  return nestbox::capture::kCameraPortVersion;
}

NESTBOX_EXPORTED nestbox::capture::CameraBackend* nestbox_make_camera_backend() {
  auto backend = std::make_unique<nestbox::capture::LibcameraBackend>();
  return backend->start() ? backend.release() : nullptr;
}
