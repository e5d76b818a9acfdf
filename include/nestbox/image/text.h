#pragma once
/// Text on the picture: white letters with a dark edge, legible on dark and light, drawn onto luma (and neutral
/// chroma) from a glyph cache.
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nestbox/base/result.h"
#include "nestbox/media/frame.h"

namespace nestbox {

/// Rows and columns that were touched, for a cache sync; empty when width is 0.
struct TouchedArea {
  int left = 0, top = 0, width = 0, height = 0;
};

enum class Corner { kTopLeft, kTopRight, kBottomLeft, kBottomRight };

/// Rows of a line on a picture of `picture_height` rows, for a size that is meant for 720; never so few that a letter
/// cannot be read.
int line_height_for(int size_at_720, int picture_height);

/// The bold fonts that Debian's packages install, best first.
std::vector<std::filesystem::path> known_fonts();

/// One font at one size. Thread-bound.
///
/// Drawing the same text again costs one pass over its box; a text that changed is composed anew from cached glyphs.
/// It allocates only for a character not seen before, and for a text that is longer, has more lines, or goes onto a
/// larger picture than any before it.
class TextPainter {
 public:
  /// `line_height` in rows of the picture it will draw on, 6 to 512. Errors: kInvalidArgument outside of that,
  /// kNotFound when no font is installed (it names the package), kInternal from FreeType.
  static Result<std::unique_ptr<TextPainter>> create(int line_height);
  /// The same with the first of `fonts` that exists.
  static Result<std::unique_ptr<TextPainter>> create(int line_height, const std::vector<std::filesystem::path>& fonts);
  ~TextPainter();

  /// Draws UTF-8 `text` (several lines where it has '\n') into a corner, half a line from the edges. A line that does
  /// not fit is cut and ends in an ellipsis; lines that do not fit are left out. What is no UTF-8 and what the font
  /// does not have shows as a replacement character. The area's sides are even.
  TouchedArea draw(const MutableImage& picture, std::string_view text, Corner corner);
  /// Draws it in the middle.
  TouchedArea draw_centred(const MutableImage& picture, std::string_view text);

 private:
  class Impl;
  explicit TextPainter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nestbox
