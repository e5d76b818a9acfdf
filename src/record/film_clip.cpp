#include "film_clip.h"

#include <algorithm>
#include <utility>

namespace nestbox::record {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr seconds kLength(6), kBefore(3), kAfter(2);

std::vector<std::uint8_t> extradata_of(const AVCodecParameters& parameters) {
  return {parameters.extradata, parameters.extradata + parameters.extradata_size};
}

}  // namespace

Result<std::unique_ptr<FilmClip>> FilmClip::open(const std::filesystem::path& file) {
  auto clip = std::unique_ptr<FilmClip>(new FilmClip);
  if (auto opened = clip->open_file(file); !opened) return tl::unexpected(std::move(opened).error());
  return clip;
}

Result<void> FilmClip::open_file(const std::filesystem::path& file) {
  AVFormatContext* context = nullptr;
  const int opened = avformat_open_input(&context, ("file:" + file.string()).c_str(), nullptr, nullptr);
  if (opened < 0) return av::av_fail(ErrorKind::kUnavailable, "open " + file.string(), opened);
  input_.reset(context);
  video_ = av_find_best_stream(context, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  audio_ = av_find_best_stream(context, AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
  if (video_ < 0 || context->streams[video_]->codecpar->codec_id != AV_CODEC_ID_H264) {
    return fail(ErrorKind::kUnavailable, file.string() + ": holds no H.264 video");
  }
  if (auto set_up = set_up_filter(); !set_up) return fail(std::move(set_up).error(), file.string());
  const AVCodecParameters& video = *input_->streams[video_]->codecpar;
  info_.video = {video.width, video.height, 0, 0, extradata_of(*to_annex_b_->par_out)};
  if (audio_ >= 0 && input_->streams[audio_]->codecpar->codec_id == AV_CODEC_ID_AAC) {
    const AVCodecParameters& audio = *input_->streams[audio_]->codecpar;
    info_.audio = AudioInfo{audio.sample_rate, audio.ch_layout.nb_channels, 0, extradata_of(audio)};
  }
  return {};
}

Result<void> FilmClip::set_up_filter() {
  AVBSFContext* filter = nullptr;
  const int allocated = av_bsf_alloc(av_bsf_get_by_name("h264_mp4toannexb"), &filter);
  if (allocated < 0) return av::av_fail(ErrorKind::kInternal, "make the filter h264_mp4toannexb", allocated);
  to_annex_b_.reset(filter);
  const AVStream& stream = *input_->streams[video_];
  int set_up = avcodec_parameters_copy(filter->par_in, stream.codecpar);
  filter->time_base_in = stream.time_base;
  if (set_up >= 0) set_up = av_bsf_init(filter);
  if (set_up < 0) return av::av_fail(ErrorKind::kUnavailable, "read the H.264 headers", set_up);
  return {};
}

nanoseconds FilmClip::time_of(const AVPacket& packet) const {
  return av::from_ticks(packet.dts, stream_of(packet).time_base);
}

bool FilmClip::next(AVPacket& packet) {
  av_packet_unref(&packet);
  return av_read_frame(input_.get(), &packet) >= 0;
}

std::optional<Excerpt> FilmClip::find_excerpt(nanoseconds best) {
  const auto begin_at_latest = std::max(best - kBefore, nanoseconds::zero());
  std::optional<Excerpt> excerpt;
  auto packet = av::make_packet();
  while (next(*packet)) {
    if (packet->stream_index != video_) continue;
    const auto at = time_of(*packet);
    const bool is_keyframe = (packet->flags & AV_PKT_FLAG_KEY) != 0;
    if (is_keyframe && (!excerpt || at <= begin_at_latest)) excerpt = Excerpt{at, at, 0};
    if (!excerpt) continue;
    if (at >= std::max(excerpt->from + kLength, best + kAfter)) break;
    ++excerpt->pictures;
    excerpt->to = at + av::from_ticks(packet->duration, stream_of(*packet).time_base);
  }
  return excerpt;
}

Result<void> FilmClip::read(const Excerpt& excerpt, const Take& take) {
  auto packet = av::make_packet();
  while (next(*packet)) {
    const auto at = time_of(*packet);
    if (packet->stream_index == video_) {
      if (at >= excerpt.to) break;
      if (at < excerpt.from) continue;
      const int sent = av_bsf_send_packet(to_annex_b_.get(), packet.get());
      const int received = sent < 0 ? sent : av_bsf_receive_packet(to_annex_b_.get(), packet.get());
      if (received < 0) return av::av_fail(ErrorKind::kUnavailable, "read a picture", received);
      if (auto taken = take(Track::kVideo, at, *packet); !taken) return taken;
    } else if (packet->stream_index == audio_ && info_.audio && at >= excerpt.from && at < excerpt.to) {
      if (auto taken = take(Track::kAudio, at, *packet); !taken) return taken;
    }
  }
  return {};
}

}  // namespace nestbox::record
