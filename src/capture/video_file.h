#pragma once
/// Pictures out of any video file that FFmpeg decodes. Private: FFmpeg's types are in here.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "av/ffmpeg.h"
#include "nestbox/base/clock.h"
#include "nestbox/base/result.h"

namespace nestbox::capture {

/// Thread-bound. Reads regular files alone: no URL, no device, no pipe, whatever a playlist inside says.
class VideoFile {
 public:
  enum class Step : std::uint8_t {
    kPicture,  ///< picture() is the next one
    kMore,     ///< much was read and nothing came yet: call again
    kEnd,
  };

  /// Errors: kNotFound; kInvalidArgument when it is no regular file, no video, or larger than kPixelsMax;
  /// kUnavailable when it cannot be read; kTimeout when probing takes more than 5 s.
  static Result<std::unique_ptr<VideoFile>> open(const std::string& path);

  /// Decodes on. Damaged parts are passed over and counted. Errors: kUnavailable when reading fails.
  Result<Step> decode();
  const AVFrame& picture() const noexcept { return *picture_; }
  std::optional<std::chrono::nanoseconds> stamp() const;
  /// Back to the first picture. Errors: kInvalidArgument when the pass that has ended had no picture; as open().
  Result<void> rewind();

  std::chrono::nanoseconds nominal_frame_time() const;
  /// As the container tells; it may be wrong, or say nothing.
  std::optional<std::chrono::nanoseconds> length() const;
  /// Quarter turns clockwise that the container wants for display: 0 to 3.
  int quarter_turns() const noexcept { return quarter_turns_; }
  std::uint64_t damaged_packets() const noexcept { return damaged_packets_; }

  static constexpr std::int64_t kPixelsMax = 16'000'000;

 private:
  explicit VideoFile(std::string path) : path_(std::move(path)) {}
  Result<void> open_container();
  Result<void> open_decoder();
  /// Puts the next packet, or the end, into the decoder.
  Result<void> feed();

  const std::string path_;
  BootTime deadline_{};  ///< of the blocking call in hand; FFmpeg asks for it
  av::Input input_;
  av::Codec decoder_;
  av::FramePtr picture_ = av::make_frame();
  av::PacketPtr packet_ = av::make_packet();
  AVStream* stream_ = nullptr;
  int quarter_turns_ = 0;
  bool draining_ = false;
  bool picture_waits_ = false;  ///< rewind() has decoded the first one already
  std::uint64_t pictures_in_pass_ = 0, damaged_packets_ = 0;
};

}  // namespace nestbox::capture
