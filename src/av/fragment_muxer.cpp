#include "nestbox/av/fragment_muxer.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "av/ffmpeg.h"
#include "av/h264.h"
#include "nestbox/base/assert.h"
#include "nestbox/base/time_zone.h"

namespace nestbox {
namespace {

constexpr int kIoBufferBytes = 32 * 1024;
constexpr AVRational kVideoTimeBase{1, 90'000};
// frag_discont makes a fragment begin at its first packet's own time. Without it the muxer adds up the durations so
// far, and would hide a hole in the sound, or that it begins after the picture.
constexpr const char* kFlags = "empty_moov+default_base_moof+frag_custom+skip_trailer+frag_discont";

int append(void* opaque, av::IoWriteByte* bytes, int count) {
  static_cast<std::string*>(opaque)->append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count));
  return count;
}

std::string in_utc(WallTime time) {
  const auto utc = TimeZone::utc().to_local(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.year, utc.month, utc.day, utc.hour, utc.minute,
                     utc.second);
}

bool set_extradata(AVCodecParameters& parameters, const std::vector<std::uint8_t>& extradata) {
  parameters.extradata = static_cast<std::uint8_t*>(av_mallocz(extradata.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  if (parameters.extradata == nullptr) return false;
  std::copy(extradata.begin(), extradata.end(), parameters.extradata);
  parameters.extradata_size = static_cast<int>(extradata.size());
  return true;
}

}  // namespace

// The newest video packet is held back until its successor tells how long it lasts. Browsers take a sample that begins
// more than two sample durations after the last one for a jump, and wait for a keyframe then (Media Source Extensions,
// coded frame processing): durations must be true, not nominal.
class FragmentMuxer::Impl {
 public:
  static Result<std::unique_ptr<Impl>> create(const StreamInfo& info, std::chrono::nanoseconds fragment_duration,
                                              std::optional<WallTime> created_at);

  Result<std::string> push(const Packet& packet);
  Result<std::string> finish();
  const std::string& mime_type() const { return mime_type_; }

 private:
  Impl() = default;
  Result<void> open(const StreamInfo& info, std::optional<WallTime> created_at);
  Result<void> add_stream(const VideoInfo& video);
  Result<void> add_stream(const AudioInfo& audio);
  Result<void> write(const Packet& packet, std::chrono::nanoseconds duration);
  Result<void> write_held(std::chrono::nanoseconds duration);
  Result<void> end_fragment();

  std::chrono::nanoseconds fragment_duration_{};
  std::string mime_type_;
  std::string output_;  ///< what libavformat has written and nobody has taken yet
  av::Io io_;
  av::Output muxer_;  // after io_, which it uses until it is freed
  av::PacketPtr packet_ = av::make_packet();
  AVStream* video_ = nullptr;
  AVStream* audio_ = nullptr;
  std::optional<BootTime> start_;
  std::optional<Packet> held_;
  BootTime fragment_start_{};
};

Result<std::unique_ptr<FragmentMuxer::Impl>> FragmentMuxer::Impl::create(const StreamInfo& info,
                                                                         std::chrono::nanoseconds fragment_duration,
                                                                         std::optional<WallTime> created_at) {
  auto impl = std::unique_ptr<Impl>(new Impl);
  impl->fragment_duration_ = fragment_duration;
  const auto codec = av::avc_codec_string(info.video.extradata);
  if (!codec) return fail(ErrorKind::kInvalidArgument, "fragmented MP4: the video's extradata holds no H.264 SPS");
  impl->mime_type_ = fmt::format("video/mp4; codecs=\"{}{}\"", *codec, info.audio ? ", mp4a.40.2" : "");
  if (auto opened = impl->open(info, created_at); !opened) return fail(std::move(opened).error(), "fragmented MP4");
  return impl;
}

Result<void> FragmentMuxer::Impl::open(const StreamInfo& info, std::optional<WallTime> created_at) {
  AVFormatContext* muxer = nullptr;
  const int allocated = avformat_alloc_output_context2(&muxer, nullptr, "mp4", nullptr);
  if (allocated < 0) return av::av_fail(ErrorKind::kInternal, "make the muxer", allocated);
  muxer_.reset(muxer);

  auto* const buffer = static_cast<unsigned char*>(av_malloc(kIoBufferBytes));
  NESTBOX_ASSERT(buffer != nullptr);
  io_.reset(avio_alloc_context(buffer, kIoBufferBytes, 1, &output_, nullptr, &append, nullptr));
  NESTBOX_ASSERT(io_ != nullptr);
  io_->seekable = 0;
  muxer_->pb = io_.get();
  muxer_->flags |= AVFMT_FLAG_CUSTOM_IO;
  muxer_->avoid_negative_ts = AVFMT_AVOID_NEG_TS_DISABLED;  // our times start at 0 already

  if (auto added = add_stream(info.video); !added) return added;
  if (info.audio) {
    if (auto added = add_stream(*info.audio); !added) return added;
  }
  if (created_at) {
    av_dict_set(&muxer_->metadata, "creation_time", in_utc(*created_at).c_str(), 0);
  }
  av::Dictionary options;
  options.set("movflags", kFlags);
  options.set("use_editlist", "0");
  const int written = avformat_write_header(muxer_.get(), options.address());
  if (written < 0) return av::av_fail(ErrorKind::kInternal, "write the header", written);
  avio_flush(io_.get());
  return {};
}

Result<void> FragmentMuxer::Impl::add_stream(const VideoInfo& video) {
  video_ = avformat_new_stream(muxer_.get(), nullptr);
  NESTBOX_ASSERT(video_ != nullptr);
  AVCodecParameters& parameters = *video_->codecpar;
  parameters.codec_type = AVMEDIA_TYPE_VIDEO;
  parameters.codec_id = AV_CODEC_ID_H264;
  parameters.width = video.width;
  parameters.height = video.height;
  parameters.bit_rate = video.bitrate_bps;
  parameters.color_range = AVCOL_RANGE_MPEG;
  parameters.color_primaries = AVCOL_PRI_BT709;
  parameters.color_trc = AVCOL_TRC_BT709;
  parameters.color_space = AVCOL_SPC_BT709;
  video_->time_base = kVideoTimeBase;
  if (!set_extradata(parameters, video.extradata)) return fail(ErrorKind::kExhausted, "no memory for extradata");
  return {};
}

Result<void> FragmentMuxer::Impl::add_stream(const AudioInfo& audio) {
  audio_ = avformat_new_stream(muxer_.get(), nullptr);
  NESTBOX_ASSERT(audio_ != nullptr);
  AVCodecParameters& parameters = *audio_->codecpar;
  parameters.codec_type = AVMEDIA_TYPE_AUDIO;
  parameters.codec_id = AV_CODEC_ID_AAC;
  parameters.profile = av::kProfileAacLow;
  parameters.sample_rate = audio.sample_rate_hz;
  parameters.bit_rate = audio.bitrate_bps;
  parameters.frame_size = 1024;
  av_channel_layout_default(&parameters.ch_layout, audio.channels);
  audio_->time_base = {1, audio.sample_rate_hz};
  if (!set_extradata(parameters, audio.extradata)) return fail(ErrorKind::kExhausted, "no memory for extradata");
  return {};
}

Result<std::string> FragmentMuxer::Impl::push(const Packet& packet) {
  if (packet.track == Track::kAudio) {
    // Audio that began before the first picture has no place in a stream that starts with it.
    if (audio_ == nullptr || !start_ || packet.pts < *start_) return std::exchange(output_, {});
    if (auto written = write(packet, packet.duration); !written)
      return fail(std::move(written).error(), "fragmented MP4");
    return std::exchange(output_, {});
  }
  if (!start_) {
    NESTBOX_ASSERT(packet.keyframe);
    start_ = fragment_start_ = packet.pts;
  }
  if (held_) {
    if (packet.pts <= held_->pts) return fail(ErrorKind::kInvalidArgument, "fragmented MP4: video times must grow");
    if (auto written = write_held(packet.pts - held_->pts); !written) return tl::unexpected(std::move(written).error());
    if (packet.pts - fragment_start_ >= fragment_duration_) {
      if (auto ended = end_fragment(); !ended) return tl::unexpected(std::move(ended).error());
      fragment_start_ = packet.pts;
    }
  }
  held_ = packet;
  return std::exchange(output_, {});
}

Result<std::string> FragmentMuxer::Impl::finish() {
  if (held_) {
    if (auto written = write_held(held_->duration); !written) return tl::unexpected(std::move(written).error());
    if (auto ended = end_fragment(); !ended) return tl::unexpected(std::move(ended).error());
  }
  return std::exchange(output_, {});
}

Result<void> FragmentMuxer::Impl::write_held(std::chrono::nanoseconds duration) {
  const Packet packet = *std::exchange(held_, std::nullopt);
  auto written = write(packet, duration);
  if (!written) return fail(std::move(written).error(), "fragmented MP4");
  return {};
}

Result<void> FragmentMuxer::Impl::write(const Packet& packet, std::chrono::nanoseconds duration) {
  const AVStream& stream = packet.track == Track::kVideo ? *video_ : *audio_;
  av_packet_unref(packet_.get());
  packet_->stream_index = stream.index;
  // Borrowed for the call: libavformat does not write to a packet's bytes, and mov keeps a copy of its own.
  packet_->data = const_cast<std::uint8_t*>(packet.bytes.data());
  packet_->size = static_cast<int>(packet.bytes.size());
  packet_->pts = packet_->dts = av::to_ticks(packet.pts - *start_, stream.time_base);
  packet_->duration = av::to_ticks(packet.pts + duration - *start_, stream.time_base) - packet_->pts;
  packet_->flags = packet.keyframe ? AV_PKT_FLAG_KEY : 0;
  const int written = av_write_frame(muxer_.get(), packet_.get());
  if (written < 0) return av::av_fail(ErrorKind::kInternal, "add a packet", written);
  return {};
}

Result<void> FragmentMuxer::Impl::end_fragment() {
  const int flushed = av_write_frame(muxer_.get(), nullptr);
  if (flushed < 0) return av::av_fail(ErrorKind::kInternal, "fragmented MP4: write a fragment", flushed);
  avio_flush(io_.get());
  av_opt_set(muxer_->priv_data, "movflags", "+frag_discont", 0);  // it forgets this one at each fragment
  return {};
}

FragmentMuxer::FragmentMuxer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FragmentMuxer::~FragmentMuxer() = default;

Result<std::unique_ptr<FragmentMuxer>> FragmentMuxer::create(const StreamInfo& info,
                                                             std::chrono::nanoseconds fragment_duration,
                                                             std::optional<WallTime> created_at) {
  auto impl = Impl::create(info, fragment_duration, created_at);
  if (!impl) return tl::unexpected(std::move(impl).error());
  return std::unique_ptr<FragmentMuxer>(new FragmentMuxer(std::move(*impl)));
}

Result<std::string> FragmentMuxer::push(const Packet& packet) {
  return impl_->push(packet);
}
Result<std::string> FragmentMuxer::finish() {
  return impl_->finish();
}
const std::string& FragmentMuxer::mime_type() const {
  return impl_->mime_type();
}

}  // namespace nestbox
