#include "nestbox/image/paint.h"
#include "nestbox/media/limited_range.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "nestbox/base/assert.h"

namespace nestbox {
namespace {

/// Rounding must not lose the sample beside a side that lies exactly between two; far less than a sample.
constexpr double kTolerance = 1e-6;

/// First and one past the last column (or row) that [low, high] touches, within 0 to `limit`.
struct Reach {
  int begin, end;
};
Reach reach(double low, double high, int limit) {
  const double last = limit;
  return {static_cast<int>(std::clamp(std::floor(low - kTolerance), 0.0, last)),
          static_cast<int>(std::clamp(std::floor(high + kTolerance) + 1, 0.0, last))};
}

using Columns = std::pair<int, int>;  // first and one past the last

/// Sorted, and joined where they touch.
std::vector<Columns> joined(std::vector<Columns> spans) {
  std::sort(spans.begin(), spans.end());
  std::vector<Columns> result;
  for (const Columns& span : spans) {
    if (!result.empty() && span.first <= result.back().second) {
      result.back().second = std::max(result.back().second, span.second);
    } else {
      result.push_back(span);
    }
  }
  return result;
}

/// The spans of one picture, row by row, while polygons are added. A row of samples lies between y = row and row + 1.
class Rasteriser {
 public:
  Rasteriser(int width, int height) : width_(width), height_(height), rows_(static_cast<std::size_t>(height)) {}

  /// Samples that the outline touches are covered by add_side(). Any other sample lies wholly inside or outside, so
  /// that one scan line through the middle of each row decides about it.
  void add(const Polygon& polygon) {
    for (std::size_t i = 0; i < polygon.size(); ++i) {
      add_side(scaled(polygon[i]), scaled(polygon[(i + 1) % polygon.size()]));
    }
    for (int row = 0; row < height_; ++row) add_inside(polygon, row);
  }

  std::vector<Columns> row(int row) const { return joined(rows_[static_cast<std::size_t>(row)]); }

 private:
  Point scaled(const Point& point) const { return {point.x * width_, point.y * height_}; }

  void add_span(int row, double low, double high) {
    const Reach columns = reach(low, high, width_);
    if (columns.begin < columns.end) rows_[static_cast<std::size_t>(row)].emplace_back(columns.begin, columns.end);
  }

  void add_side(Point a, Point b) {
    if (a.y > b.y) std::swap(a, b);
    const Reach rows = reach(a.y, b.y, height_);
    for (int row = rows.begin; row < rows.end; ++row) {
      // The part of the side within this row; its ends are the ends in x too, for a side is straight.
      const double upper = std::clamp<double>(row, a.y, b.y), lower = std::clamp<double>(row + 1, a.y, b.y);
      const double slope = b.y > a.y ? (b.x - a.x) / (b.y - a.y) : 0;
      const double x1 = b.y > a.y ? a.x + (upper - a.y) * slope : a.x;
      const double x2 = b.y > a.y ? a.x + (lower - a.y) * slope : b.x;
      add_span(row, std::min(x1, x2), std::max(x1, x2));
    }
  }

  void add_inside(const Polygon& polygon, int row) {
    const double y = row + 0.5;
    crossings_.clear();
    for (std::size_t i = 0; i < polygon.size(); ++i) {
      const Point a = scaled(polygon[i]), b = scaled(polygon[(i + 1) % polygon.size()]);
      if ((a.y <= y) == (b.y <= y)) continue;  // half open: a corner on the line counts once
      crossings_.emplace_back(a.x + (y - a.y) * (b.x - a.x) / (b.y - a.y), a.y <= y ? 1 : -1);
    }
    std::sort(crossings_.begin(), crossings_.end());
    int winding = 0;
    for (std::size_t i = 0; i + 1 < crossings_.size(); ++i) {
      winding += crossings_[i].second;
      if (winding != 0) add_span(row, crossings_[i].first, crossings_[i + 1].first);
    }
  }

  const int width_, height_;
  std::vector<std::vector<Columns>> rows_;
  std::vector<std::pair<double, int>> crossings_;  // where a side crosses the scan line, and which way
};

void fill(const MutablePlane& plane, int row, int begin, int end, std::uint8_t value) {
  std::memset(plane.data + static_cast<std::ptrdiff_t>(row) * plane.stride + begin, value,
              static_cast<std::size_t>(end - begin));
}

void fill_pairs(std::uint8_t* samples, int pairs, std::uint8_t even, std::uint8_t odd) {
  for (std::ptrdiff_t i = 0; i < pairs; ++i) {
    samples[2 * i] = even;
    samples[2 * i + 1] = odd;
  }
}

}  // namespace

PrivacyMask::PrivacyMask(const std::vector<Polygon>& polygons, int width, int height) : width_(width), height_(height) {
  NESTBOX_ASSERT(width > 0 && height > 0);
  const int chroma_width = (width + 1) / 2, chroma_height = (height + 1) / 2;
  Rasteriser luma(width, height);
  for (const Polygon& polygon : polygons) luma.add(polygon);
  std::vector<std::vector<Columns>> touched_chroma(static_cast<std::size_t>(chroma_height));
  for (int row = 0; row < height; ++row) {
    for (const auto& [begin, end] : luma.row(row)) {
      spans_.push_back({row, begin, end});
      touched_chroma[static_cast<std::size_t>(row / 2)].emplace_back(begin / 2, std::min((end + 1) / 2, chroma_width));
    }
  }
  for (int row = 0; row < chroma_height; ++row) {
    for (const auto& [begin, end] : joined(touched_chroma[static_cast<std::size_t>(row)])) {
      chroma_spans_.push_back({row, begin, end});
    }
  }
}

void PrivacyMask::black_out(const MutablePlane& luma) const {
  if (empty()) return;
  NESTBOX_ASSERT(luma.width == width_ && luma.height == height_);
  for (const Span& span : spans_) fill(luma, span.row, span.begin, span.end, kBlackLuma);
}

void PrivacyMask::black_out(const MutableImage& picture) const {
  black_out(picture.y);
  for (const Span& span : chroma_spans_) {
    if (picture.format == PixelFormat::kNv12) {
      fill(picture.u, span.row, 2 * span.begin, 2 * span.end, kNeutralChroma);
    } else {
      fill(picture.u, span.row, span.begin, span.end, kNeutralChroma);
      fill(picture.v, span.row, span.begin, span.end, kNeutralChroma);
    }
  }
}

void paint_slate_background(const MutableImage& picture) {
  // Steps of one level over so few levels would show as bands; an ordered dither of two rows and two columns breaks
  // them, and costs an encoder nothing after the first picture.
  constexpr int kTop = 52, kBottom = 26, kSteps = 4;
  constexpr int kDither[2][2] = {{0, 2}, {3, 1}};
  constexpr std::uint8_t kBlue = 134, kRed = 124;  // chroma: a trace of night sky
  const int range = (kTop - kBottom) * kSteps;
  for (int row = 0; row < picture.height; ++row) {
    auto* samples = picture.y.data + static_cast<std::ptrdiff_t>(row) * picture.y.stride;
    const int level = kTop * kSteps - range * row / picture.height;
    const auto even = static_cast<std::uint8_t>((level + kDither[row % 2][0]) / kSteps);
    const auto odd = static_cast<std::uint8_t>((level + kDither[row % 2][1]) / kSteps);
    fill_pairs(samples, picture.width / 2, even, odd);
  }
  for (int row = 0; row < picture.height / 2; ++row) {
    if (picture.format == PixelFormat::kNv12) {
      auto* pairs = picture.u.data + static_cast<std::ptrdiff_t>(row) * picture.u.stride;
      fill_pairs(pairs, picture.width / 2, kBlue, kRed);
    } else {
      fill(picture.u, row, 0, picture.width / 2, kBlue);
      fill(picture.v, row, 0, picture.width / 2, kRed);
    }
  }
}

}  // namespace nestbox
