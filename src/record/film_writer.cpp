#include "film_writer.h"

#include "disk_health.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace nestbox::record {
namespace {

using std::chrono::nanoseconds;

constexpr AVRational kVideoTimeBase{1, 90'000}, kChapterTimeBase{1, 1000};
constexpr std::int64_t kSamples = 1024;  // of one AAC frame

}  // namespace

Result<std::unique_ptr<FilmWriter>> FilmWriter::create(const std::filesystem::path& file, const StreamInfo& info,
                                                       Bytes silence, const std::vector<Chapter>& chapters) {
  auto writer = std::unique_ptr<FilmWriter>(new FilmWriter);
  writer->silence_ = std::move(silence);
  if (auto opened = writer->open(file, info, chapters); !opened) return fail(std::move(opened).error(), file.string());
  return writer;
}

Result<void> FilmWriter::open(const std::filesystem::path& file, const StreamInfo& info,
                              const std::vector<Chapter>& chapters) {
  const auto url = "file:" + file.string();
  AVFormatContext* muxer = nullptr;
  const int allocated = avformat_alloc_output_context2(&muxer, nullptr, "mp4", url.c_str());
  if (allocated < 0) return av::av_fail(ErrorKind::kInternal, "make the muxer", allocated);
  muxer_.reset(muxer);
  const auto video = add_stream(AVMEDIA_TYPE_VIDEO, AV_CODEC_ID_H264, kVideoTimeBase, info.video.extradata);
  if (!video) return tl::unexpected(video.error());
  video_ = *video;
  video_->codecpar->width = info.video.width;
  video_->codecpar->height = info.video.height;
  if (info.audio) {
    audio_time_base_ = {1, info.audio->sample_rate_hz};
    const auto audio = add_stream(AVMEDIA_TYPE_AUDIO, AV_CODEC_ID_AAC, audio_time_base_, info.audio->extradata);
    if (!audio) return tl::unexpected(audio.error());
    audio_ = *audio;
    audio_->codecpar->sample_rate = info.audio->sample_rate_hz;
    audio_->codecpar->frame_size = kSamples;
    av_channel_layout_default(&audio_->codecpar->ch_layout, info.audio->channels);
  }
  if (auto added = add_chapters(chapters); !added) return added;
  const int opened = avio_open(&muxer->pb, url.c_str(), AVIO_FLAG_WRITE);
  if (opened < 0) return av::av_fail(kind_of_disk_error(AVUNERROR(opened)), "create", opened);
  av::Dictionary options;
  options.set("movflags", "+faststart");
  const int written = avformat_write_header(muxer, options.address());
  if (written < 0) return av::av_fail(kind_of_disk_error(AVUNERROR(written)), "write the header", written);
  return {};
}

Result<AVStream*> FilmWriter::add_stream(AVMediaType type, AVCodecID codec, AVRational time_base,
                                         const Bytes& extradata) {
  AVStream* const stream = avformat_new_stream(muxer_.get(), nullptr);
  auto* const copy = static_cast<std::uint8_t*>(av_mallocz(extradata.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  if (stream == nullptr || copy == nullptr) return fail(ErrorKind::kExhausted, "no memory for a stream");
  std::copy(extradata.begin(), extradata.end(), copy);
  stream->codecpar->codec_type = type;
  stream->codecpar->codec_id = codec;
  stream->codecpar->extradata = copy;
  stream->codecpar->extradata_size = static_cast<int>(extradata.size());
  stream->time_base = time_base;
  return stream;
}

// Libavformat offers no function for it to those who write: it frees the list and what is in it.
Result<void> FilmWriter::add_chapters(const std::vector<Chapter>& chapters) {
  muxer_->chapters = static_cast<AVChapter**>(av_calloc(chapters.size() + 1, sizeof(AVChapter*)));
  if (muxer_->chapters == nullptr) return fail(ErrorKind::kExhausted, "no memory for chapters");
  for (const auto& chapter : chapters) {
    auto* const mark = static_cast<AVChapter*>(av_mallocz(sizeof(AVChapter)));
    if (mark == nullptr) return fail(ErrorKind::kExhausted, "no memory for a chapter");
    mark->id = muxer_->nb_chapters;
    mark->time_base = kChapterTimeBase;
    mark->start = av::to_ticks(chapter.from, kChapterTimeBase);
    mark->end = av::to_ticks(chapter.to, kChapterTimeBase);
    av_dict_set(&mark->metadata, "title", chapter.title.c_str(), 0);
    muxer_->chapters[muxer_->nb_chapters++] = mark;
  }
  return {};
}

Result<void> FilmWriter::add_picture(std::span<const std::uint8_t> bytes, nanoseconds at, nanoseconds duration,
                                     bool keyframe) {
  const auto begin = av::to_ticks(at, kVideoTimeBase);
  return write(*video_, bytes, begin, av::to_ticks(at + duration, kVideoTimeBase) - begin, keyframe);
}

Result<void> FilmWriter::add_sound(std::span<const std::uint8_t> bytes, nanoseconds at) {
  if (audio_ == nullptr) return {};
  if (auto filled = fill_sound_until(at); !filled) return filled;
  const auto wanted = av::to_ticks(at, audio_time_base_);
  if (silence_.empty()) next_sound_ = std::max(next_sound_, wanted);
  if (next_sound_ - wanted > kSamples / 2) return {};
  return write_sound(bytes);
}

Result<void> FilmWriter::fill_sound_until(nanoseconds to) {
  if (audio_ == nullptr || silence_.empty()) return {};
  const auto wanted = av::to_ticks(to, audio_time_base_);
  while (wanted - next_sound_ > kSamples / 2) {
    if (auto written = write_sound(silence_); !written) return written;
  }
  return {};
}

Result<void> FilmWriter::write_sound(std::span<const std::uint8_t> bytes) {
  const auto at = std::exchange(next_sound_, next_sound_ + kSamples);
  return write(*audio_, bytes, at, kSamples, true);
}

Result<void> FilmWriter::write(const AVStream& stream, std::span<const std::uint8_t> bytes, std::int64_t at,
                               std::int64_t duration, bool keyframe) {
  const bool is_video = &stream == video_;
  auto packet = av::make_packet();
  if (const int got = av_new_packet(packet.get(), static_cast<int>(bytes.size())); got < 0) {
    return av::av_fail(ErrorKind::kExhausted, "add a packet", got);
  }
  std::copy(bytes.begin(), bytes.end(), packet->data);
  packet->stream_index = stream.index;
  packet->pts = packet->dts = at;
  packet->duration = duration;
  packet->flags = keyframe ? AV_PKT_FLAG_KEY : 0;
  av_packet_rescale_ts(packet.get(), is_video ? kVideoTimeBase : audio_time_base_, stream.time_base);
  const int written = av_interleaved_write_frame(muxer_.get(), packet.get());
  if (written < 0) return av::av_fail(kind_of_disk_error(AVUNERROR(written)), "add a packet", written);
  return {};
}

Result<void> FilmWriter::finish() {
  const int written = av_write_trailer(muxer_.get());
  if (written < 0) return av::av_fail(kind_of_disk_error(AVUNERROR(written)), "write the index", written);
  const int closed = avio_closep(&muxer_->pb);
  if (closed < 0) return av::av_fail(kind_of_disk_error(AVUNERROR(closed)), "close", closed);
  return {};
}

}  // namespace nestbox::record
