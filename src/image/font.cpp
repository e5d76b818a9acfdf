#include "font.h"

#include <fmt/format.h>
#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_GLYPH_H
#include FT_STROKER_H

#include <algorithm>
#include <utility>

#include "nestbox/base/assert.h"
#include "nestbox/base/utf8.h"

namespace nestbox {
namespace {

/// More characters than any name and clock have; a bound, because the text comes from outside.
constexpr std::size_t kGlyphsMax = 512;
/// A sixteenth of a line is wide enough to part white letters from a white picture, and leaves small letters open.
constexpr int kEdgeFraction = 16;
constexpr FT_Fixed kOne = 64;  // FreeType's 26.6 fixed point

struct ReleaseGlyph {
  void operator()(FT_GlyphRec_* glyph) const noexcept { FT_Done_Glyph(glyph); }
};
using OwnedGlyph = std::unique_ptr<FT_GlyphRec_, ReleaseGlyph>;

Result<void> checked(FT_Error code, std::string_view attempt) {
  if (code == 0) return {};
  const char* text = FT_Error_String(code);  // null where FreeType was built without its texts
  return fail(ErrorKind::kInternal, text != nullptr ? fmt::format("{}: FreeType says: {}", attempt, text)
                                                    : fmt::format("{}: FreeType error {}", attempt, code));
}

/// Replaces an outline by its picture; null where FreeType cannot.
OwnedGlyph to_bitmap(OwnedGlyph outline) {
  FT_Glyph glyph = outline.release();
  if (FT_Glyph_To_Bitmap(&glyph, FT_RENDER_MODE_NORMAL, nullptr, /*destroy=*/1) == 0) return OwnedGlyph(glyph);
  FT_Done_Glyph(glyph);
  return nullptr;
}

/// Copies a picture into the box of `target`, of which `mask` is one.
void paste(const FT_BitmapGlyphRec_& source, const Glyph& target, std::vector<std::uint8_t>& mask) {
  const auto& bitmap = source.bitmap;
  const int columns = static_cast<int>(bitmap.width);
  for (int row = 0; row < static_cast<int>(bitmap.rows); ++row) {
    const auto* from = bitmap.buffer + static_cast<std::ptrdiff_t>(row) * bitmap.pitch;
    const int to_row = target.above - source.top + row;
    std::copy_n(from, columns,
                mask.begin() + static_cast<std::ptrdiff_t>(to_row) * target.width + (source.left - target.left));
  }
}

/// Characters that change how others are joined and have no shape of their own.
bool is_invisible(char32_t c) {
  return c < 0x20 || c == 0x7F || c == 0xAD || (c >= 0x200B && c <= 0x200F) || c == 0x2060 || c == 0xFEFF ||
         (c >= 0xFE00 && c <= 0xFE0F);
}

}  // namespace

void Font::Release::operator()(FT_LibraryRec_* library) const noexcept {
  FT_Done_FreeType(library);
}
void Font::Release::operator()(FT_FaceRec_* face) const noexcept {
  FT_Done_Face(face);
}
void Font::Release::operator()(FT_StrokerRec_* stroker) const noexcept {
  FT_Stroker_Done(stroker);
}

Result<std::unique_ptr<Font>> Font::open(const std::vector<std::filesystem::path>& files, int line_height) {
  std::error_code ignored;
  const auto found = std::find_if(files.begin(), files.end(), [&](const std::filesystem::path& file) {
    return std::filesystem::is_regular_file(file, ignored);
  });
  if (found == files.end()) {
    return fail(ErrorKind::kNotFound, "no font for the text on the picture: install the package fonts-dejavu-core");
  }
  std::unique_ptr<Font> font(new Font);
  if (auto loaded = font->load(*found, line_height); !loaded) return tl::unexpected(loaded.error());
  return font;
}

Result<void> Font::load(const std::filesystem::path& file, int line_height) {
  FT_Library library = nullptr;
  if (auto done = checked(FT_Init_FreeType(&library), "start FreeType"); !done) return done;
  library_.reset(library);

  const std::string attempt = fmt::format("load font {}", file.string());
  FT_Face face = nullptr;
  if (auto done = checked(FT_New_Face(library, file.c_str(), 0, &face), attempt); !done) return done;
  face_.reset(face);
  // The height from the lowest descender to the highest ascender becomes `line_height`.
  FT_Size_RequestRec size{FT_SIZE_REQUEST_TYPE_REAL_DIM, 0, line_height * kOne, 0, 0};
  if (auto done = checked(FT_Request_Size(face, &size), attempt); !done) return done;

  FT_Stroker stroker = nullptr;
  if (auto done = checked(FT_Stroker_New(library, &stroker), attempt); !done) return done;
  stroker_.reset(stroker);
  const FT_Fixed edge = std::max(kOne, line_height * kOne / kEdgeFraction);
  FT_Stroker_Set(stroker, edge, FT_STROKER_LINECAP_ROUND, FT_STROKER_LINEJOIN_ROUND, 0);

  line_height_ = line_height;
  ascent_ = static_cast<int>((face->size->metrics.ascender + kOne / 2) / kOne);
  overhang_ = static_cast<int>((edge + kOne - 1) / kOne);
  return {};
}

const Glyph& Font::glyph(char32_t character) {
  const auto known = glyphs_.find(character);
  if (known != glyphs_.end()) return known->second;
  if (glyphs_.size() >= kGlyphsMax) glyphs_.clear();
  return glyphs_.emplace(character, render(character)).first->second;
}

Glyph Font::render(char32_t character) const {
  Glyph result;
  if (is_invisible(character)) return result;
  FT_UInt index = FT_Get_Char_Index(face_.get(), character);
  if (index == 0) index = FT_Get_Char_Index(face_.get(), kReplacement);
  if (index == 0) index = FT_Get_Char_Index(face_.get(), '?');
  if (FT_Load_Glyph(face_.get(), index, FT_LOAD_NO_BITMAP | FT_LOAD_TARGET_LIGHT) != 0) return result;
  result.advance = static_cast<int>((face_->glyph->advance.x + kOne / 2) / kOne);

  FT_Glyph outline = nullptr;
  if (face_->glyph->format != FT_GLYPH_FORMAT_OUTLINE || FT_Get_Glyph(face_->glyph, &outline) != 0) return result;
  OwnedGlyph letter(outline);
  FT_Glyph ring = nullptr;
  if (FT_Glyph_Copy(outline, &ring) != 0) return result;
  if (FT_Glyph_Stroke(&ring, stroker_.get(), /*destroy=*/1) != 0) {
    FT_Done_Glyph(ring);
    return result;
  }
  OwnedGlyph edge = to_bitmap(OwnedGlyph(ring));
  letter = to_bitmap(std::move(letter));
  if (edge == nullptr || letter == nullptr) return result;

  const auto& letter_bitmap = reinterpret_cast<const FT_BitmapGlyphRec_&>(*letter);
  const auto& edge_bitmap = reinterpret_cast<const FT_BitmapGlyphRec_&>(*edge);
  const auto right = [](const FT_BitmapGlyphRec_& b) { return b.left + static_cast<int>(b.bitmap.width); };
  const auto below = [](const FT_BitmapGlyphRec_& b) { return static_cast<int>(b.bitmap.rows) - b.top; };
  result.left = std::min(letter_bitmap.left, edge_bitmap.left);
  result.above = std::max(letter_bitmap.top, edge_bitmap.top);
  result.width = std::max(right(letter_bitmap), right(edge_bitmap)) - result.left;
  result.rows = std::max(below(letter_bitmap), below(edge_bitmap)) + result.above;
  result.letter.resize(static_cast<std::size_t>(result.width) * static_cast<std::size_t>(result.rows));
  result.edge.resize(result.letter.size());
  paste(letter_bitmap, result, result.letter);
  paste(edge_bitmap, result, result.edge);
  return result;
}

}  // namespace nestbox
