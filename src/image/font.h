#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <unordered_map>
#include <vector>

#include "nestbox/base/result.h"

// As FreeType's own headers declare them, so that they stay in font.cpp.
struct FT_LibraryRec_;
struct FT_FaceRec_;
struct FT_StrokerRec_;

namespace nestbox {

/// One character: how much of each sample its letter covers, and its edge, a ring around the letter's outline that
/// also lies over its rim. Both masks are rows * width, 0 to 255.
struct Glyph {
  int left = 0;   ///< first column, from the pen
  int above = 0;  ///< first row, upwards from the baseline
  int width = 0, rows = 0;
  int advance = 0;  ///< of the pen, whole samples
  std::vector<std::uint8_t> letter, edge;
};

/// A font file at one size, with the glyphs that were asked for. Thread-bound.
class Font {
 public:
  /// Errors: kNotFound when none of `files` exists, kInternal from FreeType.
  static Result<std::unique_ptr<Font>> open(const std::vector<std::filesystem::path>& files, int line_height);

  /// Rendered at the first call, then from the cache; valid until the next call. A character that the font does not
  /// have is the replacement character, one that has no shape is empty.
  const Glyph& glyph(char32_t character);
  int line_height() const noexcept { return line_height_; }
  int ascent() const noexcept { return ascent_; }      ///< rows from the top of a line to its baseline
  int overhang() const noexcept { return overhang_; }  ///< how far an edge may reach beyond its line, rounded up

 private:
  struct Release {
    void operator()(FT_LibraryRec_* library) const noexcept;
    void operator()(FT_FaceRec_* face) const noexcept;
    void operator()(FT_StrokerRec_* stroker) const noexcept;
  };
  Font() = default;
  Result<void> load(const std::filesystem::path& file, int line_height);
  Glyph render(char32_t character) const;

  // In this order: the face and the stroker belong to the library.
  std::unique_ptr<FT_LibraryRec_, Release> library_;
  std::unique_ptr<FT_FaceRec_, Release> face_;
  std::unique_ptr<FT_StrokerRec_, Release> stroker_;
  int line_height_ = 0, ascent_ = 0, overhang_ = 0;
  std::unordered_map<char32_t, Glyph> glyphs_;
};

}  // namespace nestbox
