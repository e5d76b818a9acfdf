#pragma once
/// From whatever a decoder gives to the picture that we show. Private: FFmpeg's types are in here.
#include <cstdint>
#include <vector>

#include "av/ffmpeg.h"
#include "colour.h"
#include "nestbox/base/result.h"
#include "nestbox/media/frame.h"
#include "nestbox/options/options.h"

namespace nestbox::capture {

/// What swscale and the layout depend on; a change in mid-stream makes them anew.
struct DecodedShape {
  int width = 0, height = 0, pixel_format = -1;
  AVRational sample_aspect{1, 1};
  AVColorSpace matrix = AVCOL_SPC_UNSPECIFIED;
  AVColorRange range = AVCOL_RANGE_UNSPECIFIED;
  bool operator==(const DecodedShape& other) const;
};

/// Where the picture goes: a part of the source, scaled, turned, centred between black bars.
struct Layout {
  int crop_left = 0, crop_top = 0, crop_width = 0, crop_height = 0;  ///< in the source
  int left = 0, top = 0, width = 0, height = 0;                      ///< in the target; even
};
/// `roi` is meant on the picture as it is displayed, before flips.
Layout lay_out(const DecodedShape& source, int quarter_turns, const Rect& roi, int width, int height);

/// Thread-bound. Allocates when the shape of its input or its options change, never for a picture.
class FrameConverter {
 public:
  FrameConverter(const CameraOptions& options, int quarter_turns);
  void adjust(const CameraOptions& options);
  /// Fills all of `main` and `analysis`. Errors: kInternal when swscale does not take the format.
  Result<void> convert(const AVFrame& from, const MutableImage& main, const MutablePlane& analysis);

 private:
  Result<void> prepare(const DecodedShape& shape, const MutableImage& main);
  void paint_bars(const MutableImage& main) const;
  void turn(const MutableImage& to) const;

  CameraOptions options_;
  const int quarter_turns_;
  ColourAdjust colours_;
  DecodedShape shape_;
  Layout layout_;
  av::Scaler scaler_;
  av::FramePtr cropped_ = av::make_frame();
  MatrixConversion matrix_;
  MutableImage unturned_;  ///< only for 90 and 270 degrees: what swscale fills
  std::vector<std::uint8_t> unturned_samples_;
  std::vector<std::uint16_t> column_sums_;
};

}  // namespace nestbox::capture
