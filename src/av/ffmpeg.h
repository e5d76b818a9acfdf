#pragma once
/// The one place that knows FFmpeg's versions (5.1 in bookworm, 7.1 in trixie), and the owners of its objects.
/// For the .cpp files and private headers of av, encode, publish, record and capture; never for include/nestbox.
extern "C" {
#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
#include <libavutil/audio_fifo.h>
#include <libavutil/avutil.h>
#include <libavutil/channel_layout.h>
#include <libavutil/dict.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
}

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "nestbox/base/result.h"

namespace nestbox::av {

// Owners. An output closes its AVIO too, unless that is the caller's own (AVFMT_FLAG_CUSTOM_IO).
struct InputDeleter {
  void operator()(AVFormatContext* context) const noexcept { avformat_close_input(&context); }
};
struct OutputDeleter {
  void operator()(AVFormatContext* context) const noexcept;
};
struct CodecDeleter {
  void operator()(AVCodecContext* context) const noexcept { avcodec_free_context(&context); }
};
struct FrameDeleter {
  void operator()(AVFrame* frame) const noexcept { av_frame_free(&frame); }
};
struct PacketDeleter {
  void operator()(AVPacket* packet) const noexcept { av_packet_free(&packet); }
};
struct ScalerDeleter {
  void operator()(SwsContext* context) const noexcept { sws_freeContext(context); }
};
struct ResamplerDeleter {
  void operator()(SwrContext* context) const noexcept { swr_free(&context); }
};
struct AudioFifoDeleter {
  void operator()(AVAudioFifo* fifo) const noexcept { av_audio_fifo_free(fifo); }
};
struct FilterDeleter {
  void operator()(AVBSFContext* filter) const noexcept { av_bsf_free(&filter); }
};
struct IoDeleter {  ///< for avio_alloc_context(): frees the buffer and the context, closes nothing
  void operator()(AVIOContext* io) const noexcept;
};
using Input = std::unique_ptr<AVFormatContext, InputDeleter>;
using Output = std::unique_ptr<AVFormatContext, OutputDeleter>;
using Codec = std::unique_ptr<AVCodecContext, CodecDeleter>;
using FramePtr = std::unique_ptr<AVFrame, FrameDeleter>;
using PacketPtr = std::unique_ptr<AVPacket, PacketDeleter>;
using Scaler = std::unique_ptr<SwsContext, ScalerDeleter>;
using Resampler = std::unique_ptr<SwrContext, ResamplerDeleter>;
using AudioFifo = std::unique_ptr<AVAudioFifo, AudioFifoDeleter>;
using Filter = std::unique_ptr<AVBSFContext, FilterDeleter>;  ///< of packets
using Io = std::unique_ptr<AVIOContext, IoDeleter>;

/// Never null: aborts when memory is gone.
FramePtr make_frame();
PacketPtr make_packet();

/// Options for the open functions, which take an AVDictionary** and leave in it what they did not know.
class Dictionary {
 public:
  Dictionary() = default;
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;
  ~Dictionary() { av_dict_free(&entries_); }
  void set(const char* key, const std::string& value) { av_dict_set(&entries_, key, value.c_str(), 0); }
  AVDictionary** address() noexcept { return &entries_; }
  /// The name of an option that nobody knew; empty when all were used.
  std::string first_unused() const;

 private:
  AVDictionary* entries_ = nullptr;
};

/// "Connection refused", for any of FFmpeg's negative codes.
std::string av_error_text(int code);

/// An Error of `kind`: "attempt: what FFmpeg printed on this thread (text of the code)". Takes the complaint.
[[nodiscard]] tl::unexpected<Error> av_fail(ErrorKind kind, const std::string& attempt, int code);

inline constexpr AVRational kNanoseconds{1, 1'000'000'000};

inline std::int64_t to_ticks(std::chrono::nanoseconds time, AVRational time_base) {
  return av_rescale_q(time.count(), kNanoseconds, time_base);
}
inline std::chrono::nanoseconds from_ticks(std::int64_t ticks, AVRational time_base) {
  return std::chrono::nanoseconds(av_rescale_q(ticks, time_base, kNanoseconds));
}

// What differs between the versions.

#if LIBAVFORMAT_VERSION_MAJOR >= 61
using IoWriteByte = const std::uint8_t;  ///< what the write callback of avio_alloc_context() is shown
#else
using IoWriteByte = std::uint8_t;
#endif

#if LIBAVCODEC_VERSION_MAJOR >= 61
inline constexpr int kProfileAacLow = AV_PROFILE_AAC_LOW;
#else
inline constexpr int kProfileAacLow = FF_PROFILE_AAC_LOW;
#endif

inline bool is_keyframe(const AVFrame& frame) {
#if LIBAVUTIL_VERSION_MAJOR >= 59
  return (frame.flags & AV_FRAME_FLAG_KEY) != 0;
#else
  return frame.key_frame != 0;
#endif
}

/// The sample format that an audio encoder prefers; AV_SAMPLE_FMT_NONE when it names none.
AVSampleFormat preferred_sample_format(const AVCodec& encoder);

}  // namespace nestbox::av
