#include "camera_converter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace nestbox::capture {
namespace {

AVPixelFormat to_av_format(CameraPixels pixels) {
  switch (pixels) {
    case CameraPixels::kI420:
      return AV_PIX_FMT_YUV420P;
    case CameraPixels::kNv12:
      return AV_PIX_FMT_NV12;
    case CameraPixels::kRgb24:
      return AV_PIX_FMT_RGB24;
    case CameraPixels::kBgr24:
      return AV_PIX_FMT_BGR24;
    case CameraPixels::kYuyv:
      return AV_PIX_FMT_YUYV422;
    case CameraPixels::kMjpeg:
    case CameraPixels::kOther:
      break;
  }
  return AV_PIX_FMT_NONE;
}

AVColorSpace to_av_matrix(ColourMatrix matrix) {
  if (matrix == ColourMatrix::kBt709) return AVCOL_SPC_BT709;
  return matrix == ColourMatrix::kBt601 ? AVCOL_SPC_SMPTE170M : AVCOL_SPC_UNSPECIFIED;
}

/// The mapping outlives every reference.
void keep(void* /*opaque*/, std::uint8_t* /*data*/) noexcept {}

}  // namespace

Result<std::unique_ptr<CameraConverter>> CameraConverter::create(const CameraPlan& plan, const MappedStream& from,
                                                                 const CameraOptions& in_software) {
  std::unique_ptr<CameraConverter> converter(new CameraConverter(in_software));
  if (plan.main.pixels == CameraPixels::kMjpeg) {
    std::size_t most = 0;
    for (std::size_t i = 0; i < from.size(); ++i) {
      converter->compressed_.push_back(from.bytes(i));
      most = std::max(most, static_cast<std::size_t>(from.bytes(i).width));
    }
    converter->padded_.resize(most + AV_INPUT_BUFFER_PADDING_SIZE);
    if (auto opened = converter->open_decoder(); !opened) return tl::unexpected(opened.error());
    return converter;
  }
  const auto format = to_av_format(plan.main.pixels);
  if (format == AV_PIX_FMT_NONE) {
    return fail(ErrorKind::kInvalidArgument,
                fmt::format("the camera gives pictures as {}; known are YUV420, NV12, YUYV, MJPEG, RGB888 and BGR888",
                            plan.main.format_name));
  }
  converter->wrap(plan, format, from);
  return converter;
}

Result<void> CameraConverter::open_decoder() {
  const AVCodec* const codec = avcodec_find_decoder(AV_CODEC_ID_MJPEG);
  if (codec == nullptr) return fail(ErrorKind::kInternal, "this FFmpeg has no MJPEG decoder; Debian's has one");
  decoder_.reset(avcodec_alloc_context3(codec));
  decoder_->thread_count = 1;
  const int opened = avcodec_open2(decoder_.get(), codec, nullptr);
  if (opened < 0) return av::av_fail(ErrorKind::kInternal, "open the MJPEG decoder", opened);
  return {};
}

void CameraConverter::wrap(const CameraPlan& plan, AVPixelFormat format, const MappedStream& from) {
  for (std::size_t i = 0; i < from.size(); ++i) {
    auto frame = av::make_frame();
    frame->format = format;
    frame->width = plan.main.width;
    frame->height = plan.main.height;
    frame->colorspace = to_av_matrix(plan.matrix);
    frame->color_range = plan.full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    const auto& image = from.picture(i);
    const auto bytes = from.bytes(i);
    auto* const data = const_cast<std::uint8_t*>(bytes.data);  // swscale only reads it
    frame->buf[0] =
        av_buffer_create(data, static_cast<std::size_t>(bytes.width), &keep, nullptr, AV_BUFFER_FLAG_READONLY);
    frame->data[0] = data;
    frame->linesize[0] = plan.main.stride;
    if (format == AV_PIX_FMT_YUV420P || format == AV_PIX_FMT_NV12) {
      frame->data[1] = image.u.data;
      frame->linesize[1] = image.u.stride;
      frame->data[2] = image.v.data;
      frame->linesize[2] = image.v.stride;
    }
    wrapped_.push_back(std::move(frame));
  }
}

Result<void> CameraConverter::decode(const PlaneView& bytes, std::size_t bytes_used) {
  const auto size = std::min(bytes_used == 0 ? static_cast<std::size_t>(bytes.width) : bytes_used,
                             static_cast<std::size_t>(bytes.width));
  std::memcpy(padded_.data(), bytes.data, size);
  std::memset(padded_.data() + size, 0, AV_INPUT_BUFFER_PADDING_SIZE);
  packet_->data = padded_.data();
  packet_->size = static_cast<int>(size);
  int code = avcodec_send_packet(decoder_.get(), packet_.get());
  if (code >= 0) code = avcodec_receive_frame(decoder_.get(), decoded_.get());
  if (code < 0) return av::av_fail(ErrorKind::kUnavailable, "decode the camera's MJPEG", code);
  return {};
}

Result<void> CameraConverter::convert(std::size_t index, std::size_t bytes_used, const MutableImage& main,
                                      const MutablePlane& analysis) {
  if (compressed_.empty()) return converter_.convert(*wrapped_.at(index), main, analysis);
  if (auto read = decode(compressed_.at(index), bytes_used); !read) return read;
  // A JPEG says nothing of its matrix: it is always that of JFIF.
  decoded_->colorspace = AVCOL_SPC_SMPTE170M;
  auto converted = converter_.convert(*decoded_, main, analysis);
  av_frame_unref(decoded_.get());
  return converted;
}

}  // namespace nestbox::capture
