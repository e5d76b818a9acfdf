#include "nestbox/base/roff.h"

#include <gtest/gtest.h>

namespace nestbox {
namespace {

TEST(Roff, LeavesPlainWordsAlone) {
  EXPECT_EQ(roff_text("How the box is, problems first."), "How the box is, problems first.");
}

TEST(Roff, KeepsWhatRoffWouldTakeForItself) {
  EXPECT_EQ(roff_text("--socket"), "\\-\\-socket");
  EXPECT_EQ(roff_text("a\\b"), "a\\eb");
  EXPECT_EQ(roff_text(".TH of nothing\n'so it is"), "\\&.TH of nothing\n\\&'so it is");
}

TEST(Roff, SetsBoldAndItalics) {
  EXPECT_EQ(roff_bold("-o"), "\\fB\\-o\\fR");
  EXPECT_EQ(roff_italic("FILE"), "\\fIFILE\\fR");
}

}  // namespace
}  // namespace nestbox
