#pragma once
/// The one pass over the pixels: sums of luma in cells of 8x8.
#include <cstdint>

namespace nestbox {

inline constexpr int kCellPixels = 8;  ///< edge of the cells that are summed

/// Adds the luma of 8 rows to cells of 8x8 pixels: sums[c] for columns 8c to 8c + 7, `cells` of them. At most
/// 64 * 255, so 16 bits hold it. `rows` is the first row; nothing beyond 8 * cells columns is read.
void sum_cell_row(const std::uint8_t* rows, int stride, int cells, std::uint16_t* sums) noexcept;
/// The same, pixel by pixel: what sum_cell_row is tested against.
void sum_cell_row_plainly(const std::uint8_t* rows, int stride, int cells, std::uint16_t* sums) noexcept;

}  // namespace nestbox
