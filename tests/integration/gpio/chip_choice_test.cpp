#include "gpio/chip_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace nestbox::gpio {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// As gpiodetect shows them on a Pi 5.
const ChipPort::Listed kPi5{{{"gpiochip0", "gpio-brcmstb@107d508500"},
                             {"gpiochip1", "gpio-brcmstb@107d508520"},
                             {"gpiochip2", "pinctrl-bcm2712"},
                             {"gpiochip10", "pinctrl-rp1"}},
                            {}};

std::string why_not(const std::string& wanted, const ChipPort::Listed& listed) {
  const auto chosen = choose_chip(wanted, listed);
  EXPECT_FALSE(chosen) << *chosen;
  if (chosen) return {};
  EXPECT_EQ(chosen.error().kind, ErrorKind::kNotFound);
  return chosen.error().message;
}

TEST(ChipChoice, AutoIsTheOneWithTheHeadersLines) {
  EXPECT_EQ(choose_chip("auto", kPi5), "gpiochip10");
  EXPECT_EQ(choose_chip("auto", {{{"gpiochip0", "pinctrl-bcm2711"}, {"gpiochip1", "raspberrypi-exp-gpio"}}, {}}),
            "gpiochip0");
  EXPECT_EQ(choose_chip("auto", {{{"gpiochip0", "raspberrypi-exp-gpio"}, {"gpiochip1", "pinctrl-bcm2835"}}, {}}),
            "gpiochip1");
}

TEST(ChipChoice, AutoIsElseTheOnlyOne) {
  EXPECT_EQ(choose_chip("auto", {{{"gpiochip3", "cp2102n"}}, {}}), "gpiochip3");
  EXPECT_THAT(why_not("auto", {{{"gpiochip0", "a"}, {"gpiochip1", "b"}}, {}}),
              AllOf(HasSubstr("gpio.chip"), HasSubstr("a (gpiochip0), b (gpiochip1)")));
  EXPECT_THAT(why_not("auto", {}), HasSubstr("There are: none"));
  EXPECT_THAT(why_not("auto", {{{"gpiochip1", "b"}}, "open /dev/gpiochip0: permission denied"}),
              HasSubstr("permission denied"))
      << "the other may be the right one";
}

TEST(ChipChoice, ByDeviceOrLabel) {
  EXPECT_EQ(choose_chip("gpiochip1", kPi5), "gpiochip1");
  EXPECT_EQ(choose_chip("pinctrl-rp1", kPi5), "gpiochip10");
  EXPECT_THAT(why_not("pinctrl-bcm2835", kPi5), HasSubstr("pinctrl-rp1 (gpiochip10)"));
  EXPECT_THAT(why_not("twin", {{{"gpiochip0", "twin"}, {"gpiochip1", "twin"}}, {}}), HasSubstr("more than one chip"));
}

/// A chip with line names, as some kernels give them to a header.
class NamedChip : public Chip {
 public:
  explicit NamedChip(ChipName name) : name_(std::move(name)) {}
  const ChipName& name() const override { return name_; }
  unsigned line_count() const override { return 54; }
  std::optional<unsigned> find(const std::string& line_name) override {
    if (line_name == "SDA1") return 2;
    if (line_name == "GPIO5") return 5;
    return std::nullopt;
  }
  std::string line_name(unsigned offset) override { return offset == 2 ? "SDA1" : offset == 5 ? "GPIO5" : ""; }
  std::string holder(unsigned) override { return ""; }
  Result<std::unique_ptr<HeldLine>> request(const LineWish&) override {
    return fail(ErrorKind::kUnavailable, "not here");
  }

 private:
  const ChipName name_;
};

class NamedPort : public ChipPort {
 public:
  explicit NamedPort(ChipName name) : name_(std::move(name)) {}
  Listed list() override { return {{name_}, {}}; }
  Result<std::unique_ptr<Chip>> open(const std::string&) override { return std::make_unique<NamedChip>(name_); }

 private:
  const ChipName name_;
};

std::string where(const ChipName& chip, const std::string& line) {
  NamedPort port(chip);
  const auto found = find_line(port, "auto", **parse_line(line));
  return found ? std::to_string(found->offset) + ": " + found->where : found.error().message;
}

TEST(LineChoice, GoesByNumberOrByTheChipsName) {
  const ChipName header{"gpiochip0", "pinctrl-bcm2711"};
  EXPECT_EQ(where(header, "2"), "2: SDA1 of pinctrl-bcm2711 (gpiochip0)");
  EXPECT_EQ(where(header, "SDA1"), "2: SDA1 of pinctrl-bcm2711 (gpiochip0)");
  EXPECT_EQ(where(header, "gpiochip0:17"), "17: line 17 of pinctrl-bcm2711 (gpiochip0)");
  EXPECT_THAT(where(header, "54"), HasSubstr("0 to 53"));
}

TEST(LineChoice, OnAHeaderTheNumberInTheNameIsTheLinesWhateverTheKernelCallsIt) {
  EXPECT_EQ(where({"gpiochip0", "pinctrl-bcm2711"}, "GPIO2"), "2: SDA1 of pinctrl-bcm2711 (gpiochip0)");
  EXPECT_THAT(where({"gpiochip0", "pinctrl-bcm2711"}, "GPIO99"), HasSubstr("no line called GPIO99"));
  EXPECT_THAT(where({"gpiochip0", "cp2102n"}, "GPIO2"), HasSubstr("no line called GPIO2")) << "elsewhere nobody knows";
}

}  // namespace
}  // namespace nestbox::gpio
