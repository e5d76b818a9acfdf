#include "nestbox/capture/analysis_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "frame_converter.h"
#include "frame_source.h"
#include "media_clock.h"
#include "nestbox/image/paint.h"
#include "nestbox/media/picture_memory.h"
#include "video_file.h"

namespace nestbox {
namespace {

using capture::VideoFile;

constexpr int kHeightMax = 4096;

class Reader final : public AnalysisReader {
 public:
  Reader(std::unique_ptr<VideoFile> file, CameraOptions camera)
      : file_(std::move(file)),
        camera_(std::move(camera)),
        clock_(file_->nominal_frame_time()),
        rate_cap_(capture::frame_interval(camera_.framerate)),
        converter_(camera_, file_->quarter_turns()) {}

  /// Decodes the first picture, as only that tells its shape for sure.
  Result<void> begin(const std::string& path, const std::vector<Polygon>& privacy) {
    auto found = find_next();
    if (!found) return tl::unexpected(found.error());
    if (!*found) {
      return fail(ErrorKind::kInvalidArgument, fmt::format("decode {}: there is no picture in it that decodes", path));
    }
    set_shape(file_->picture());
    if (!privacy.empty()) mask_ = PrivacyMask(privacy, memory_->analysis(0).width, memory_->analysis(0).height);
    waits_ = true;
    return {};
  }

  Result<std::optional<Picture>> next() override {
    for (;;) {
      const auto found = std::exchange(waits_, false) ? Result<bool>(true) : find_next();
      if (!found) return tl::unexpected(found.error());
      if (!*found) return std::nullopt;
      if (!rate_cap_.admits(media_time_)) continue;
      const auto& plane = memory_->analysis(0);
      if (auto converted = converter_.convert(file_->picture(), memory_->main(0), plane); !converted) {
        return tl::unexpected(converted.error());
      }
      if (!mask_.empty()) mask_.black_out(plane);
      return Picture{plane, media_time_, pictures_ - 1};
    }
  }

  int width() const noexcept override { return width_; }
  int height() const noexcept override { return height_; }
  std::chrono::nanoseconds nominal_frame_time() const override { return clock_.nominal(); }
  std::optional<std::chrono::nanoseconds> length() const override { return file_->length(); }
  std::int64_t pictures() const noexcept override { return pictures_; }
  std::uint64_t damaged_packets() const noexcept override { return file_->damaged_packets(); }

 private:
  /// False at the end.
  Result<bool> find_next() {
    for (;;) {
      const auto step = file_->decode();
      if (!step) return tl::unexpected(step.error());
      if (*step == VideoFile::Step::kEnd) return false;
      if (*step == VideoFile::Step::kMore) continue;
      media_time_ = clock_.next(file_->stamp());
      ++pictures_;
      return true;
    }
  }

  void set_shape(const AVFrame& picture) {
    const auto ratio = picture.sample_aspect_ratio;
    const double sample_aspect = ratio.num > 0 && ratio.den > 0 ? std::clamp(av_q2d(ratio), 0.1, 10.0) : 1.0;
    width_ = std::max(1, static_cast<int>(std::lround(picture.width * sample_aspect)));
    height_ = picture.height;
    if (file_->quarter_turns() % 2 == 1) std::swap(width_, height_);
    const Rect seen = camera_.roi.value_or(Rect{});
    const double shape = (seen.bottom - seen.top) * height_ / ((seen.right - seen.left) * width_);
    const int wide = camera_.analysis_width;
    const int high = std::clamp(static_cast<int>(std::lround(wide * shape / 2)) * 2, 2, kHeightMax);
    memory_.emplace(1, PictureMemory::Shape{wide, high, wide, high});
  }

  std::unique_ptr<VideoFile> file_;
  const CameraOptions camera_;
  capture::MediaClock clock_;
  capture::RateCap rate_cap_;
  capture::FrameConverter converter_;
  std::optional<PictureMemory> memory_;
  PrivacyMask mask_;
  int width_ = 0, height_ = 0;
  bool waits_ = false;  ///< begin() has decoded the first one already
  std::chrono::nanoseconds media_time_{};
  std::int64_t pictures_ = 0;
};

}  // namespace

Result<std::unique_ptr<AnalysisReader>> AnalysisReader::open(const std::string& path, CameraOptions camera,
                                                             const std::vector<Polygon>& privacy) {
  auto file = VideoFile::open(path);
  if (!file) return tl::unexpected(file.error());
  auto reader = std::make_unique<Reader>(std::move(*file), std::move(camera));
  if (auto begun = reader->begin(path, privacy); !begun) return tl::unexpected(begun.error());
  return reader;
}

}  // namespace nestbox
