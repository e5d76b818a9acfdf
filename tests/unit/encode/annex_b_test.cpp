#include "encode/annex_b.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>

namespace nestbox {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

const Bytes kDelimiter{0, 0, 0, 1, 0x09, 0x10}, kSps{0, 0, 0, 1, 0x27, 0x64, 0x00, 0x28}, kPps{0, 0, 0, 1, 0x28, 0xee},
    kIdr{0, 0, 0, 1, 0x25, 0x88, 0x84}, kSlice{0, 0, 0, 1, 0x21, 0x9a};

TEST(SplitHeaders, TakesSpsAndPpsOutOfAKeyframe) {
  const auto split = split_headers(joined({kDelimiter, kSps, kPps, kIdr}));
  EXPECT_EQ(split.headers, joined({kSps, kPps}));
  EXPECT_EQ(split.picture, kIdr);
}

TEST(SplitHeaders, LeavesAnOrdinaryPictureAlone) {
  const auto split = split_headers(kSlice);
  EXPECT_TRUE(split.headers.empty());
  EXPECT_EQ(split.picture, kSlice);
}

TEST(SplitHeaders, KnowsHeadersByThemselves) {
  const auto split = split_headers(joined({kSps, kPps}));
  EXPECT_EQ(split.headers, joined({kSps, kPps}));
  EXPECT_TRUE(split.picture.empty());
}

TEST(SplitHeaders, MakesAllStartCodesFourBytesLong) {
  const Bytes short_sps(kSps.begin() + 1, kSps.end()), short_idr(kIdr.begin() + 1, kIdr.end());
  const auto split = split_headers(joined({short_sps, short_idr, Bytes{0, 0, 0}}));
  EXPECT_EQ(split.headers, kSps);
  EXPECT_EQ(split.picture, joined({kIdr, Bytes{0, 0, 0}})) << "padding at the end is the driver's own";
}

TEST(SplitHeaders, KeepsEverySliceOfAPicture) {
  const auto split = split_headers(joined({kSps, kPps, kIdr, kIdr, kIdr}));
  EXPECT_EQ(split.picture, joined({kIdr, kIdr, kIdr}));
}

TEST(SplitHeaders, TakesNonsenseForNothing) {
  EXPECT_TRUE(split_headers({}).picture.empty());
  EXPECT_TRUE(split_headers(Bytes{1, 2, 3}).picture.empty());
  EXPECT_TRUE(split_headers(Bytes{0, 0, 1}).picture.empty());
  EXPECT_TRUE(split_headers(Bytes{0, 0, 0, 0, 0}).headers.empty());
}

}  // namespace
}  // namespace nestbox
