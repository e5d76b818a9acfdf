#include "nestbox/base/assert.h"

#include <gtest/gtest.h>

namespace nestbox {
namespace {

TEST(Assert, EvaluatesItsConditionOnceAndInEveryBuild) {
  int evaluated = 0;
  NESTBOX_ASSERT(++evaluated == 1);
  EXPECT_EQ(evaluated, 1);
}

TEST(AssertDeathTest, SaysWhatBrokeAndWhere) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const int legs = 3;
  EXPECT_DEATH(NESTBOX_ASSERT(legs == 2), "assert_test.cpp:[0-9]+: .*legs == 2");
}

}  // namespace
}  // namespace nestbox
