#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "font.h"

namespace nestbox {

enum class Align : std::uint8_t { kLeft, kRight, kCentre };

/// A text composed into the box it covers, as two numbers a sample: picture = picture * keep / 255 + add.
/// Width and rows are even, so that the box lies on whole chroma samples; chroma keeps what the four luma samples above
/// it keep at the least, and is neutral for the rest. Thread-bound.
class TextBlock {
 public:
  /// Within `width_max` columns and `rows_max` rows; what does not fit is cut. Empty when nothing fits.
  void compose(Font& font, std::string_view text, int width_max, int rows_max, Align align);

  int width() const noexcept { return width_; }
  int rows() const noexcept { return rows_; }
  const std::uint8_t* keep(int row) const noexcept { return keep_.data() + offset(row, width_); }
  const std::uint8_t* add(int row) const noexcept { return add_.data() + offset(row, width_); }
  const std::uint8_t* chroma_keep(int row) const noexcept { return chroma_keep_.data() + offset(row, width_ / 2); }

 private:
  struct Line {
    std::string_view text;  ///< of the composed text, while it is composed
    int width = 0;          ///< columns that the pen moves
    bool cut = false;       ///< ends in an ellipsis
  };
  static constexpr int kLinesMax = 32;

  static std::ptrdiff_t offset(int row, int width) noexcept { return static_cast<std::ptrdiff_t>(row) * width; }

  static Line fit(Font& font, std::string_view text, int width_max);
  int lay_out(Font& font, std::string_view text, int width_max, int lines_max);
  void shape_box(int width, int rows, int width_max);
  void draw_line(Font& font, const Line& line, int left, int baseline);
  void draw_glyph(const Glyph& glyph, int pen, int baseline);
  void finish();

  std::array<Line, kLinesMax> lines_;
  int width_ = 0, rows_ = 0;
  // While composing, keep_ holds the coverage of the edges and add_ that of the letters.
  std::vector<std::uint8_t> keep_, add_, chroma_keep_;
};

/// Rounded value / 255, exact for 0 to 65025.
constexpr unsigned divided_by_255(unsigned value) {
  return (value + 128 + ((value + 128) >> 8)) >> 8;
}

}  // namespace nestbox
