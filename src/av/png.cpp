#include "nestbox/av/png.h"

#include "ffmpeg.h"

namespace nestbox {
namespace {

Result<av::FramePtr> to_rgb(const ImageView& picture) {
  auto rgb = av::make_frame();
  rgb->format = AV_PIX_FMT_RGB24;
  rgb->width = picture.width;
  rgb->height = picture.height;
  int code = av_frame_get_buffer(rgb.get(), 0);
  if (code < 0) return av::av_fail(ErrorKind::kInternal, "make room for a PNG", code);
  const av::Scaler scaler(sws_getContext(picture.width, picture.height, AV_PIX_FMT_YUV420P, picture.width,
                                         picture.height, AV_PIX_FMT_RGB24, SWS_BILINEAR, nullptr, nullptr, nullptr));
  if (!scaler) return fail(ErrorKind::kInternal, "colours of a PNG: this FFmpeg cannot convert them");
  constexpr int kLimited = 0, kFull = 1, kOne = 1 << 16;
  sws_setColorspaceDetails(scaler.get(), sws_getCoefficients(SWS_CS_ITU709), kLimited,
                           sws_getCoefficients(SWS_CS_ITU709), kFull, 0, kOne, kOne);
  const std::uint8_t* const planes[4] = {picture.y.data, picture.u.data, picture.v.data, nullptr};
  const int strides[4] = {picture.y.stride, picture.u.stride, picture.v.stride, 0};
  code = sws_scale(scaler.get(), planes, strides, 0, picture.height, rgb->data, rgb->linesize);
  if (code < 0) return av::av_fail(ErrorKind::kInternal, "colours of a PNG", code);
  return rgb;
}

}  // namespace

Result<std::string> encode_png(const ImageView& picture) {
  auto rgb = to_rgb(picture);
  if (!rgb) return tl::unexpected(rgb.error());
  const AVCodec* const codec = avcodec_find_encoder(AV_CODEC_ID_PNG);
  if (codec == nullptr) return fail(ErrorKind::kUnavailable, "this FFmpeg was built without an encoder for PNG");
  const av::Codec encoder(avcodec_alloc_context3(codec));
  encoder->width = picture.width;
  encoder->height = picture.height;
  encoder->pix_fmt = AV_PIX_FMT_RGB24;
  encoder->time_base = {1, 1};
  int code = avcodec_open2(encoder.get(), codec, nullptr);
  if (code >= 0) code = avcodec_send_frame(encoder.get(), rgb->get());
  const auto packet = av::make_packet();
  if (code >= 0) code = avcodec_receive_packet(encoder.get(), packet.get());
  if (code < 0) return av::av_fail(ErrorKind::kInternal, "make a PNG", code);
  return std::string(reinterpret_cast<const char*>(packet->data), static_cast<std::size_t>(packet->size));
}

}  // namespace nestbox
