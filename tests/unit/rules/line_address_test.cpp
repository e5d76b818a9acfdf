#include "nestbox/rules/line_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nestbox {
namespace {

using ::testing::HasSubstr;

LineAddress parsed(std::string_view text) {
  const auto address = parse_line(text);
  if (!address) ADD_FAILURE() << address.error().message;
  return address && *address ? **address : LineAddress{};
}

TEST(LineAddress, IsANumberOrANameOnTheChipOfTheSettings) {
  EXPECT_EQ(parsed("17"), (LineAddress{"", 17U}));
  EXPECT_EQ(parsed("0"), (LineAddress{"", 0U}));
  EXPECT_EQ(parsed("GPIO17"), (LineAddress{"", "GPIO17"}));
  EXPECT_EQ(parsed("17th"), (LineAddress{"", "17th"}));
  EXPECT_EQ(parsed("PIN 11"), (LineAddress{"", "PIN 11"}));
}

TEST(LineAddress, MayNameItsChip) {
  EXPECT_EQ(parsed("gpiochip1:17"), (LineAddress{"gpiochip1", 17U}));
  EXPECT_EQ(parsed("pinctrl-rp1:GPIO17"), (LineAddress{"pinctrl-rp1", "GPIO17"}));
  EXPECT_EQ(parsed("INT34C5:00:3"), (LineAddress{"INT34C5:00", 3U})) << "a label with a colon";
}

TEST(LineAddress, NoneIsNoLine) {
  const auto none = parse_line("none");
  ASSERT_TRUE(none);
  EXPECT_EQ(*none, std::nullopt);
}

TEST(LineAddress, SaysWhatIsWrongAndWhatWouldBeRight) {
  const std::pair<const char*, const char*> wrong[] = {
      {"", "empty"},
      {"gpiochip1:", "no line after"},
      {":17", "no chip before"},
      {"-1", "no sign"},
      {"+1", "no sign"},
      {" 17", "space at an end"},
      {"17 ", "space at an end"},
      {"70000", "65535"},
      {"99999999999999999999", "65535"},
      {"GPIO\t1", "nobody can see"},
      {" chip:1", "no chip before"},
  };
  for (const auto& [text, reason] : wrong) {
    const auto address = parse_line(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_THAT(address.error().message, HasSubstr(reason)) << text;
    EXPECT_THAT(address.error().message, HasSubstr("pinctrl-rp1:GPIO17")) << text;
  }
}

}  // namespace
}  // namespace nestbox
