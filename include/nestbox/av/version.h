#pragma once
#include <string>

namespace nestbox {

/// FFmpeg's own name for the version that is loaded: "5.1.6-0+deb12u1+rpt1".
std::string ffmpeg_version();

}  // namespace nestbox
