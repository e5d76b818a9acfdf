#pragma once
/// Our settings as libcamera's controls.
#include <libcamera/libcamera.h>

#include "camera_port.h"

namespace nestbox::capture {

/// What a configured camera takes.
CameraAbilities abilities_of(const libcamera::Camera& camera);

/// `exposure` keeps shutter and gain from one call to the next, for libcamera switches both at once in old versions.
struct ExposureState {
  std::int32_t shutter = 0;
  float gain = 0;
};
void write_controls(const ControlSettings& settings, const CameraAbilities& abilities, ExposureState& exposure,
                    libcamera::ControlList& list);

}  // namespace nestbox::capture
