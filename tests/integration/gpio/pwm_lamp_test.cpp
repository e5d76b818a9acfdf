// A folder of plain files that looks like sysfs.
#include "nestbox/gpio/pwm_lamp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include "support/temporary_folder.h"

namespace nestbox {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class Lamp : public ::testing::Test {
 protected:
  fs::path put(const std::string& name, const std::string& text) {
    const fs::path path = folder_.path() / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path;
  }
  std::string value(const std::string& name) {
    std::string text;
    std::ifstream file(folder_.path() / name);
    std::getline(file, text);
    return text;
  }
  void put_channel(const std::string& period) {
    put("pwmchip0/pwm1/period", period + "\n");
    put("pwmchip0/pwm1/duty_cycle", "77\n");
    put("pwmchip0/pwm1/enable", "0\n");
    put("pwmchip0/pwm1/polarity", "inversed\n");
  }
  std::string path(const std::string& name) { return folder_.path() / name; }

  TemporaryFolder folder_;
};

TEST_F(Lamp, OnAChannelIsDarkFirstThenAsStrongAsAskedThenDarkAgain) {
  put_channel("40000");
  {
    auto lamp = PwmLamp::open(path("pwmchip0/pwm1"));
    ASSERT_TRUE(lamp) << lamp.error().message;
    EXPECT_EQ(value("pwmchip0/pwm1/duty_cycle"), "0");
    EXPECT_EQ(value("pwmchip0/pwm1/enable"), "1");
    EXPECT_EQ(value("pwmchip0/pwm1/period"), "40000") << "the owner's";
    EXPECT_EQ(value("pwmchip0/pwm1/polarity"), "inversed") << "the owner's";
    ASSERT_TRUE(lamp->set(0.25));
    EXPECT_EQ(value("pwmchip0/pwm1/duty_cycle"), "10000");
    ASSERT_TRUE(lamp->set(7));
    EXPECT_EQ(value("pwmchip0/pwm1/duty_cycle"), "40000");
    ASSERT_TRUE(lamp->set(std::numeric_limits<double>::quiet_NaN()));
    EXPECT_EQ(value("pwmchip0/pwm1/duty_cycle"), "0");
    ASSERT_TRUE(lamp->set(1));
    const PwmLamp moved(std::move(*lamp));
    EXPECT_EQ(value("pwmchip0/pwm1/duty_cycle"), "40000") << "moving is not the end";
  }
  EXPECT_EQ(value("pwmchip0/pwm1/duty_cycle"), "0");
  EXPECT_EQ(value("pwmchip0/pwm1/enable"), "1");
}

TEST_F(Lamp, GivesAChannelWithoutAPeriodOne) {
  put_channel("0");
  auto lamp = PwmLamp::open(path("pwmchip0/pwm1"));
  ASSERT_TRUE(lamp) << lamp.error().message;
  EXPECT_EQ(value("pwmchip0/pwm1/period"), "1000000");
  ASSERT_TRUE(lamp->set(0.5));
  EXPECT_EQ(value("pwmchip0/pwm1/duty_cycle"), "500000");
}

TEST_F(Lamp, AsksForAChannelThatIsNotThereYet) {
  put("pwmchip0/export", "");
  const auto asked = PwmLamp::open(path("pwmchip0/pwm1"));
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(value("pwmchip0/export"), "1");
  put_channel("0");
  EXPECT_TRUE(PwmLamp::open(path("pwmchip0/pwm1")));
}

TEST_F(Lamp, MayBeALed) {
  put("leds/ir/max_brightness", "255\n");
  put("leds/ir/brightness", "100\n");
  {
    auto lamp = PwmLamp::open(path("leds/ir"));
    ASSERT_TRUE(lamp) << lamp.error().message;
    EXPECT_EQ(value("leds/ir/brightness"), "0");
    ASSERT_TRUE(lamp->set(0.5));
    EXPECT_EQ(value("leds/ir/brightness"), "128");
  }
  EXPECT_EQ(value("leds/ir/brightness"), "0");
}

TEST_F(Lamp, ThatIsNotThereIsSaidWithWhatIs) {
  put("leds/green/brightness", "0");
  const auto missing = PwmLamp::open(path("leds/ir"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("has: green"));
  const auto other = PwmLamp::open(path("leds"));
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("neither"));
}

TEST_F(Lamp, ThatHasGoneIsAnErrorEachTime) {
  put_channel("1000");
  auto lamp = PwmLamp::open(path("pwmchip0/pwm1"));
  ASSERT_TRUE(lamp);
  fs::remove_all(folder_.path() / "pwmchip0");
  for (int i = 0; i < 2; ++i) {
    const auto gone = lamp->set(1);
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().kind, ErrorKind::kNotFound);
  }
}

TEST_F(Lamp, WithoutPermissionSaysWhatMendsIt) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  put_channel("1000");
  fs::permissions(put("pwmchip0/pwm1/duty_cycle", "0"), fs::perms::owner_read);
  const auto refused = PwmLamp::open(path("pwmchip0/pwm1"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("group gpio"));
}

}  // namespace
}  // namespace nestbox
