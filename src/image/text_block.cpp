#include "text_block.h"
#include "nestbox/media/limited_range.h"

#include <algorithm>

#include "nestbox/base/utf8.h"

namespace nestbox {
namespace {

constexpr char32_t kEllipsis = U'\u2026';
// White and black of BT.709 limited range.

constexpr int round_up_to_even(int value) {
  return (value + 1) & ~1;
}

char32_t next_character(std::string_view text, std::size_t& position) {
  const char32_t c = next_code_point(text, position);
  return c == '\t' ? ' ' : c;
}

}  // namespace

/// As much of one line as `width_max` holds, with an ellipsis where it was cut.
TextBlock::Line TextBlock::fit(Font& font, std::string_view text, int width_max) {
  const int ellipsis = font.glyph(kEllipsis).advance;
  Line cut{{}, ellipsis, true};
  if (ellipsis > width_max) return {};
  int pen = 0;
  for (std::size_t position = 0; position < text.size();) {
    pen += font.glyph(next_character(text, position)).advance;
    if (pen > width_max) return cut;
    // Not after a blank: the ellipsis stands beside the last word.
    if (pen + ellipsis <= width_max && text[position - 1] != ' ')
      cut = {text.substr(0, position), pen + ellipsis, true};
  }
  return {text, pen, false};
}

int TextBlock::lay_out(Font& font, std::string_view text, int width_max, int lines_max) {
  int lines = 0;
  lines_max = std::min(lines_max, kLinesMax);
  while (!text.empty() && lines < lines_max) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines_[static_cast<std::size_t>(lines++)] = fit(font, text.substr(0, end), width_max);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

void TextBlock::shape_box(int width, int rows, int width_max) {
  width_ = width;
  rows_ = rows;
  // Room for the widest text of so many rows, so that a text that changes finds its memory already there.
  const auto room = static_cast<std::size_t>(round_up_to_even(width_max)) * static_cast<std::size_t>(rows);
  const auto samples = static_cast<std::size_t>(width) * static_cast<std::size_t>(rows);
  for (auto* plane : {&keep_, &add_}) {
    plane->reserve(room);
    plane->assign(samples, 0);
  }
  chroma_keep_.reserve(room / 4);
  chroma_keep_.resize(samples / 4);
}

void TextBlock::compose(Font& font, std::string_view text, int width_max, int rows_max, Align align) {
  const int overhang = font.overhang();
  width_ = rows_ = 0;
  // Even sides may add one column and one row.
  const int text_width_max = width_max - 2 * overhang - 1;
  const int lines = lay_out(font, text, text_width_max, (rows_max - 2 * overhang - 1) / font.line_height());
  int text_width = 0;
  for (int i = 0; i < lines; ++i) text_width = std::max(text_width, lines_[static_cast<std::size_t>(i)].width);
  if (text_width == 0) return;

  shape_box(round_up_to_even(text_width + 2 * overhang), round_up_to_even(lines * font.line_height() + 2 * overhang),
            width_max);
  for (int i = 0; i < lines; ++i) {
    const Line& line = lines_[static_cast<std::size_t>(i)];
    const int slack = text_width - line.width;
    const int left = align == Align::kLeft ? 0 : align == Align::kRight ? slack : slack / 2;
    draw_line(font, line, overhang + left, overhang + i * font.line_height() + font.ascent());
  }
  finish();
}

void TextBlock::draw_line(Font& font, const Line& line, int left, int baseline) {
  int pen = left;
  for (std::size_t position = 0; position < line.text.size();) {
    const Glyph& glyph = font.glyph(next_character(line.text, position));
    draw_glyph(glyph, pen, baseline);
    pen += glyph.advance;
  }
  if (line.cut) draw_glyph(font.glyph(kEllipsis), pen, baseline);
}

/// The greater coverage wins, so that the edge of one letter never darkens the letter before it.
void TextBlock::draw_glyph(const Glyph& glyph, int pen, int baseline) {
  const int left = pen + glyph.left, top = baseline - glyph.above;
  const int first_column = std::max(0, -left), last_column = std::min(glyph.width, width_ - left);
  const int first_row = std::max(0, -top), last_row = std::min(glyph.rows, rows_ - top);
  for (int row = first_row; row < last_row; ++row) {
    const auto from = static_cast<std::ptrdiff_t>(row) * glyph.width;
    const auto to = static_cast<std::ptrdiff_t>(top + row) * width_ + left;
    const auto *letter = glyph.letter.data() + from, *edge = glyph.edge.data() + from;
    auto *letters = add_.data() + to, *edges = keep_.data() + to;
    for (int column = first_column; column < last_column; ++column) {
      letters[column] = std::max(letters[column], letter[column]);
      edges[column] = std::max(edges[column], edge[column]);
    }
  }
}

void TextBlock::finish() {
  // Locals, because bytes may alias members and the loops would not become SIMD.
  auto *keeps = keep_.data(), *adds = add_.data();
  const std::size_t samples = keep_.size();
  for (std::size_t i = 0; i < samples; ++i) {
    const unsigned edge = keeps[i], letter = adds[i];
    const unsigned keep = divided_by_255((255 - edge) * (255 - letter));
    const unsigned dark = 255 - letter - keep;  // keep <= 255 - letter
    keeps[i] = static_cast<std::uint8_t>(keep);
    adds[i] = static_cast<std::uint8_t>(divided_by_255(kWhiteLuma * letter + kBlackLuma * dark));
  }
  const std::ptrdiff_t columns = width_ / 2;
  for (int row = 0; row < rows_ / 2; ++row) {
    const auto *upper = keep(2 * row), *lower = keep(2 * row + 1);
    auto* chroma = chroma_keep_.data() + row * columns;
    for (std::ptrdiff_t column = 0; column < columns; ++column) {
      chroma[column] = std::min(std::min(upper[2 * column], upper[2 * column + 1]),
                                std::min(lower[2 * column], lower[2 * column + 1]));
    }
  }
}

}  // namespace nestbox
