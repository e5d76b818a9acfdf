#include "film_card.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "av/ffmpeg.h"
#include "nestbox/base/log.h"
#include "nestbox/image/paint.h"
#include "nestbox/image/text.h"

namespace nestbox::record {
namespace {

constexpr AVRational kTimeBase{1, 90'000};
constexpr int kSizeAt720 = 60;
constexpr int kParameterSetsMax = 32;  // of SPS; H.264, 7.4.2.1.1
constexpr int kSilentFrames = 8;       // until the encoder has settled

/// Unsigned Exp-Golomb code (H.264, 9.1) at the beginning of `bytes`; -1 when it is cut off.
int exp_golomb(const std::uint8_t* bytes, std::size_t size) {
  const auto bit = [&](std::size_t n) { return bytes[n / 8] >> (7 - n % 8) & 1; };
  std::size_t zeroes = 0;
  while (zeroes < size * 8 && zeroes < 16 && bit(zeroes) == 0) ++zeroes;
  if (zeroes == 16 || 2 * zeroes + 1 > size * 8) return -1;
  int value = 0;
  for (std::size_t n = zeroes; n <= 2 * zeroes; ++n) value = value << 1 | bit(n);
  return value - 1;
}

av::Codec open_encoder(const char* name) {
  const AVCodec* const codec = avcodec_find_encoder_by_name(name);
  return av::Codec(codec == nullptr ? nullptr : avcodec_alloc_context3(codec));
}

Bytes extradata_of(const AVCodecContext& codec) {
  return {codec.extradata, codec.extradata + codec.extradata_size};
}

/// `frame` null: what is still inside.
Result<void> encode(AVCodecContext& codec, const AVFrame* frame, std::vector<Bytes>& out) {
  if (const int sent = avcodec_send_frame(&codec, frame); sent < 0) {
    return av::av_fail(ErrorKind::kInternal, "encode", sent);
  }
  for (auto unit = av::make_packet();; av_packet_unref(unit.get())) {
    const int received = avcodec_receive_packet(&codec, unit.get());
    if (received == AVERROR(EAGAIN) || received == AVERROR_EOF) return {};
    if (received < 0) return av::av_fail(ErrorKind::kInternal, "encode", received);
    out.emplace_back(unit->data, unit->data + unit->size);
  }
}

MutableImage view(AVFrame& frame) {
  MutableImage image{PixelFormat::kI420, frame.width, frame.height, {}, {}, {}};
  image.y = {frame.data[0], frame.width, frame.height, frame.linesize[0]};
  image.u = {frame.data[1], frame.width / 2, frame.height / 2, frame.linesize[1]};
  image.v = {frame.data[2], frame.width / 2, frame.height / 2, frame.linesize[2]};
  return image;
}

Result<av::FramePtr> paint(const std::string& text, const VideoInfo& like) {
  auto frame = av::make_frame();
  frame->format = AV_PIX_FMT_YUV420P;
  frame->width = like.width;
  frame->height = like.height;
  if (const int got = av_frame_get_buffer(frame.get(), 0); got < 0) {
    return av::av_fail(ErrorKind::kExhausted, "make a picture", got);
  }
  const auto image = view(*frame);
  paint_slate_background(image);
  if (auto painter = TextPainter::create(line_height_for(kSizeAt720, like.height))) {
    (*painter)->draw_centred(image, text);
  } else {
    NESTBOX_LOG_WARNING("record", "cards without words: {}", painter.error().message);
  }
  return frame;
}

Result<av::Codec> open_x264(const VideoInfo& like, int parameter_set, std::chrono::nanoseconds picture_duration) {
  auto codec = open_encoder("libx264");
  if (!codec) return fail(ErrorKind::kInternal, "this FFmpeg has no libx264 encoder; Debian's libavcodec has one");
  codec->width = like.width;
  codec->height = like.height;
  codec->pix_fmt = AV_PIX_FMT_YUV420P;
  codec->time_base = kTimeBase;
  codec->color_range = AVCOL_RANGE_MPEG;
  codec->color_primaries = AVCOL_PRI_BT709;
  codec->color_trc = AVCOL_TRC_BT709;
  codec->colorspace = AVCOL_SPC_BT709;
  codec->max_b_frames = 0;
  codec->thread_count = 1;
  codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  av::Dictionary options;
  options.set("preset", "veryfast");
  options.set("tune", "zerolatency");
  options.set("profile", "high");
  options.set("crf", "20");
  const double framerate = 1 / to_seconds(picture_duration);
  options.set("x264-params", fmt::format("keyint=infinite:scenecut=0:fps={:.3f}:sps-id={}", framerate, parameter_set));
  const int opened = avcodec_open2(codec.get(), codec->codec, options.address());
  if (opened < 0) return av::av_fail(ErrorKind::kInternal, "open libx264 for a card", opened);
  return codec;
}

}  // namespace

int free_parameter_set(const Bytes& headers) {
  constexpr int kSps = 7, kPps = 8;
  constexpr std::size_t kProfileAndLevel = 3;
  std::set<int> used;
  for (std::size_t n = 0; n + 3 < headers.size(); ++n) {
    if (headers[n] != 0 || headers[n + 1] != 0 || headers[n + 2] != 1) continue;
    const int type = headers[n + 3] & 31;
    const auto at = n + 4 + (type == kSps ? kProfileAndLevel : 0);
    if ((type == kSps || type == kPps) && at < headers.size()) {
      used.insert(exp_golomb(headers.data() + at, headers.size() - at));
    }
  }
  int id = 0;
  while (id + 1 < kParameterSetsMax && used.contains(id)) ++id;
  return id;
}

Result<Card> encode_card(const std::string& text, const VideoInfo& like, int parameter_set, int pictures,
                         std::chrono::nanoseconds picture_duration) {
  const auto picture = paint(text, like);
  if (!picture) return tl::unexpected(picture.error());
  const auto codec = open_x264(like, parameter_set, picture_duration);
  if (!codec) return tl::unexpected(codec.error());
  Card card;
  card.headers = extradata_of(**codec);
  for (int n = 0; n < pictures; ++n) {
    (*picture)->pts = av::to_ticks(n * picture_duration, kTimeBase);
    if (auto encoded = encode(**codec, picture->get(), card.pictures); !encoded) {
      return tl::unexpected(std::move(encoded).error());
    }
  }
  if (auto encoded = encode(**codec, nullptr, card.pictures); !encoded) {
    return tl::unexpected(std::move(encoded).error());
  }
  if (card.pictures.empty()) return fail(ErrorKind::kInternal, "libx264 made no picture of a card");
  card.pictures.front().insert(card.pictures.front().begin(), card.headers.begin(), card.headers.end());
  return card;
}

Result<Bytes> encode_silence(const AudioInfo& like) {
  const auto codec = open_encoder("aac");
  if (!codec) return fail(ErrorKind::kUnavailable, "this FFmpeg has no AAC encoder");
  codec->sample_fmt = AV_SAMPLE_FMT_FLTP;
  codec->sample_rate = like.sample_rate_hz;
  codec->profile = av::kProfileAacLow;
  codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  av_channel_layout_default(&codec->ch_layout, like.channels);
  const int opened = avcodec_open2(codec.get(), codec->codec, nullptr);
  if (opened < 0) return av::av_fail(ErrorKind::kUnavailable, "open the AAC encoder for silence", opened);
  // The first bytes say object type, rate and channels; what may follow are hints that a decoder does not need.
  constexpr std::ptrdiff_t kThatMatter = 2;
  const auto headers = extradata_of(*codec);
  if (headers.size() < kThatMatter || like.extradata.size() < kThatMatter ||
      !std::equal(headers.begin(), headers.begin() + kThatMatter, like.extradata.begin())) {
    return fail(ErrorKind::kUnavailable, "silence would have another AAC format than the clips");
  }
  std::vector<Bytes> frames;
  auto samples = av::make_frame();
  samples->format = codec->sample_fmt;
  samples->sample_rate = codec->sample_rate;
  samples->nb_samples = codec->frame_size;
  av_channel_layout_default(&samples->ch_layout, like.channels);
  if (const int got = av_frame_get_buffer(samples.get(), 0); got < 0) {
    return av::av_fail(ErrorKind::kExhausted, "make samples", got);
  }
  av_samples_set_silence(samples->extended_data, 0, samples->nb_samples, like.channels, codec->sample_fmt);
  for (int n = 0; n < kSilentFrames; ++n) {
    samples->pts = static_cast<std::int64_t>(n) * codec->frame_size;
    if (auto encoded = encode(*codec, samples.get(), frames); !encoded) return tl::unexpected(encoded.error());
  }
  if (frames.empty()) return fail(ErrorKind::kUnavailable, "the AAC encoder made nothing of silence");
  return frames.back();
}

}  // namespace nestbox::record
