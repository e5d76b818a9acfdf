#pragma once
/// The kernel's memory-to-memory devices (/dev/videoN, V4L2 multi-planar), by ioctl. Nothing else in the house speaks
/// to them: https://docs.kernel.org/userspace-api/media/v4l/dev-encoder.html
#include "encode/m2m_device.h"

namespace nestbox {

/// Looks at /dev/video*: opens each once and asks what it offers.
std::shared_ptr<CodecDevices> system_codec_devices();

}  // namespace nestbox
