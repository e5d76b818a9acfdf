#pragma once
/// The sound of a file, over and over.
#include <cstdint>
#include <memory>
#include <string>

#include "av/ffmpeg.h"
#include "encode/sound_source.h"
#include "nestbox/base/result.h"

namespace nestbox {

/// Any regular file whose sound FFmpeg decodes, as 44.1 kHz stereo planar float; at its end it begins anew.
/// Thread-bound; reads block on the disk.
class AudioFile {
 public:
  /// Errors: kNotFound; kInvalidArgument for what is no regular file; kUnavailable for what cannot be decoded.
  static Result<std::unique_ptr<AudioFile>> open(const std::string& path);

  /// Fills the frame's kAudioFrameSamples samples (shape as of make_audio_frame()). Errors: kUnavailable when the file
  /// has become unreadable or holds no sound at all; the object is of no use then.
  Result<void> read(AVFrame& samples);

 private:
  explicit AudioFile(std::string path) : path_(std::move(path)) {}
  Result<void> open_input();
  Result<void> open_decoder();
  Result<void> decode_some();
  Result<void> take_decoded();
  Result<void> adapt_resampler();
  Result<void> store_resampled();
  Result<void> rewind();
  tl::unexpected<Error> broken(const std::string& attempt, int code) const;

  const std::string path_;
  av::Input input_;
  av::Codec decoder_;
  int stream_index_ = -1;
  av::Resampler resampler_;  ///< for the decoder's format as it was last seen
  AVSampleFormat format_ = AV_SAMPLE_FMT_NONE;
  int rate_hz_ = 0, channels_ = 0;
  av::AudioFifo fifo_;
  av::FramePtr decoded_ = av::make_frame();
  av::FramePtr resampled_ = av::make_frame();
  av::PacketPtr packet_ = av::make_packet();
  std::int64_t samples_this_pass_ = 0;
};

/// A file as the sound of a stream; opened when it is first asked, and anew after an error.
class FileSound final : public SoundSource {
 public:
  explicit FileSound(std::string path) : path_(std::move(path)) {}
  Result<Heard> read(AVFrame& samples, BootTime stamp) override;
  std::chrono::seconds retry_after() const override { return std::chrono::seconds(30); }
  std::string name() const override { return "file:" + path_; }

 private:
  const std::string path_;
  std::unique_ptr<AudioFile> file_;
};

}  // namespace nestbox
