#pragma once
/// Pictures that the encoder cannot take as the camera gives them: RGB, YUYV, MJPEG, or too few buffers to lend out.
/// Private: FFmpeg's types are in here.
#include <cstdint>
#include <memory>
#include <vector>

#include "av/ffmpeg.h"
#include "camera_buffers.h"
#include "camera_port.h"
#include "frame_converter.h"

namespace nestbox::capture {

/// Thread-bound. Nothing of ours is allocated for a picture.
class CameraConverter {
 public:
  /// Borrows `from`. Errors: kInvalidArgument for a format that nobody here knows.
  static Result<std::unique_ptr<CameraConverter>> create(const CameraPlan& plan, const MappedStream& from,
                                                         const CameraOptions& in_software);
  void adjust(const CameraOptions& in_software) { converter_.adjust(in_software); }
  /// Errors: kUnavailable for an MJPEG picture that is damaged.
  Result<void> convert(std::size_t index, std::size_t bytes_used, const MutableImage& main,
                       const MutablePlane& analysis);

 private:
  explicit CameraConverter(const CameraOptions& in_software) : converter_(in_software, 0) {}
  Result<void> open_decoder();
  void wrap(const CameraPlan& plan, AVPixelFormat format, const MappedStream& from);
  Result<void> decode(const PlaneView& bytes, std::size_t bytes_used);

  FrameConverter converter_;
  std::vector<av::FramePtr> wrapped_;  ///< around each buffer; empty for MJPEG
  std::vector<PlaneView> compressed_;  ///< for MJPEG
  av::Codec decoder_;
  std::vector<std::uint8_t> padded_;
  av::PacketPtr packet_ = av::make_packet();
  av::FramePtr decoded_ = av::make_frame();
};

}  // namespace nestbox::capture
