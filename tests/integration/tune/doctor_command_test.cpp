/// `nestbox doctor` against a control server whose answers the test writes.
#include <gmock/gmock.h>

#include "command_line_fixture.h"

namespace nestbox::tune {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr auto kReflects = R"({"findings":[
  {"code":"lamp_reflects","area":"light","level":"warning","text":"the lamp is reflected: 6 % of the picture is burnt out by it",
   "advice":"move the lamp outside the housing or tilt it"},
  {"code":"line:pir","area":"lines","level":"good","text":"pir: GPIO4 of pinctrl-bcm2711","advice":null}]})";

TEST_F(CommandLineTest, DoctorTriesLampAndFilterWhenAskedTo) {
  house_.handler().script([](const Call& call, const FakeHandler::Done& done) {
    call.progress(R"({"state":"lamp on, filter out of the path","seconds":4,"throughput_bps":0})");
    done({0, kReflects, {}});
  });
  const auto run = nestbox({"doctor", "--lights"});
  EXPECT_EQ(asked(), R"(doctor {"lights":true})");
  EXPECT_EQ(run.exit_status, 0) << "a warning is no fault";
  EXPECT_EQ(run.err, "lamp on, filter out of the path\n");
  EXPECT_EQ(run.out,
            "warning  light    the lamp is reflected: 6 % of the picture is burnt out by it\n"
            "                  do: move the lamp outside the housing or tilt it\n"
            "good     lines    pir: GPIO4 of pinctrl-bcm2711\n"
            "\n"
            "0 faults, 1 warning\n");
}

TEST_F(CommandLineTest, DoctorLeavesTheLampAloneUnlessAskedTo) {
  answer(R"({"findings":[]})");
  nestbox({"doctor"});
  EXPECT_EQ(asked(), "doctor {}");
}

TEST_F(CommandLineTest, DoctorCannotTryTheLampWithoutADaemon) {
  const auto run =
      CommandLine{.arguments = {"--socket", house_.folder().file("none.sock"), "doctor", "--lights"}}.run();
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_THAT(run.out, AllOf(HasSubstr("lamp and filter could not be tried: that takes the daemon and its picture"),
                             HasSubstr("start it, then: nestbox doctor --lights")));
}

}  // namespace
}  // namespace nestbox::tune
