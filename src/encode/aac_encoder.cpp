#include "encode/aac_encoder.h"

#include <utility>

#include "nestbox/base/assert.h"

namespace nestbox {
namespace {

constexpr std::int64_t kBitrateBps = 128'000;
constexpr AVSampleFormat kSampleFormat = AV_SAMPLE_FMT_FLTP;

}  // namespace

av::FramePtr make_audio_frame() {
  auto frame = av::make_frame();
  frame->format = kSampleFormat;
  frame->sample_rate = kAudioRateHz;
  frame->nb_samples = kAudioFrameSamples;
  av_channel_layout_default(&frame->ch_layout, kAudioChannels);
  const int allocated = av_frame_get_buffer(frame.get(), 0);
  NESTBOX_ASSERT(allocated == 0);
  av_samples_set_silence(frame->extended_data, 0, kAudioFrameSamples, kAudioChannels, kSampleFormat);
  return frame;
}

Result<std::unique_ptr<AacEncoder>> AacEncoder::create() {
  const AVCodec* const codec = avcodec_find_encoder_by_name("aac");
  if (codec == nullptr) return fail(ErrorKind::kInternal, "this FFmpeg has no AAC encoder");
  if (av::preferred_sample_format(*codec) != kSampleFormat) {
    return fail(ErrorKind::kInternal, "this FFmpeg's AAC encoder takes no planar float samples");
  }
  auto encoder = std::unique_ptr<AacEncoder>(new AacEncoder);
  auto& context = encoder->codec_;
  context.reset(avcodec_alloc_context3(codec));
  context->sample_fmt = kSampleFormat;
  context->sample_rate = kAudioRateHz;
  av_channel_layout_default(&context->ch_layout, kAudioChannels);
  context->time_base = {1, kAudioRateHz};
  context->bit_rate = kBitrateBps;
  context->profile = av::kProfileAacLow;
  context->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  const int opened = avcodec_open2(context.get(), codec, nullptr);
  if (opened < 0) return av::av_fail(ErrorKind::kInternal, "open the AAC encoder", opened);
  if (context->frame_size != kAudioFrameSamples) {
    return fail(ErrorKind::kInternal, "the AAC encoder wants frames of another size than 1024 samples");
  }
  encoder->info_ = {
      kAudioRateHz, kAudioChannels, kBitrateBps, {context->extradata, context->extradata + context->extradata_size}};
  return encoder;
}

Result<std::optional<AudioPayload>> AacEncoder::encode(AVFrame& samples) {
  samples.pts = next_pts_;
  next_pts_ += kAudioFrameSamples;
  const int sent = avcodec_send_frame(codec_.get(), &samples);
  if (sent < 0) return av::av_fail(ErrorKind::kInternal, "encode AAC", sent);
  auto unit = av::make_packet();
  const int received = avcodec_receive_packet(codec_.get(), unit.get());
  if (received == AVERROR(EAGAIN)) return std::optional<AudioPayload>();
  if (received < 0) return av::av_fail(ErrorKind::kInternal, "encode AAC", received);
  std::shared_ptr<const AVPacket> shared = std::move(unit);
  const std::span<const std::uint8_t> bytes(shared->data, static_cast<std::size_t>(shared->size));
  return std::optional<AudioPayload>({std::move(shared), bytes});
}

Result<AudioPayload> encode_silence() {
  constexpr int kFramesUntilSettled = 8;
  auto encoder = AacEncoder::create();
  if (!encoder) return tl::unexpected(std::move(encoder).error());
  const auto silence = make_audio_frame();
  std::optional<AudioPayload> settled;
  for (int i = 0; i < kFramesUntilSettled; ++i) {
    auto payload = (*encoder)->encode(*silence);
    if (!payload) return tl::unexpected(std::move(payload).error());
    if (*payload) settled = std::move(**payload);
  }
  if (!settled) return fail(ErrorKind::kInternal, "the AAC encoder gave nothing for silence");
  return std::move(*settled);
}

}  // namespace nestbox
