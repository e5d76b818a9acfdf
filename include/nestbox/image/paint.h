#pragma once
/// Privacy areas and slates.
#include <string_view>
#include <vector>

#include "nestbox/image/text.h"
#include "nestbox/media/frame.h"
#include "nestbox/options/options.h"

namespace nestbox {

/// Polygons rasterised once into spans for one picture shape; painting is then memset alone.
///
/// Every sample whose square a polygon touches, be it along a side or in one corner, is black (16), and every chroma
/// sample that stands for such a luma sample is neutral (128): nothing of the picture below can be seen. At most
/// one sample further out is painted. A polygon may cross itself: all that it winds around is covered (the non-zero
/// rule, which leaves no hole in the middle of a star). Make one mask for each size: the main and the analysis picture.
/// Immutable; thread-safe.
class PrivacyMask {
 public:
  PrivacyMask() = default;
  PrivacyMask(const std::vector<Polygon>& polygons, int width, int height);
  /// The picture is as large as the mask was made for; I420 or NV12.
  void black_out(const MutableImage& picture) const;
  void black_out(const MutablePlane& luma) const;
  bool empty() const noexcept { return spans_.empty(); }

 private:
  struct Span {
    int row, begin, end;
  };
  std::vector<Span> spans_;         ///< of luma; sorted by row, with a gap between two of one row
  std::vector<Span> chroma_spans_;  ///< the same for chroma, in chroma samples
  int width_ = 0, height_ = 0;
};

/// Fills a whole picture with a calm dark background, a little lighter at the top.
void paint_slate_background(const MutableImage& picture);

}  // namespace nestbox
