#include "nestbox/gpio/pwm_lamp.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "nestbox/base/file.h"
#include "nestbox/base/log.h"

namespace nestbox {
namespace {

namespace fs = std::filesystem;

// 1 kHz: slow enough for every LED driver's dimming input, and twenty times in the shortest exposure of a night.
constexpr std::int64_t kPeriodNs = 1'000'000;

Error file_error(int error_number, std::string_view attempt, const fs::path& path) {
  const std::string text = fmt::format("{} {}: {}", attempt, path.string(), system_error_text(error_number));
  if (error_number == ENOENT || error_number == ENODEV) return {ErrorKind::kNotFound, text};
  if (error_number == EROFS)
    return {ErrorKind::kUnavailable,
            fmt::format("{}; the service may write there with ReadWritePaths={}", text, path.parent_path().string())};
  if (error_number != EACCES && error_number != EPERM) return {ErrorKind::kUnavailable, text};
  return {ErrorKind::kUnavailable, text + "; a rule of udev's can give the file to the group gpio"};
}

/// As sysfs wants it: in one piece, and what the kernel thinks of it is write's result.
Result<void> write_value(const fs::path& path, std::int64_t value) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  if (!file) return tl::unexpected(file_error(errno, "open", path));
  const std::string text = std::to_string(value);
  if (::write(file.get(), text.data(), text.size()) < 0) return tl::unexpected(file_error(errno, "write", path));
  return {};
}

Result<std::int64_t> read_value(const fs::path& path) {
  constexpr std::size_t kBytesMax = 64;
  const auto text = read_file(path, kBytesMax);
  if (!text) return tl::unexpected(text.error());
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || value < 0)
    return fail(ErrorKind::kUnavailable, fmt::format("read {}: no number is in it", path.string()));
  return value;
}

std::string entries(const fs::path& folder) {
  std::string names;
  std::error_code ignored;
  for (fs::directory_iterator entry(folder, ignored), end; entry != end; entry.increment(ignored))
    names += (names.empty() ? "" : ", ") + entry->path().filename().string();
  return names.empty() ? "nothing" : names;
}

/// "/sys/class/pwm/pwmchip0/pwm1" is channel 1.
std::optional<std::int64_t> channel_number(const fs::path& path) {
  constexpr std::string_view kPrefix = "pwm";
  const std::string name = path.filename();
  std::int64_t number = 0;
  if (name.rfind(kPrefix, 0) != 0) return std::nullopt;
  const char* const last = name.data() + name.size();
  const auto [end, error] = std::from_chars(name.data() + kPrefix.size(), last, number);
  if (error != std::errc{} || end != last || number < 0) return std::nullopt;
  return number;
}

Result<void> make_channel(const fs::path& path) {
  std::error_code ignored;
  const auto number = channel_number(path);
  if (!number || !fs::exists(path.parent_path() / "export", ignored))
    return fail(ErrorKind::kNotFound, fmt::format("there is no {}; {} has: {}", path.string(),
                                                  path.parent_path().string(), entries(path.parent_path())));
  if (auto exported = write_value(path.parent_path() / "export", *number); !exported) return exported;
  if (!fs::exists(path, ignored))
    return fail(ErrorKind::kUnavailable, fmt::format("{} was asked for and is not there yet", path.string()));
  return {};
}

}  // namespace

/// The file that sets the strength, and what is full strength in it.
class PwmLamp::Control {
 public:
  Control(fs::path file, std::int64_t full) : file_(std::move(file)), full_(full) {}
  ~Control() {
    if (const auto dark = set(0); !dark)
      NESTBOX_LOG_WARNING("gpio", "the lamp may still shine: {}", dark.error().message);
  }
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  Result<void> set(double strength) {
    const double share = std::isnan(strength) ? 0 : std::clamp(strength, 0.0, 1.0);
    const auto value = std::llround(share * static_cast<double>(full_));
    if (value == written_) return {};
    written_.reset();
    if (auto done = write_value(file_, value); !done) return done;
    written_ = value;
    return {};
  }

 private:
  const fs::path file_;
  const std::int64_t full_;
  std::optional<std::int64_t> written_;
};

namespace {

struct Strength {
  fs::path file;
  std::int64_t full = 0;
};

Result<Strength> open_led(const fs::path& path) {
  const auto full = read_value(path / "max_brightness");
  if (!full) return tl::unexpected(full.error());
  return Strength{path / "brightness", *full};
}

Result<Strength> open_channel(const fs::path& path) {
  auto period = read_value(path / "period");
  if (!period) return tl::unexpected(period.error());
  if (*period == 0) {
    if (const auto set = write_value(path / "period", kPeriodNs); !set) return tl::unexpected(set.error());
    period = kPeriodNs;
  }
  // Dark before it is switched on. It stays on when the lamp is put away: what a channel that is off puts out depends
  // on its driver, and may be light where the polarity is inverse.
  if (const auto dark = write_value(path / "duty_cycle", 0); !dark) return tl::unexpected(dark.error());
  if (const auto on = write_value(path / "enable", 1); !on) return tl::unexpected(on.error());
  return Strength{path / "duty_cycle", *period};
}

}  // namespace

Result<PwmLamp> PwmLamp::open(const std::string& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored))
    if (const auto made = make_channel(path); !made) return tl::unexpected(made.error());
  const bool is_led = fs::exists(fs::path(path) / "brightness", ignored);
  if (!is_led && !fs::exists(fs::path(path) / "duty_cycle", ignored))
    return fail(ErrorKind::kNotFound,
                fmt::format("{} is neither a PWM channel (it has no duty_cycle) nor a LED (it has no "
                            "brightness)",
                            path));
  const auto strength = is_led ? open_led(path) : open_channel(path);
  if (!strength) return tl::unexpected(strength.error());
  PwmLamp lamp(std::make_unique<Control>(strength->file, strength->full));
  if (const auto dark = lamp.set(0); !dark) return tl::unexpected(dark.error());
  return lamp;
}

PwmLamp::PwmLamp(std::unique_ptr<Control> control) : control_(std::move(control)) {}
PwmLamp::PwmLamp(PwmLamp&&) noexcept = default;
PwmLamp& PwmLamp::operator=(PwmLamp&&) noexcept = default;
PwmLamp::~PwmLamp() = default;

Result<void> PwmLamp::set(double strength) {
  return control_->set(strength);
}

}  // namespace nestbox
