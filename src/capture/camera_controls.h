#pragma once
/// From the owner's settings to what a camera takes. Pure.
#include <string>
#include <vector>

#include "camera_port.h"
#include "nestbox/options/options.h"

namespace nestbox::capture {

struct ControlChoice {
  ControlSettings settings;        ///< a value for every control that the camera has
  std::vector<std::string> notes;  ///< "camera.hdr: this camera has no high dynamic range; it has no effect"
  CameraOptions left;              ///< what is left to do in software: neutral where the camera does it
};

/// `width` and `height` of the picture: the part of the sensor that fills it has its proportions. `in_software`: the
/// pictures are converted, and brightness, contrast, saturation and region of interest are done then if not before.
ControlChoice choose_controls(const CameraOptions& options, const CameraAbilities& abilities, int width, int height,
                              bool in_software);

/// The settings of `now` that `before` does not have.
ControlSettings changed_settings(const ControlSettings& before, const ControlSettings& now);

}  // namespace nestbox::capture
