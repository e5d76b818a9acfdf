#include "nestbox/base/utf8.h"

#include <gtest/gtest.h>

namespace nestbox {
namespace {

TEST(Utf8, TakesTextOfEveryLength) {
  for (const char* text :
       {"", "kestrel", "größer", "鳥", "🐦 eats", "\xEF\xBF\xBD", "\xEF\xBF\xBD\xEF\xBF\xBD", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
}

TEST(Utf8, RefusesWhatIsNone) {
  for (const char* text :
       {"\xFF", "caf\xE9", "cut \xC3", "cut \xF0\x9F\x90", "overlong \xC0\xAF", "overlong \xE0\x80\x80",
        "surrogate \xED\xA0\x80", "too high \xF4\x90\x80\x80", "alone \x80"}) {
    EXPECT_FALSE(is_utf8(text)) << text;
  }
}

TEST(Utf8, ReadsWhatIsWrongAByteAtATime) {
  std::size_t position = 0;
  EXPECT_EQ(next_code_point("\xC3(", position), kReplacement);
  EXPECT_EQ(next_code_point("\xC3(", position), U'(');
  EXPECT_EQ(position, 2u);
}

}  // namespace
}  // namespace nestbox
