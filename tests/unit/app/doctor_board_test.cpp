#include "doctor_board.h"

#include <gtest/gtest.h>

#include <fstream>

#include "doctor_report.h"
#include "nestbox/base/secret.h"
#include "support/temporary_folder.h"

namespace nestbox {
namespace {

namespace fs = std::filesystem;

/// A machine made of files.
class DoctorBoard : public ::testing::Test {
 protected:
  void file(const std::string& path, const std::string& text) {
    fs::create_directories((folder_.path() / path).parent_path());
    std::ofstream(folder_.path() / path) << text;
  }
  void driver(const std::string& device, const std::string& name) {
    fs::create_directories(folder_.path() / device / "device");
    fs::create_symlink("../../../bus/" + name, folder_.path() / device / "device/driver");
  }
  doctor::Facts facts() {
    doctor::Facts facts;
    read_board(machine_, facts);
    return facts;
  }

  TemporaryFolder folder_;
  Machine machine_{folder_.path(), [](const fs::path& device) { return device.filename() == "video11"; },
                   [](const fs::path& device) -> std::optional<Machine::ChipInfo> {
                     if (!fs::exists(device)) return std::nullopt;
                     return Machine::ChipInfo{"pinctrl-rp1", 54};
                   }};
};

TEST_F(DoctorBoard, ReadsARaspberryPi) {
  file("proc/device-tree/model", std::string("Raspberry Pi 4 Model B Rev 1.4\0", 31));
  file("proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 600 kB\nCmaTotal: 500 kB\nCmaFree: 400 kB\n");
  file("etc/os-release", "NAME=x\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
  file("sys/devices/platform/soc/soc:firmware/get_throttled", "50005\n");
  file("sys/class/hwmon/hwmon1/name", "rpi_volt\n");
  file("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n");
  file("sys/class/thermal/thermal_zone0/temp", "61234\n");
  file("usr/lib/aarch64-linux-gnu/libcamera.so.0.5", "");
  file("usr/lib/aarch64-linux-gnu/libcamera.so.0.5.1", "");
  file("sys/class/video4linux/v4l-subdev0/name", "imx708_wide 10-001a\n");
  file("sys/class/video4linux/video11/name", "bcm2835-codec-encode\n");
  file("dev/media0", "");
  driver("sys/bus/media/devices/media0", "unicam");
  const auto found = facts();
  EXPECT_EQ(found.system.model, "Raspberry Pi 4 Model B Rev 1.4");
  EXPECT_EQ(found.system.os, "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(found.system.libcamera, std::vector<std::string>{"libcamera.so.0.5"});
  EXPECT_EQ(found.memory.total_bytes, 1000U * 1024);
  EXPECT_EQ(found.memory.cma_free_bytes, 400U * 1024);
  EXPECT_EQ(found.power.throttled, 0x50005U);
  EXPECT_EQ(found.power.undervoltage_alarm, true);
  EXPECT_DOUBLE_EQ(found.power.celsius.value_or(0), 61.234);
  EXPECT_EQ(found.camera.sensors, std::vector<std::string>{"imx708_wide 10-001a"});
  ASSERT_EQ(found.camera.media.size(), 1U);
  EXPECT_EQ(found.camera.media[0], (doctor::DeviceNode{"/dev/media0", "unicam", true}));
  ASSERT_EQ(found.encoder.devices.size(), 1U);
  EXPECT_EQ(found.encoder.devices[0].path, "/dev/video11");
  EXPECT_FALSE(found.clock.has_rtc);
}

TEST_F(DoctorBoard, AnEmptyMachineIsNoTrouble) {
  const auto found = facts();
  EXPECT_FALSE(found.power.throttled || found.power.celsius || found.memory.cma_total_bytes);
  EXPECT_TRUE(found.camera.media.empty());
}

TEST_F(DoctorBoard, ReadsTheChipsOfLines) {
  fs::create_directories(folder_.path() / "sys/bus/gpio/devices/gpiochip0");
  fs::create_directories(folder_.path() / "sys/bus/gpio/devices/gpiochip10");
  file("dev/gpiochip0", "");
  fs::create_symlink("gpiochip0", folder_.path() / "dev/gpiochip4");  // the old number of a Pi 5's
  EXPECT_EQ(facts().gpio.chips, (std::vector<doctor::ChipFacts>{{"/dev/gpiochip0", "pinctrl-rp1", 54, true},
                                                                {"/dev/gpiochip10", "", std::nullopt, false}}));
}

TEST_F(DoctorBoard, KnowsWhoElseMayHaveTheHeadersPins) {
  fs::create_directories(folder_.path() / "sys/bus/i2c/devices/i2c-1");
  fs::create_directories(folder_.path() / "sys/bus/spi/devices/spi0.1");
  file("proc/cmdline", "console=ttyAMA0,115200 console=tty1 root=PARTUUID=0\n");
  const auto elsewhere = facts().gpio;
  EXPECT_FALSE(elsewhere.i2c || elsewhere.spi || elsewhere.serial_console) << "no Raspberry Pi";
  file("proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4");
  auto gpio = facts().gpio;
  EXPECT_TRUE(gpio.i2c && gpio.spi && gpio.serial_console);
  file("proc/cmdline", "console=tty1 console=ttyAMA10,115200\n");  // a Pi 5's own connector
  EXPECT_FALSE(facts().gpio.serial_console);
}

TEST_F(DoctorBoard, ALampsPathIsThereOrCanBe) {
  const auto at = [this](const std::string& path) { return lamp_path_facts(machine_, path); };
  EXPECT_FALSE(at("/sys/class/pwm/pwmchip0/pwm0").exists);
  file("sys/class/pwm/pwmchip0/npwm", "2\n");
  file("sys/class/pwm/pwmchip0/export", "");
  EXPECT_TRUE(at("/sys/class/pwm/pwmchip0/pwm1").exists && at("/sys/class/pwm/pwmchip0/pwm1").usable);
  EXPECT_FALSE(at("/sys/class/pwm/pwmchip0/pwm2").exists) << "it has two";
  EXPECT_FALSE(at("/sys/class/pwm/pwmchip0/lamp").exists);
  fs::create_directories(folder_.path() / "sys/class/pwm/pwmchip0/pwm0");
  EXPECT_FALSE(at("/sys/class/pwm/pwmchip0/pwm0").usable);
  file("sys/class/pwm/pwmchip0/pwm0/duty_cycle", "0\n");
  EXPECT_TRUE(at("/sys/class/pwm/pwmchip0/pwm0").usable);
  file("sys/class/leds/lamp/brightness", "0\n");
  EXPECT_TRUE(at("/sys/class/leds/lamp").usable);
}

TEST_F(DoctorBoard, FindsMissingGroups) {
  file("etc/passwd", "root:x:0:0::/:/bin/sh\nnestbox:x:990:990::/:/bin/false\n");
  file("etc/group", "video:x:44:pi,nestbox\ngpio:x:997:pi\naudio:x:29:nestboxes\n");
  EXPECT_EQ(user_groups(machine_, "nestbox").missing, (std::vector<std::string>{"gpio", "audio"}));
  EXPECT_FALSE(user_groups(machine_, "nobody-here").exists);
}

TEST_F(DoctorBoard, SeesAMountThatIsAbsentAndACard) {
  fs::create_directories(folder_.path() / "media/disk/nestbox");
  fs::create_directories(folder_.path() / "sys/dev/block");
  fs::create_symlink("../../devices/platform/mmc_host/mmc0/block/mmcblk0p2", folder_.path() / "sys/dev/block/179:2");
  file("etc/fstab", "/dev/sda1 /media/disk ext4 nofail 0 2\n");
  file("proc/self/mountinfo", "1 0 179:2 / / rw - ext4 /dev/root rw\n");
  doctor::DiskFacts disk;
  read_disk(machine_, "/media/disk/nestbox", disk);
  EXPECT_EQ(disk.absent_mount, "/media/disk");
  EXPECT_EQ(disk.on_card, true);
  read_disk(machine_, "/nowhere", disk = {});
  EXPECT_FALSE(disk.exists);
}

TEST(DoctorReport, HoldsNoSecret) {
  const Secret key("canary-4711-key");
  doctor::Facts facts;
  facts.camera.last_error = "rtmp://host/live/canary-4711-key broke";
  facts.camera.state = doctor::PictureState::kStalled;
  const auto json = to_json(facts, doctor::examine(facts));
  EXPECT_EQ(json.find("canary"), std::string::npos) << json;
  EXPECT_NE(json.find("***"), std::string::npos);
}

}  // namespace
}  // namespace nestbox
