#pragma once

namespace nestbox::capture {

/// Whether a video device that this process has open was taken away: its node is gone from /dev. Not every system tells
/// libcamera so, and some of its versions end the process when they are to stop such a camera.
bool video_device_is_gone();

}  // namespace nestbox::capture
