#include "nestbox/base/result.h"

#include <gtest/gtest.h>

namespace nestbox {
namespace {

Result<int> open_port(int port) {
  if (port < 1024) return fail(ErrorKind::kUnavailable, "permission denied");
  return port;
}

Result<int> serve(int port) {
  auto opened = open_port(port);
  if (!opened) return fail(std::move(opened.error()), "open port 80");
  return opened;
}

TEST(Result, CarriesAValue) {
  EXPECT_EQ(serve(8080), 8080);
}

TEST(Result, AFailureKeepsItsKindAndGrowsItsStoryInFront) {
  const auto result = serve(80);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(result.error().message, "open port 80: permission denied");
}

}  // namespace
}  // namespace nestbox
