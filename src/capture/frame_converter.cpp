#include "frame_converter.h"
#include "nestbox/media/limited_range.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace nestbox::capture {
namespace {

/// The J formats are an old way to say "full range".
AVPixelFormat without_j(int format) {
  switch (format) {
    case AV_PIX_FMT_YUVJ420P:
      return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
      return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P:
      return AV_PIX_FMT_YUV444P;
    case AV_PIX_FMT_YUVJ440P:
      return AV_PIX_FMT_YUV440P;
    case AV_PIX_FMT_YUVJ411P:
      return AV_PIX_FMT_YUV411P;
    default:
      return static_cast<AVPixelFormat>(format);
  }
}

bool is_rgb(AVPixelFormat format) {
  const auto* description = av_pix_fmt_desc_get(format);
  return description != nullptr && (description->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) != 0;
}

LumaWeights weights_of(const DecodedShape& shape) {
  constexpr int kHdHeight = 720;  // what players assume where the file is silent
  switch (shape.matrix) {
    case AVCOL_SPC_BT709:
      return kWeights709;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
      return kWeights601;
    case AVCOL_SPC_FCC:
      return kFcc;
    case AVCOL_SPC_SMPTE240M:
      return kSmpte240;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return kWeights2020;
    default:
      return shape.height < kHdHeight ? kWeights601 : kWeights709;
  }
}

int even(double value) {
  return static_cast<int>(std::lround(value / 2)) * 2;
}

DecodedShape shape_of(const AVFrame& frame) {
  return {frame.width, frame.height, frame.format, frame.sample_aspect_ratio, frame.colorspace, frame.color_range};
}

/// A rectangle on the displayed picture, where it lies on the coded one.
Rect unturned(const Rect& roi, int quarter_turns) {
  auto turned = roi;
  for (int i = 0; i < quarter_turns; ++i) {
    // Turning the picture back by a quarter: displayed (x, y) was (y, 1 - x).
    turned = Rect{turned.top, 1 - turned.right, turned.bottom, 1 - turned.left};
  }
  return turned;
}

void transpose(const PlaneView& from, const MutablePlane& to, int quarter_turns) {
  // In blocks, so that rows of the one and columns of the other both stay in the cache.
  constexpr int kBlock = 32;
  for (int top = 0; top < to.height; top += kBlock) {
    for (int left = 0; left < to.width; left += kBlock) {
      for (int y = top; y < std::min(top + kBlock, to.height); ++y) {
        auto* const row = to.data + static_cast<std::ptrdiff_t>(y) * to.stride;
        const int source_x = quarter_turns == 1 ? y : from.width - 1 - y;
        for (int x = left; x < std::min(left + kBlock, to.width); ++x) {
          const int source_y = quarter_turns == 1 ? from.height - 1 - x : x;
          row[x] = from.data[static_cast<std::ptrdiff_t>(source_y) * from.stride + source_x];
        }
      }
    }
  }
}

}  // namespace

bool DecodedShape::operator==(const DecodedShape& other) const {
  return width == other.width && height == other.height && pixel_format == other.pixel_format &&
         av_cmp_q(sample_aspect, other.sample_aspect) == 0 && matrix == other.matrix && range == other.range;
}

Layout lay_out(const DecodedShape& source, int quarter_turns, const Rect& roi, int width, int height) {
  const auto crop = unturned(roi, quarter_turns);
  Layout layout;
  layout.crop_left = std::clamp(even(crop.left * source.width), 0, std::max(0, source.width - 2));
  layout.crop_top = std::clamp(even(crop.top * source.height), 0, std::max(0, source.height - 2));
  layout.crop_width = std::clamp(even((crop.right - crop.left) * source.width), std::min(2, source.width),
                                 source.width - layout.crop_left);
  layout.crop_height = std::clamp(even((crop.bottom - crop.top) * source.height), std::min(2, source.height),
                                  source.height - layout.crop_top);
  const auto ratio = source.sample_aspect;
  const double sample_aspect = ratio.num > 0 && ratio.den > 0 ? std::clamp(av_q2d(ratio), 0.1, 10.0) : 1.0;
  double aspect = layout.crop_width * sample_aspect / layout.crop_height;
  if (quarter_turns % 2 == 1) aspect = 1 / aspect;
  const double wanted_width = std::min<double>(width, height * aspect);
  layout.width = std::clamp(even(wanted_width), 2, width);
  layout.height = std::clamp(even(wanted_width / aspect), 2, height);
  layout.left = (width - layout.width) / 4 * 2;
  layout.top = (height - layout.height) / 4 * 2;
  return layout;
}

FrameConverter::FrameConverter(const CameraOptions& options, int quarter_turns)
    : options_(options), quarter_turns_(quarter_turns), colours_(options) {}

void FrameConverter::adjust(const CameraOptions& options) {
  options_ = options;
  colours_ = ColourAdjust(options);
  scaler_.reset();  // the region of interest may have moved
}

Result<void> FrameConverter::prepare(const DecodedShape& shape, const MutableImage& main) {
  shape_ = shape;
  layout_ = lay_out(shape, quarter_turns_, options_.roi.value_or(Rect{}), main.width, main.height);
  const bool turned = quarter_turns_ % 2 == 1;
  const int scaled_width = turned ? layout_.height : layout_.width;
  const int scaled_height = turned ? layout_.width : layout_.height;
  const auto format = without_j(shape.pixel_format);
  const bool full_range = format != shape.pixel_format || shape.range == AVCOL_RANGE_JPEG;

  scaler_.reset(sws_alloc_context());
  const bool shrinks = scaled_width < layout_.crop_width || scaled_height < layout_.crop_height;
  const auto option = [&](const char* key, int value) { av_opt_set_int(scaler_.get(), key, value, 0); };
  option("sws_flags", shrinks ? SWS_AREA : SWS_BILINEAR);
  option("srcw", layout_.crop_width);
  option("srch", layout_.crop_height);
  option("src_format", format);
  option("dstw", scaled_width);
  option("dsth", scaled_height);
  option("dst_format", AV_PIX_FMT_YUV420P);
  option("src_range", full_range ? 1 : 0);
  option("dst_range", 0);
  const int code = sws_init_context(scaler_.get(), nullptr, nullptr);
  if (code < 0) {
    scaler_.reset();
    const auto* name = av_get_pix_fmt_name(format);
    return av::av_fail(ErrorKind::kInternal,
                       fmt::format("scale {} x {} {} to {} x {}", layout_.crop_width, layout_.crop_height,
                                   name == nullptr ? "of an unknown format" : name, scaled_width, scaled_height),
                       code);
  }
  // swscale changes ranges, and makes BT.709 of RGB. Between two YUV matrices it would go by way of RGB, at many times
  // the cost of matrix_; so it is told that both are the same.
  const auto* bt709 = sws_getCoefficients(SWS_CS_ITU709);
  constexpr int kOne = 1 << 16;
  sws_setColorspaceDetails(scaler_.get(), bt709, full_range ? 1 : 0, bt709, 0, 0, kOne, kOne);
  matrix_ = is_rgb(format) ? MatrixConversion() : MatrixConversion(weights_of(shape));

  if (turned) {
    constexpr int kPadding = 64;  // swscale may write whole vectors
    const int stride = (scaled_width + kPadding - 1) / kPadding * kPadding;
    const int chroma_stride = stride / 2 + kPadding;
    unturned_samples_.assign(static_cast<std::size_t>((stride + chroma_stride) * scaled_height + kPadding), 0);
    auto* const y = unturned_samples_.data();
    auto* const u = y + static_cast<std::ptrdiff_t>(stride) * scaled_height;
    auto* const v = u + static_cast<std::ptrdiff_t>(chroma_stride) * (scaled_height / 2);
    unturned_ = {PixelFormat::kI420,
                 scaled_width,
                 scaled_height,
                 {y, scaled_width, scaled_height, stride},
                 {u, scaled_width / 2, scaled_height / 2, chroma_stride},
                 {v, scaled_width / 2, scaled_height / 2, chroma_stride}};
  }
  return {};
}

void FrameConverter::paint_bars(const MutableImage& main) const {
  const auto paint = [&](int left, int top, int width, int height) {
    if (width <= 0 || height <= 0) return;
    const auto bar = part_of(main, left, top, width, height);
    fill(bar.y, kBlackLuma);
    fill(bar.u, kNeutralChroma);
    fill(bar.v, kNeutralChroma);
  };
  const int right = layout_.left + layout_.width, bottom = layout_.top + layout_.height;
  paint(0, 0, main.width, layout_.top);
  paint(0, bottom, main.width, main.height - bottom);
  paint(0, layout_.top, layout_.left, layout_.height);
  paint(right, layout_.top, main.width - right, layout_.height);
}

void FrameConverter::turn(const MutableImage& to) const {
  transpose(unturned_.y, to.y, quarter_turns_);
  transpose(unturned_.u, to.u, quarter_turns_);
  transpose(unturned_.v, to.v, quarter_turns_);
}

Result<void> FrameConverter::convert(const AVFrame& from, const MutableImage& main, const MutablePlane& analysis) {
  const auto shape = shape_of(from);
  if (scaler_ == nullptr || !(shape == shape_)) {
    if (auto prepared = prepare(shape, main); !prepared) return prepared;
  }
  av_frame_unref(cropped_.get());
  int code = av_frame_ref(cropped_.get(), &from);
  if (code < 0) return av::av_fail(ErrorKind::kInternal, "hold a decoded picture", code);
  cropped_->crop_left = static_cast<std::size_t>(layout_.crop_left);
  cropped_->crop_top = static_cast<std::size_t>(layout_.crop_top);
  cropped_->crop_right = static_cast<std::size_t>(from.width - layout_.crop_left - layout_.crop_width);
  cropped_->crop_bottom = static_cast<std::size_t>(from.height - layout_.crop_top - layout_.crop_height);
  code = av_frame_apply_cropping(cropped_.get(), AV_FRAME_CROP_UNALIGNED);
  if (code < 0) return av::av_fail(ErrorKind::kInternal, "cut the region of interest out", code);

  const auto region = part_of(main, layout_.left, layout_.top, layout_.width, layout_.height);
  const bool turned = quarter_turns_ % 2 == 1;
  const auto& target = turned ? unturned_ : region;
  std::uint8_t* const planes[4] = {target.y.data, target.u.data, target.v.data, nullptr};
  const int strides[4] = {target.y.stride, target.u.stride, target.v.stride, 0};
  code = sws_scale(scaler_.get(), cropped_->data, cropped_->linesize, 0, cropped_->height, planes, strides);
  av_frame_unref(cropped_.get());
  if (code < 0) return av::av_fail(ErrorKind::kInternal, "scale a picture", code);
  if (turned) turn(region);

  matrix_.apply(region);
  colours_.apply(region);
  const bool half_turn = (quarter_turns_ == 2) != (options_.rotation == 180);
  if (options_.hflip != half_turn) flip_left_right(region);
  if (options_.vflip != half_turn) flip_upside_down(region);
  paint_bars(main);
  column_sums_.resize(static_cast<std::size_t>(main.width));
  shrink(main.y, analysis, column_sums_.data());
  return {};
}

}  // namespace nestbox::capture
