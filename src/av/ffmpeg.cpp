#include "av/ffmpeg.h"

#include <fmt/format.h>

#include "nestbox/av/av_log.h"
#include "nestbox/base/assert.h"
#include "nestbox/base/secret.h"

namespace nestbox::av {

void OutputDeleter::operator()(AVFormatContext* context) const noexcept {
  const bool own_io = (context->flags & AVFMT_FLAG_CUSTOM_IO) == 0 &&
                      (context->oformat == nullptr || (context->oformat->flags & AVFMT_NOFILE) == 0);
  if (own_io) avio_closep(&context->pb);
  avformat_free_context(context);
}

void IoDeleter::operator()(AVIOContext* io) const noexcept {
  av_freep(&io->buffer);
  avio_context_free(&io);
}

FramePtr make_frame() {
  FramePtr frame(av_frame_alloc());
  NESTBOX_ASSERT(frame != nullptr);
  return frame;
}

PacketPtr make_packet() {
  PacketPtr packet(av_packet_alloc());
  NESTBOX_ASSERT(packet != nullptr);
  return packet;
}

std::string Dictionary::first_unused() const {
  const AVDictionaryEntry* entry = av_dict_get(entries_, "", nullptr, AV_DICT_IGNORE_SUFFIX);
  return entry == nullptr ? std::string() : std::string(entry->key);
}

std::string av_error_text(int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  if (av_strerror(code, text, sizeof text) < 0) return fmt::format("error {}", code);
  return text;
}

tl::unexpected<Error> av_fail(ErrorKind kind, const std::string& attempt, int code) {
  const std::string complaint = take_last_av_complaint();
  const std::string text = av_error_text(code);
  return fail(kind, redacted(complaint.empty() ? fmt::format("{}: {}", attempt, text)
                                               : fmt::format("{}: {} ({})", attempt, complaint, text)));
}

AVSampleFormat preferred_sample_format(const AVCodec& encoder) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(61, 13, 100)
  const void* formats = nullptr;
  int count = 0;
  const int found = avcodec_get_supported_config(nullptr, &encoder, AV_CODEC_CONFIG_SAMPLE_FORMAT, 0, &formats, &count);
  if (found < 0 || formats == nullptr || count == 0) return AV_SAMPLE_FMT_NONE;
  return *static_cast<const AVSampleFormat*>(formats);
#else
  return encoder.sample_fmts == nullptr ? AV_SAMPLE_FMT_NONE : encoder.sample_fmts[0];
#endif
}

}  // namespace nestbox::av
