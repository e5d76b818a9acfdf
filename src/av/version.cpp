#include "nestbox/av/version.h"

#include "av/ffmpeg.h"

namespace nestbox {

std::string ffmpeg_version() {
  return av_version_info();
}

}  // namespace nestbox
