#pragma once
/// Any capture device that ALSA knows: "hw:1,0", "default", "plughw:CARD=USB".
#include "encode/pcm_device.h"

namespace nestbox {

/// Errors: kNotFound for a device that does not exist, kUnavailable when another program holds it or it is gone, with
/// the command that lists what there is.
Result<std::unique_ptr<PcmDevice>> open_alsa(const std::string& device);

}  // namespace nestbox
