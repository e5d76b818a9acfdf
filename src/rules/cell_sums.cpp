#include "cell_sums.h"

#include <cstring>

namespace nestbox {
namespace {

// Compilers make SSE2, AVX2 or NEON of it, whatever the target has; both g++ and clang know this spelling.
using Pairs = std::uint16_t __attribute__((vector_size(16)));

Pairs load(const std::uint8_t* from) noexcept {
  Pairs pairs;
  std::memcpy(&pairs, from, sizeof pairs);
  return pairs;
}

/// Two cells side by side. Both bytes of a pair belong to the same cell, so it does not matter which of them comes
/// first.
void sum_two_cells(const std::uint8_t* rows, int stride, std::uint16_t* sums) noexcept {
  Pairs sum{};
  for (int row = 0; row < kCellPixels; ++row) {
    const Pairs pairs = load(rows + static_cast<std::ptrdiff_t>(row) * stride);
    sum += (pairs & 0xFF) + (pairs >> 8);
  }
  sums[0] = static_cast<std::uint16_t>(sum[0] + sum[1] + sum[2] + sum[3]);
  sums[1] = static_cast<std::uint16_t>(sum[4] + sum[5] + sum[6] + sum[7]);
}

}  // namespace

void sum_cell_row(const std::uint8_t* rows, int stride, int cells, std::uint16_t* sums) noexcept {
  int cell = 0;
  for (; cell + 2 <= cells; cell += 2) sum_two_cells(rows + cell * kCellPixels, stride, sums + cell);
  if (cell < cells) sum_cell_row_plainly(rows + cell * kCellPixels, stride, 1, sums + cell);
}

void sum_cell_row_plainly(const std::uint8_t* rows, int stride, int cells, std::uint16_t* sums) noexcept {
  for (int cell = 0; cell < cells; ++cell) {
    int sum = 0;
    for (int row = 0; row < kCellPixels; ++row) {
      for (int column = 0; column < kCellPixels; ++column) {
        sum += rows[static_cast<std::ptrdiff_t>(row) * stride + cell * kCellPixels + column];
      }
    }
    sums[cell] = static_cast<std::uint16_t>(sum);
  }
}

}  // namespace nestbox
