#include "rules/cell_sums.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace nestbox {
namespace {

TEST(CellSums, AgreeWithThePlainTwinForEveryWidthAndAlignment) {
  std::minstd_rand random(3);
  for (int cells = 1; cells <= 41; ++cells) {
    for (int offset = 0; offset < 4; ++offset) {
      const int stride = cells * kCellPixels + offset;
      std::vector<std::uint8_t> rows(static_cast<std::size_t>(stride * kCellPixels + offset));
      for (auto& luma : rows) luma = static_cast<std::uint8_t>(random());
      std::vector<std::uint16_t> sums(static_cast<std::size_t>(cells)), plain(sums.size());
      sum_cell_row(rows.data() + offset, stride, cells, sums.data());
      sum_cell_row_plainly(rows.data() + offset, stride, cells, plain.data());
      ASSERT_EQ(sums, plain) << cells << " cells, offset " << offset;
    }
  }
}

TEST(CellSums, HoldTheBrightestPicture) {
  const std::vector<std::uint8_t> white(16 * 8, 255);
  std::uint16_t sums[2];
  sum_cell_row(white.data(), 16, 2, sums);
  EXPECT_EQ(sums[0], 64 * 255);
  EXPECT_EQ(sums[1], 64 * 255);
}

}  // namespace
}  // namespace nestbox
