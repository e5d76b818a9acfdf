#include "nestbox/image/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "nestbox/base/assert.h"
#include "text_block.h"

namespace nestbox {
namespace {

constexpr int kLineHeightMin = 6, kLineHeightMax = 512;
constexpr int kLegibleLineHeight = 12;

void blend_luma(std::uint8_t* samples, const std::uint8_t* keep, const std::uint8_t* add, int width) {
  for (int i = 0; i < width; ++i) {
    samples[i] = static_cast<std::uint8_t>(divided_by_255(static_cast<unsigned>(samples[i] * keep[i])) + add[i]);
  }
}

constexpr std::uint8_t towards_neutral(std::uint8_t chroma, std::uint8_t keep) {
  return static_cast<std::uint8_t>(
      divided_by_255(static_cast<unsigned>(chroma * keep) + 128u * (255u - static_cast<unsigned>(keep))));
}

void blend_chroma(std::uint8_t* samples, const std::uint8_t* keep, int width) {
  for (int i = 0; i < width; ++i) samples[i] = towards_neutral(samples[i], keep[i]);
}

void blend_chroma_pairs(std::uint8_t* samples, const std::uint8_t* keep, int width) {
  for (std::ptrdiff_t i = 0; i < width; ++i) {
    samples[2 * i] = towards_neutral(samples[2 * i], keep[i]);
    samples[2 * i + 1] = towards_neutral(samples[2 * i + 1], keep[i]);
  }
}

std::uint8_t* sample(const MutablePlane& plane, int column, int row) {
  return plane.data + static_cast<std::ptrdiff_t>(row) * plane.stride + column;
}

TouchedArea blend(const MutableImage& picture, const TextBlock& block, int left, int top) {
  if (block.width() == 0) return {};
  NESTBOX_ASSERT(left >= 0 && top >= 0 && left % 2 == 0 && top % 2 == 0);
  NESTBOX_ASSERT(left + block.width() <= picture.width && top + block.rows() <= picture.height);
  for (int row = 0; row < block.rows(); ++row) {
    blend_luma(sample(picture.y, left, top + row), block.keep(row), block.add(row), block.width());
  }
  for (int row = 0; row < block.rows() / 2; ++row) {
    const int chroma_row = top / 2 + row;
    if (picture.format == PixelFormat::kNv12) {
      blend_chroma_pairs(sample(picture.u, left, chroma_row), block.chroma_keep(row), block.width() / 2);
    } else {
      blend_chroma(sample(picture.u, left / 2, chroma_row), block.chroma_keep(row), block.width() / 2);
      blend_chroma(sample(picture.v, left / 2, chroma_row), block.chroma_keep(row), block.width() / 2);
    }
  }
  return {left, top, block.width(), block.rows()};
}

}  // namespace

int line_height_for(int size_at_720, int picture_height) {
  return std::clamp((size_at_720 * picture_height + 360) / 720, kLegibleLineHeight, kLineHeightMax);
}

std::vector<std::filesystem::path> known_fonts() {
  return {
      "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf",           // fonts-dejavu-core
      "/usr/share/fonts/truetype/liberation/LiberationSans-Bold.ttf",   // fonts-liberation
      "/usr/share/fonts/truetype/liberation2/LiberationSans-Bold.ttf",  // fonts-liberation2 up to bookworm
      "/usr/share/fonts/truetype/noto/NotoSans-Bold.ttf",               // fonts-noto-core
      "/usr/share/fonts/truetype/freefont/FreeSansBold.ttf",            // fonts-freefont-ttf
  };
}

class TextPainter::Impl {
 public:
  explicit Impl(std::unique_ptr<Font> font) : font_(std::move(font)) { text_.reserve(256); }

  int margin() const { return font_->line_height() / 2 & ~1; }
  const TextBlock& composed(const MutableImage& picture, std::string_view text, Align align);

 private:
  std::unique_ptr<Font> font_;
  TextBlock block_;
  // What block_ shows.
  std::string text_;
  int width_max_ = 0, rows_max_ = 0;
  Align align_ = Align::kLeft;
};

const TextBlock& TextPainter::Impl::composed(const MutableImage& picture, std::string_view text, Align align) {
  const int width_max = picture.width - 2 * margin();
  const int rows_max = picture.height - 2 * margin();
  if (text != text_ || width_max != width_max_ || rows_max != rows_max_ || align != align_) {
    block_.compose(*font_, text, width_max, rows_max, align);
    text_ = text;
    width_max_ = width_max;
    rows_max_ = rows_max;
    align_ = align;
  }
  return block_;
}

Result<std::unique_ptr<TextPainter>> TextPainter::create(int line_height) {
  return create(line_height, known_fonts());
}

Result<std::unique_ptr<TextPainter>> TextPainter::create(int line_height,
                                                         const std::vector<std::filesystem::path>& fonts) {
  if (line_height < kLineHeightMin || line_height > kLineHeightMax) {
    return fail(ErrorKind::kInvalidArgument,
                fmt::format("text {} rows high: {} to {} are possible", line_height, kLineHeightMin, kLineHeightMax));
  }
  auto font = Font::open(fonts, line_height);
  if (!font) return tl::unexpected(font.error());
  return std::unique_ptr<TextPainter>(new TextPainter(std::make_unique<Impl>(std::move(*font))));
}

TextPainter::TextPainter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TextPainter::~TextPainter() = default;

TouchedArea TextPainter::draw(const MutableImage& picture, std::string_view text, Corner corner) {
  const bool right = corner == Corner::kTopRight || corner == Corner::kBottomRight;
  const bool bottom = corner == Corner::kBottomLeft || corner == Corner::kBottomRight;
  const TextBlock& block = impl_->composed(picture, text, right ? Align::kRight : Align::kLeft);
  const int margin = impl_->margin();
  return blend(picture, block, right ? picture.width - margin - block.width() : margin,
               bottom ? picture.height - margin - block.rows() : margin);
}

TouchedArea TextPainter::draw_centred(const MutableImage& picture, std::string_view text) {
  const TextBlock& block = impl_->composed(picture, text, Align::kCentre);
  return blend(picture, block, ((picture.width - block.width()) / 2) & ~1, ((picture.height - block.rows()) / 2) & ~1);
}

}  // namespace nestbox
