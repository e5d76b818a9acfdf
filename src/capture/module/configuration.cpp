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

/// What to ask for as the small stream: the wish, then the smallest size of the picture's proportions above it.
std::vector<Size> analysis_sizes(const StreamConfiguration& stream, const CameraWish& wish) {
  const auto wanted = size_of(*wish.analysis);
  std::vector<Size> candidates{wanted};
  const double aspect = static_cast<double>(wish.main.width) / wish.main.height;
  Size best;
  for (const auto& size : stream.formats().sizes(stream.pixelFormat)) {
    constexpr double kTolerance = 0.02;
    if (size.height == 0 || size.width <= wanted.width) continue;
    if (std::abs(static_cast<double>(size.width) / size.height / aspect - 1) > kTolerance) continue;
    if (best.isNull() || size.width < best.width) best = size;
  }
  if (!best.isNull()) candidates.push_back(best);
  return candidates;
}

using Configuration = std::unique_ptr<CameraConfiguration>;

void ask(StreamConfiguration& stream, const std::vector<PixelFormat>& formats, const Size& size,
         const CameraWish& wish) {
  choose_format(stream, formats);
  stream.size = size;
  stream.bufferCount = static_cast<unsigned>(wish.buffers);
  const auto pixels = pixels_of(stream.pixelFormat);
  if (pixels == CameraPixels::kI420 || pixels == CameraPixels::kNv12) {
    stream.colorSpace = libcamera::ColorSpace::Rec709;
  }
}

bool is_valid(CameraConfiguration& configuration, const CameraWish& wish) {
  set_flips(configuration, {wish.mirror, wish.flip});
  return configuration.validate() != CameraConfiguration::Invalid;
}

Configuration one_stream(libcamera::Camera& camera, const CameraWish& wish) {
  const std::vector<StreamRole> roles{StreamRole::VideoRecording};
  auto configuration = camera.generateConfiguration(roles);
  if (!configuration || configuration->empty()) return nullptr;
  ask(configuration->at(0), preference(wish), size_of(wish.main), wish);
  return is_valid(*configuration, wish) ? std::move(configuration) : nullptr;
}

bool is_good_analysis(const StreamConfiguration& stream, const CameraWish& wish) {
  const auto pixels = pixels_of(stream.pixelFormat);
  return (pixels == CameraPixels::kI420 || pixels == CameraPixels::kNv12) &&
         stream.size.width <= static_cast<unsigned>(wish.analysis->width * kAnalysisTimesMax);
}

/// Null where the second stream would be large, or cost the first one its size.
Configuration two_streams(libcamera::Camera& camera, const CameraWish& wish, const StreamConfiguration& main) {
  const std::vector<StreamRole> roles{StreamRole::VideoRecording, StreamRole::Viewfinder};
  auto configuration = camera.generateConfiguration(roles);
  if (!configuration || configuration->size() != roles.size()) return nullptr;
  const std::vector<PixelFormat> with_luma{formats::YUV420, formats::NV12};
  choose_format(configuration->at(1), with_luma);
  for (const auto& size : analysis_sizes(configuration->at(1), wish)) {
    ask(configuration->at(0), preference(wish), size_of(wish.main), wish);
    ask(configuration->at(1), with_luma, size, wish);
    if (!is_valid(*configuration, wish)) continue;
    const bool same_main =
        configuration->at(0).size == main.size && configuration->at(0).pixelFormat == main.pixelFormat;
    if (same_main && is_good_analysis(configuration->at(1), wish)) return configuration;
  }
  return nullptr;
}

StreamShape shape_of(const StreamConfiguration& stream) {
  const auto pixels = pixels_of(stream.pixelFormat);
  return {pixels, stream.pixelFormat.toString(), static_cast<int>(stream.size.width),
          static_cast<int>(stream.size.height), static_cast<int>(stream.stride)};
}

}  // namespace

Configuration choose_configuration(libcamera::Camera& camera, const CameraWish& wish) {
  auto one = one_stream(camera, wish);
  if (!wish.analysis || !one) return one;
  auto two = two_streams(camera, wish, one->at(0));
  return two ? std::move(two) : std::move(one);
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
