#pragma once
/// Arithmetic on whole pictures, for sources whose pixels no ISP has finished. BT.709, limited range.
#include <array>
#include <cstdint>

#include "nestbox/media/frame.h"
#include "nestbox/options/options.h"

namespace nestbox::capture {

/// brightness [-1, 1], contrast and saturation [0, ...] as libcamera means them, by table. Thread-bound.
class ColourAdjust {
 public:
  ColourAdjust() : ColourAdjust(CameraOptions{}) {}
  explicit ColourAdjust(const CameraOptions& options);
  /// Adds a tint to the chroma: what a fixed white balance does to a neutral picture.
  ColourAdjust(const CameraOptions& options, int tint_u, int tint_v);
  void apply(const MutableImage& picture) const;

 private:
  using Table = std::array<std::uint8_t, 256>;
  Table luma_{}, u_{}, v_{};
  bool changes_luma_ = false, changes_chroma_ = false;
};

/// Kr and Kb of a matrix (ITU-T H.273, table 4).
struct LumaWeights {
  double red, blue;
  bool operator==(const LumaWeights&) const = default;
};
inline constexpr LumaWeights kWeights709{0.2126, 0.0722}, kWeights601{0.299, 0.114}, kWeights2020{0.2627, 0.0593},
    kSmpte240{0.212, 0.087}, kFcc{0.30, 0.11};

/// Turns limited-range samples of another matrix into BT.709 ones, in place. Thread-bound.
class MatrixConversion {
 public:
  MatrixConversion() = default;
  explicit MatrixConversion(const LumaWeights& from);
  bool identity() const noexcept { return identity_; }
  void apply(const MutableImage& picture) const;

 private:
  bool identity_ = true;
  std::array<std::int16_t, 6> q_{};  ///< in 1/1024: Y += q0 U + q1 V; U' = q2 U + q3 V; V' = q4 U + q5 V
};

/// Mirrors in place.
void flip_left_right(const MutableImage& picture);
void flip_upside_down(const MutableImage& picture);

/// Area average of `from` into `to`, which is not larger in either direction. `sums` holds from.width numbers.
void shrink(const PlaneView& from, const MutablePlane& to, std::uint16_t* sums);

void fill(const MutablePlane& plane, std::uint8_t value);
/// A part of a picture; all numbers even.
MutableImage part_of(const MutableImage& picture, int left, int top, int width, int height);

}  // namespace nestbox::capture
