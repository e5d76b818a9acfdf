#include "light_gauge.h"

#include <algorithm>
#include <utility>

#include "nestbox/image/paint.h"
#include "nestbox/media/limited_range.h"

namespace nestbox::vision {

void LightGauge::hide(std::vector<Polygon> privacy) {
  privacy_ = std::move(privacy);
  width_ = height_ = 0;
}

void LightGauge::map_hidden(const PlaneView& plane) {
  if (plane.width == width_ && plane.height == height_) return;
  width_ = plane.width, height_ = plane.height;
  shown_.clear();
  if (privacy_.empty()) return;
  shown_.assign(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_), kWhiteLuma);
  PrivacyMask(privacy_, width_, height_).black_out(MutablePlane{shown_.data(), width_, height_, width_});
}

std::optional<LightSample> LightGauge::look(const Frame& frame) {
  const PlaneView& plane = frame.analysis;
  if (plane.data == nullptr || plane.width < 1 || plane.height < 1) return std::nullopt;
  map_hidden(plane);
  std::uint64_t sum = 0, burnt = 0, count = 0;
  for (int y = 0; y < plane.height; y += kRowStep) {
    const std::uint8_t* const row = plane.data + static_cast<std::ptrdiff_t>(y) * plane.stride;
    const std::uint8_t* const shown =
        shown_.empty() ? nullptr : shown_.data() + static_cast<std::ptrdiff_t>(y) * width_;
    for (int x = 0; x < plane.width; x += kColumnStep) {
      if (shown != nullptr && shown[x] == kBlackLuma) continue;
      sum += row[x];
      burnt += row[x] >= kWhiteLuma ? 1 : 0;
      ++count;
    }
  }
  if (count == 0) return std::nullopt;
  LightSample sample;
  sample.at = frame.captured_at;
  const double mean = static_cast<double>(sum) / static_cast<double>(count);
  sample.luma = std::clamp((mean - kBlackLuma) / (kWhiteLuma - kBlackLuma), 0.0, 1.0);
  sample.burnt_share = static_cast<double>(burnt) / static_cast<double>(count);
  if (frame.lux) sample.lux = static_cast<double>(*frame.lux);
  sample.exposure = frame.exposure;
  if (frame.gain) sample.gain = static_cast<double>(*frame.gain);
  return sample;
}

}  // namespace nestbox::vision
