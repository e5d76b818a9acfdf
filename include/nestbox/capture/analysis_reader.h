#pragma once
/// A video file as the motion detector sees a camera: one analysis plane after the other, as fast as they decode.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nestbox/base/result.h"
#include "nestbox/media/frame.h"
#include "nestbox/options/options.h"

namespace nestbox {

/// Thread-bound.
class AnalysisReader {
 public:
  struct Picture {
    PlaneView plane;                        ///< valid until the next call
    std::chrono::nanoseconds media_time{};  ///< since the first picture; grows
    std::int64_t number = 0;                ///< of all the file's pictures, from 0
  };

  /// camera.analysis_width pixels wide and as high as the file's own shape asks for, without bars; else as `camera`
  /// says (roi, flips, colours; thinned to framerate), with `privacy` blacked out. Errors: kNotFound; kInvalidArgument
  /// when it is no regular file, no video, too large, or has no picture that decodes; kUnavailable; kTimeout.
  static Result<std::unique_ptr<AnalysisReader>> open(const std::string& path, CameraOptions camera,
                                                      const std::vector<Polygon>& privacy);
  virtual ~AnalysisReader() = default;

  /// The next picture, or nothing at the end. Damaged parts are passed over. Errors: kUnavailable when reading fails.
  virtual Result<std::optional<Picture>> next() = 0;

  virtual int width() const noexcept = 0;  ///< of the video as it is displayed
  virtual int height() const noexcept = 0;
  virtual std::chrono::nanoseconds nominal_frame_time() const = 0;
  virtual std::optional<std::chrono::nanoseconds> length() const = 0;  ///< as the file tells; may be wrong
  virtual std::int64_t pictures() const noexcept = 0;                  ///< decoded so far, left out ones too
  virtual std::uint64_t damaged_packets() const noexcept = 0;
};

}  // namespace nestbox
