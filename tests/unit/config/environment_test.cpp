#include <gtest/gtest.h>

#include <cstdlib>

#include "nestbox/config/settings.h"

namespace nestbox {
namespace {

TEST(Environment, TheProcessesOwnVariablesAreFoundAndNoOthers) {
  ASSERT_EQ(::setenv("NESTBOX_CAMERA_WIDTH", "640", 1), 0);
  const auto variables = nestbox_environment();
  ::unsetenv("NESTBOX_CAMERA_WIDTH");
  EXPECT_EQ(variables.at("NESTBOX_CAMERA_WIDTH"), "640");
  EXPECT_EQ(variables.count("PATH"), 0U);
}

}  // namespace
}  // namespace nestbox
