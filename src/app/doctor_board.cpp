#include "doctor_board.h"

#include <fcntl.h>
#include <linux/gpio.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <sstream>
#include <string_view>

#include "nestbox/base/file.h"
#include "state_folder.h"
#include "status_report.h"

namespace nestbox {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kFileBytesMax = 1 << 20;

/// What a file of /proc or /sys says, without the newline or NUL at its end; nothing where there is none.
std::optional<std::string> line_of(const fs::path& path) {
  auto text = read_file(path, kFileBytesMax);
  if (!text) return std::nullopt;
  while (!text->empty() && (text->back() == '\n' || text->back() == '\0' || text->back() == ' ')) text->pop_back();
  return *text;
}

template <class Number>
std::optional<Number> number_of(const std::optional<std::string>& text, int base) {
  if (!text) return std::nullopt;
  Number number{};
  std::string_view digits = *text;
  if (base == 16 && digits.starts_with("0x")) digits.remove_prefix(2);
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  return end.ec == std::errc() ? std::optional<Number>(number) : std::nullopt;
}

/// The names in a folder, sorted; none where there is no folder.
std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool may_use(const fs::path& path) {
  return ::access(path.c_str(), R_OK | W_OK) == 0;
}

/// What the device's capability answers and formats are, asked through `fd`.
bool offers_h264_from_memory(int fd) {
  v4l2_capability about{};
  if (::ioctl(fd, VIDIOC_QUERYCAP, &about) != 0) return false;
  const auto can = (about.capabilities & V4L2_CAP_DEVICE_CAPS) != 0 ? about.device_caps : about.capabilities;
  const bool many_planes = (can & V4L2_CAP_VIDEO_M2M_MPLANE) != 0;
  if (!many_planes && (can & V4L2_CAP_VIDEO_M2M) == 0) return false;
  constexpr std::uint32_t kFormatsMax = 64;
  for (std::uint32_t index = 0; index < kFormatsMax; ++index) {
    v4l2_fmtdesc format{};
    format.index = index;
    format.type = many_planes ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE : V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (::ioctl(fd, VIDIOC_ENUM_FMT, &format) != 0) return false;
    if (format.pixelformat == V4L2_PIX_FMT_H264) return true;
  }
  return false;
}

void read_os(const Machine& machine, doctor::SystemFacts& system) {
  std::istringstream lines(line_of(machine.root / "etc/os-release").value_or(""));  // os-release(5)
  constexpr std::string_view kName = "PRETTY_NAME=";
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(kName)) continue;
    system.os = line.substr(kName.size());
    std::erase(system.os, '"');
  }
  system.model = line_of(machine.root / "proc/device-tree/model").value_or("");
  utsname names{};
  if (::uname(&names) != 0) return;
  system.kernel = line_of(machine.root / "proc/sys/kernel/osrelease").value_or(names.release);
  system.machine = names.machine;
}

/// "libcamera.so.0.5" of every library folder.
std::vector<std::string> libcamera_sonames(const Machine& machine) {
  std::vector<std::string> sonames;
  for (const auto* libraries : {"usr/lib", "usr/local/lib"}) {
    auto folders = names_in(machine.root / libraries);
    folders.emplace_back(".");
    for (const auto& folder : folders) {
      if (folder != "." && folder.find("-linux-") == std::string::npos) continue;
      for (const auto& name : names_in(machine.root / libraries / folder)) {
        // The soname has two numbers; a third is the patch level of the file behind it.
        if (name.starts_with("libcamera.so.") && std::count(name.begin(), name.end(), '.') == 3) {
          sonames.push_back(name);
        }
      }
    }
  }
  return sonames;
}

/// A value of /proc/meminfo, in bytes.
std::optional<std::uint64_t> memory_line(const std::string& meminfo, const std::string& key) {
  std::istringstream lines(meminfo);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string name;
    std::uint64_t kib = 0;
    if (fields >> name >> kib && name == key + ":") return kib * 1024;
  }
  return std::nullopt;
}

void read_memory(const Machine& machine, doctor::MemoryFacts& memory) {
  const auto meminfo = line_of(machine.root / "proc/meminfo").value_or("");
  memory.total_bytes = memory_line(meminfo, "MemTotal").value_or(0);
  memory.available_bytes = memory_line(meminfo, "MemAvailable").value_or(0);
  memory.cma_total_bytes = memory_line(meminfo, "CmaTotal");
  memory.cma_free_bytes = memory_line(meminfo, "CmaFree");
}

/// The firmware's device stands below soc, whose name has an address on newer boards.
std::optional<std::uint32_t> throttled_bits(const Machine& machine) {
  const auto platform = machine.root / "sys/devices/platform";
  for (const auto& soc : names_in(platform)) {
    if (!soc.starts_with("soc")) continue;
    for (const auto& device : names_in(platform / soc)) {
      if (device.find("firmware") == std::string::npos) continue;
      const auto bits = number_of<std::uint32_t>(line_of(platform / soc / device / "get_throttled"), 16);
      if (bits) return bits;
    }
  }
  return std::nullopt;
}

void read_power(const Machine& machine, doctor::PowerFacts& power) {
  power.throttled = throttled_bits(machine);
  const auto hwmon = machine.root / "sys/class/hwmon";
  for (const auto& monitor : names_in(hwmon)) {
    if (line_of(hwmon / monitor / "name") != "rpi_volt") continue;
    const auto alarm = number_of<int>(line_of(hwmon / monitor / "in0_lcrit_alarm"), 10);
    if (alarm) power.undervoltage_alarm = *alarm != 0;
  }
  const auto thermal = machine.root / "sys/class/thermal";
  for (const auto& zone : names_in(thermal)) {
    if (!zone.starts_with("thermal_zone")) continue;
    const auto millidegrees = number_of<int>(line_of(thermal / zone / "temp"), 10);
    if (millidegrees) power.celsius = std::max(power.celsius.value_or(-273.0), *millidegrees / 1000.0);
  }
}

/// The driver that serves a device of a class in /sys, by the name of its link.
std::string driver_of(const fs::path& device) {
  std::error_code error;
  const auto driver = fs::read_symlink(device / "device/driver", error);
  return error ? "" : driver.filename().string();
}

/// Pipelines of cameras: a media device of a codec or of a television tuner is none.
bool is_camera_driver(const std::string& driver) {
  static constexpr std::array kDrivers{"unicam", "rp1-cfe", "bcm2835-isp", "pispbe", "uvcvideo", "vimc"};
  return driver.empty() || std::any_of(kDrivers.begin(), kDrivers.end(),
                                       [&](const char* known) { return driver.find(known) != std::string::npos; });
}

void read_devices(const Machine& machine, doctor::Facts& facts) {
  const auto media = machine.root / "sys/bus/media/devices";
  for (const auto& name : names_in(media)) {
    const auto driver = driver_of(media / name);
    if (is_camera_driver(driver)) {
      facts.camera.media.push_back({"/dev/" + name, driver, may_use(machine.root / "dev" / name)});
    }
  }
  const auto video = machine.root / "sys/class/video4linux";
  for (const auto& name : names_in(video)) {
    const auto card = line_of(video / name / "name").value_or("");
    const auto driver = driver_of(video / name);
    if (name.starts_with("v4l-subdev")) {
      // A sensor is an I2C device, and is named after its driver and its address there: "imx708_wide 10-001a".
      const auto address = card.rfind('-');
      const bool on_i2c =
          address != std::string::npos && card.size() - address == 5 && card.find(' ') != std::string::npos;
      if (on_i2c) facts.camera.sensors.push_back(card);
      continue;
    }
    if (!name.starts_with("video")) continue;
    const auto node = machine.root / "dev" / name;
    if (machine.encodes_h264 && machine.encodes_h264(node)) {
      facts.encoder.devices.push_back({"/dev/" + name, card, true});
    } else if (card.find("codec-encode") != std::string::npos && !may_use(node)) {
      facts.encoder.devices.push_back({"/dev/" + name, card, false});
    } else if (driver == "uvcvideo") {
      facts.camera.video.push_back({"/dev/" + name, card, may_use(node)});
      if (std::find(facts.camera.usb.begin(), facts.camera.usb.end(), card) == facts.camera.usb.end()) {
        facts.camera.usb.push_back(card);
      }
    }
  }
}

std::optional<Machine::ChipInfo> ask_chip(const fs::path& device) {
  const FileDescriptor chip(::open(device.c_str(), O_RDONLY | O_CLOEXEC));
  gpiochip_info info{};
  if (!chip || ::ioctl(chip.get(), GPIO_GET_CHIPINFO_IOCTL, &info) != 0) return std::nullopt;
  const std::string_view label(info.label, ::strnlen(info.label, sizeof info.label));
  return Machine::ChipInfo{std::string(label), static_cast<int>(info.lines)};
}

/// Without links in /dev: Raspberry Pi OS makes one so that a Pi 5's chip has its old number as well.
void read_chips(const Machine& machine, doctor::GpioFacts& gpio) {
  for (const auto& name : names_in(machine.root / "sys/bus/gpio/devices")) {
    if (!name.starts_with("gpiochip")) continue;
    const auto node = machine.root / "dev" / name;
    doctor::ChipFacts chip{"/dev/" + name, "", std::nullopt, may_use(node)};
    if (const auto info = machine.chip_info ? machine.chip_info(node) : std::nullopt) {
      chip.label = info->label;
      chip.lines = info->lines;
    }
    gpio.chips.push_back(std::move(chip));
  }
}

/// On a Raspberry Pi: I2C bus 1, SPI bus 0 and the serial ports are on the header.
void read_pins(const Machine& machine, const std::string& model, doctor::GpioFacts& gpio) {
  if (model.find("Raspberry Pi") == std::string::npos) return;
  std::error_code error;
  gpio.i2c = fs::exists(machine.root / "sys/bus/i2c/devices/i2c-1", error);
  const auto spi = names_in(machine.root / "sys/bus/spi/devices");
  gpio.spi = std::any_of(spi.begin(), spi.end(), [](const std::string& name) { return name.starts_with("spi0."); });
  std::istringstream words(line_of(machine.root / "proc/cmdline").value_or(""));
  for (std::string word; words >> word;) {
    const auto port = word.substr(0, word.find(','));
    gpio.serial_console |= port == "console=ttyS0" || port == "console=ttyAMA0" || port == "console=serial0";
  }
}

/// The longest mount point on the way to `path`, as "major:minor".
std::string device_below(const fs::path& mountinfo, const fs::path& path) {
  std::istringstream lines(read_file(mountinfo, kFileBytesMax).value_or(""));
  std::string best;
  std::size_t best_length = 0;
  // proc(5): ID, parent, major:minor, root, mount point, ...
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string id, parent, device, root, text;
    if (!(fields >> id >> parent >> device >> root >> text)) continue;
    const fs::path point(text);
    const bool above =
        std::mismatch(point.begin(), point.end(), path.begin(), path.end()).first == point.end() || text == "/";
    if (above && text.size() >= best_length) {
      best = device;
      best_length = text.size();
    }
  }
  return best;
}

std::optional<bool> is_on_card(const Machine& machine, const fs::path& path) {
  const auto device = device_below(machine.root / "proc/self/mountinfo", path);
  if (device.empty()) return std::nullopt;
  std::error_code error;
  const auto where = fs::read_symlink(machine.root / "sys/dev/block" / device, error);
  if (error) return std::nullopt;
  return where.string().find("/mmc_host/") != std::string::npos;
}

}  // namespace

Machine this_machine() {
  return {"/",
          [](const fs::path& device) {
            const FileDescriptor file(::open(device.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
            return file && offers_h264_from_memory(file.get());
          },
          ask_chip};
}

void read_board(const Machine& machine, doctor::Facts& facts) {
  read_os(machine, facts.system);
  facts.system.libcamera = libcamera_sonames(machine);
  read_memory(machine, facts.memory);
  read_power(machine, facts.power);
  read_devices(machine, facts);
  read_chips(machine, facts.gpio);
  read_pins(machine, facts.system.model, facts.gpio);
  facts.clock.synchronised = clock_is_synchronised();
  facts.clock.has_rtc = !names_in(machine.root / "sys/class/rtc").empty();
}

void read_disk(const Machine& machine, const std::string& state_path, doctor::DiskFacts& disk) {
  std::error_code error;
  const auto path = fs::absolute(state_path, error).lexically_normal();
  const auto here = machine.root / path.relative_path();
  disk.path = path;
  const auto absent = absent_mount(path, machine.root / "etc/fstab", machine.root / "proc/self/mountinfo");
  if (absent) disk.absent_mount = *absent;
  disk.exists = fs::is_directory(here, error);
  if (!disk.exists) return;
  disk.writable = ::access(here.c_str(), W_OK | X_OK) == 0;
  struct statvfs about {};
  if (::statvfs(here.c_str(), &about) == 0) {
    disk.free_bytes = static_cast<std::uint64_t>(about.f_bavail) * about.f_frsize;
    disk.total_bytes = static_cast<std::uint64_t>(about.f_blocks) * about.f_frsize;
    disk.read_only = (about.f_flag & ST_RDONLY) != 0;
  }
  disk.on_card = is_on_card(machine, path);
}

doctor::LampPathFacts lamp_path_facts(const Machine& machine, const std::string& path) {
  const auto lamp = machine.root / fs::path(path).relative_path();
  const auto may_write = [](const fs::path& file) { return ::access(file.c_str(), W_OK) == 0; };
  std::error_code error;
  if (fs::exists(lamp, error)) return {path, true, may_write(lamp / "duty_cycle") || may_write(lamp / "brightness")};
  // A channel that nobody has used yet: its chip makes the folder when it is asked to.
  const auto channels = number_of<int>(line_of(lamp.parent_path() / "npwm"), 10);
  const auto name = lamp.filename().string();
  const auto channel = name.starts_with("pwm") ? number_of<int>(name.substr(3), 10) : std::nullopt;
  const bool can_be = channels && channel && *channel >= 0 && *channel < *channels;
  return {path, can_be, can_be && may_write(lamp.parent_path() / "export")};
}

UserGroups user_groups(const Machine& machine, const std::string& user) {
  static constexpr std::array kNeeded{"video", "gpio", "i2c", "audio"};
  UserGroups found;
  std::string primary;  // passwd(5): name, password, UID, GID, ...
  std::istringstream users(line_of(machine.root / "etc/passwd").value_or(""));
  for (std::string line; std::getline(users, line);) {
    std::istringstream fields(line);
    std::string name, password, uid, gid;
    std::getline(fields, name, ':') && std::getline(fields, password, ':') && std::getline(fields, uid, ':') &&
        std::getline(fields, gid, ':');
    if (name != user) continue;
    found.exists = true;
    primary = gid;
  }
  if (!found.exists) return found;
  std::istringstream groups(line_of(machine.root / "etc/group").value_or(""));
  for (std::string line; std::getline(groups, line);) {
    std::istringstream fields(line);  // group(5): name, password, GID, members
    std::string name, password, gid, members;
    std::getline(fields, name, ':') && std::getline(fields, password, ':') && std::getline(fields, gid, ':');
    std::getline(fields, members);
    if (std::find(kNeeded.begin(), kNeeded.end(), name) == kNeeded.end() || gid == primary) continue;
    if (("," + members + ",").find("," + user + ",") == std::string::npos) found.missing.push_back(name);
  }
  return found;
}

std::uint64_t picture_buffers_bytes(const CameraOptions& camera, std::size_t slots) {
  const auto pixels = [](int width, int height) {
    constexpr int kStrideStep = 64;
    const auto stride = static_cast<std::uint64_t>((width + kStrideStep - 1) / kStrideStep * kStrideStep);
    return stride * static_cast<std::uint64_t>(height);
  };
  const int analysis_height = camera.width > 0 ? camera.analysis_width * camera.height / camera.width : 0;
  const auto picture = (pixels(camera.width, camera.height) + pixels(camera.analysis_width, analysis_height)) * 3 / 2;
  return picture * slots;
}

}  // namespace nestbox
