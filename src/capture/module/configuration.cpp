#include "configuration.h"

#include <libcamera/formats.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "versions.h"

namespace nestbox::capture {
namespace {

namespace formats = libcamera::formats;
using libcamera::CameraConfiguration;
using libcamera::PixelFormat;
using libcamera::Size;
using libcamera::StreamConfiguration;
using libcamera::StreamRole;

// USB 2 carries some 35 MB a second; above this, a camera sends MJPEG or fewer pictures.
constexpr double kUncompressedMax = 30e6;
// A second stream is worth having while it is small: at most this many times as wide as asked for.
constexpr int kAnalysisTimesMax = 2;

Size size_of(const StreamWish& wish) {
  return {static_cast<unsigned>(wish.width), static_cast<unsigned>(wish.height)};
}

/// libcamera names RGB as a little-endian number has it: RGB888 has blue first in memory.
CameraPixels pixels_of(const PixelFormat& format) {
  if (format == formats::YUV420) return CameraPixels::kI420;
  if (format == formats::NV12) return CameraPixels::kNv12;
  if (format == formats::BGR888) return CameraPixels::kRgb24;
  if (format == formats::RGB888) return CameraPixels::kBgr24;
  if (format == formats::YUYV) return CameraPixels::kYuyv;
  if (format == formats::MJPEG) return CameraPixels::kMjpeg;
  return CameraPixels::kOther;
}

/// Best first: what the encoder takes as it is, then what the cable carries.
std::vector<PixelFormat> preference(const CameraWish& wish) {
  const double uncompressed = 2.0 * wish.main.width * wish.main.height * wish.framerate;
  std::vector<PixelFormat> wanted{formats::YUV420, formats::NV12};
  if (uncompressed > kUncompressedMax) {
    wanted.insert(wanted.end(), {formats::MJPEG, formats::YUYV});
  } else {
    wanted.insert(wanted.end(), {formats::YUYV, formats::MJPEG});
  }
  wanted.insert(wanted.end(), {formats::RGB888, formats::BGR888});
  return wanted;
}

void choose_format(StreamConfiguration& stream, const std::vector<PixelFormat>& wanted) {
  const auto offered = stream.formats().pixelformats();
  for (const auto& format : wanted) {
    if (std::find(offered.begin(), offered.end(), format) == offered.end()) continue;
    stream.pixelFormat = format;
    return;
  }
}

/// The smallest size of the picture's proportions that is not below the wish; where sizes are free, the wish itself.
Size analysis_size(const StreamConfiguration& stream, const CameraWish& wish) {
  const auto wanted = size_of(*wish.analysis);
  auto best = wanted;
  const auto sizes = stream.formats().sizes(stream.pixelFormat);
  const double aspect = static_cast<double>(wish.main.width) / wish.main.height;
  bool found = false;
  for (const auto& size : sizes) {
    constexpr double kTolerance = 0.02;
    if (size.height == 0 || size.width < wanted.width) continue;
    if (std::abs(static_cast<double>(size.width) / size.height / aspect - 1) > kTolerance) continue;
    if (found && size.width >= best.width) continue;
    best = size;
    found = true;
  }
  return stream.formats().range(stream.pixelFormat).contains(wanted) && sizes.size() < 2 ? wanted : best;
}

std::unique_ptr<CameraConfiguration> generate(libcamera::Camera& camera, const CameraWish& wish, bool with_analysis) {
  std::vector<StreamRole> roles{StreamRole::VideoRecording};
  if (with_analysis) roles.push_back(StreamRole::Viewfinder);
  auto configuration = camera.generateConfiguration(roles);
  if (!configuration || configuration->size() != roles.size()) return nullptr;
  for (std::size_t i = 0; i < roles.size(); ++i) {
    auto& stream = configuration->at(static_cast<unsigned>(i));
    const bool is_main = i == 0;
    choose_format(stream, is_main ? preference(wish) : std::vector<PixelFormat>{formats::YUV420, formats::NV12});
    stream.size = is_main ? size_of(wish.main) : analysis_size(stream, wish);
    stream.bufferCount = static_cast<unsigned>(wish.buffers);
    const auto pixels = pixels_of(stream.pixelFormat);
    if (pixels == CameraPixels::kI420 || pixels == CameraPixels::kNv12) {
      stream.colorSpace = libcamera::ColorSpace::Rec709;
    }
  }
  set_flips(*configuration, {wish.mirror, wish.flip});
  if (configuration->validate() == CameraConfiguration::Invalid) return nullptr;
  return configuration;
}

bool is_good_analysis(const CameraConfiguration& configuration, const CameraWish& wish) {
  const auto& stream = configuration.at(1);
  const auto pixels = pixels_of(stream.pixelFormat);
  return (pixels == CameraPixels::kI420 || pixels == CameraPixels::kNv12) &&
         stream.size.width <= static_cast<unsigned>(wish.analysis->width * kAnalysisTimesMax);
}

StreamShape shape_of(const StreamConfiguration& stream) {
  const auto pixels = pixels_of(stream.pixelFormat);
  return {pixels, stream.pixelFormat.toString(), static_cast<int>(stream.size.width),
          static_cast<int>(stream.size.height), static_cast<int>(stream.stride)};
}

}  // namespace

std::unique_ptr<CameraConfiguration> choose_configuration(libcamera::Camera& camera, const CameraWish& wish) {
  auto one = generate(camera, wish, false);
  if (!wish.analysis || !one) return one;
  auto two = generate(camera, wish, true);
  // A second stream must not cost the first one its size.
  if (two && two->at(0).size == one->at(0).size && is_good_analysis(*two, wish)) return two;
  return one;
}

CameraPlan plan_of(const CameraConfiguration& configuration) {
  CameraPlan plan;
  const auto& main = configuration.at(0);
  plan.main = shape_of(main);
  if (configuration.size() > 1) plan.analysis = shape_of(configuration.at(1));
  const auto flips = flips_of(configuration);
  plan.mirrors = flips.mirror;
  plan.flips = flips.flip;
  if (main.colorSpace) {
    using libcamera::ColorSpace;
    const auto matrix = main.colorSpace->ycbcrEncoding;
    plan.matrix = matrix == ColorSpace::YcbcrEncoding::Rec601   ? ColourMatrix::kBt601
                  : matrix == ColorSpace::YcbcrEncoding::Rec709 ? ColourMatrix::kBt709
                                                                : ColourMatrix::kUnknown;
    plan.full_range = main.colorSpace->range == ColorSpace::Range::Full;
  }
  return plan;
}

}  // namespace nestbox::capture
