#pragma once
/// One acquired camera of libcamera's.
#include <libcamera/libcamera.h>

#include <atomic>
#include <memory>
#include <vector>

#include "camera_port.h"
#include "controls.h"

namespace nestbox::capture {

class LibcameraSession final : public CameraSession {
 public:
  /// `camera` is acquired, and released here.
  explicit LibcameraSession(std::shared_ptr<libcamera::Camera> camera) : camera_(std::move(camera)) {}
  ~LibcameraSession() override;

  Result<CameraPlan> configure(const CameraWish& wish) override;
  CameraAbilities abilities() const override { return abilities_; }
  std::vector<RequestBuffers> buffers() const override;
  Result<void> start(const ControlSettings& settings, Completed on_completed) override;
  Result<void> queue(std::size_t request, const ControlSettings& settings) override;
  void stop() override;
  bool is_lost() const override { return lost_; }

 private:
  Result<void> allocate(std::size_t wanted);
  Result<void> make_requests();
  void completed(libcamera::Request& request) const;

  const std::shared_ptr<libcamera::Camera> camera_;
  std::unique_ptr<libcamera::CameraConfiguration> configuration_;
  CameraAbilities abilities_;
  ExposureState exposure_;
  /// A pipeline exports a fixed number of buffers at once; several allocators give as many as are needed.
  std::vector<std::unique_ptr<libcamera::FrameBufferAllocator>> allocators_;
  std::vector<std::vector<libcamera::FrameBuffer*>> buffers_;  ///< for each stream
  std::vector<std::unique_ptr<libcamera::Request>> requests_;
  Completed on_completed_;
  std::atomic<bool> unplugged_{false};  ///< libcamera has been told: it is safe to stop
  bool lost_ = false;
};

}  // namespace nestbox::capture
