#include "lines_in_force.h"

#include <gmock/gmock.h>

#include <fstream>

#include "power_off.h"
#include "support/temporary_folder.h"

namespace nestbox {
namespace {

using testing::HasSubstr;

TEST(LinesInForce, AreAConfigurationOfTheirOwn) {
  Sources sources;
  sources.set_options = {"paths.state=/nowhere", "gpio.chip=pinctrl-rp1", "gpio.live_light={line: 22, active: low}",
                         "day_night.ir_cut={type: coil, line_a: GPIO23, line_b: 24, pulse: 150ms}",
                         "day_night.lamp={type: pwm, path: /sys/class/pwm/pwmchip0/pwm0, max: 60%}"};
  const auto settings = Settings::load(sources);
  ASSERT_TRUE(settings) << to_lines(settings.error());
  const auto kept = options_from_yaml(lines_in_force(*settings), "lines.yaml");
  ASSERT_TRUE(kept) << to_lines(kept.error());
  EXPECT_EQ(kept->gpio, settings->options().gpio);
  EXPECT_EQ(kept->day_night, settings->options().day_night);
}

TEST(LinesInForce, WithoutAFileNothingIsToBeDone) {
  EXPECT_TRUE(make_lines_idle("/nowhere/lines.yaml"));
}

TEST(LinesInForce, ABrokenFileIsSaid) {
  const TemporaryFolder folder;
  const auto file = (folder.path() / "lines.yaml").string();
  std::ofstream(file) << "gpio: {chip: [";
  const auto idle = make_lines_idle(file);
  ASSERT_FALSE(idle);
  EXPECT_THAT(idle.error().message, HasSubstr("lines.yaml:1"));
}

TEST(LinesInForce, EveryLineIsTriedAndTheFaultIsNamed) {
  const TemporaryFolder folder;
  const auto file = (folder.path() / "lines.yaml").string();
  std::ofstream(file) << "gpio: {chip: no-such-chip}\nday_night: {lamp: {type: level, line: 18}}\n";
  const auto idle = make_lines_idle(file);
  ASSERT_FALSE(idle);
  EXPECT_THAT(idle.error().message, HasSubstr("lamp"));
}

TEST(PowerOff, WithoutASystemBusSaysSo) {
  ::setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere/bus", 1);
  const auto off = power_off();
  ::unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
  ASSERT_FALSE(off);
  EXPECT_THAT(off.error().message, HasSubstr("no system bus"));
}

}  // namespace
}  // namespace nestbox
