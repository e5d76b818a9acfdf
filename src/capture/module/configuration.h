#pragma once
/// What to ask a camera for.
#include <libcamera/libcamera.h>

#include <memory>

#include "camera_port.h"

namespace nestbox::capture {

/// The nearest valid configuration to the wish: one stream, or two where the camera gives the second one small. Null
/// when the camera has none.
std::unique_ptr<libcamera::CameraConfiguration> choose_configuration(libcamera::Camera& camera, const CameraWish& wish);

/// `configuration` in our words; the counts are the caller's to fill in.
CameraPlan plan_of(const libcamera::CameraConfiguration& configuration);

}  // namespace nestbox::capture
