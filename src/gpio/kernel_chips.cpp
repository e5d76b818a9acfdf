#include "kernel_chips.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <string_view>

#include "nestbox/base/file.h"

namespace nestbox::gpio {
namespace {

constexpr std::string_view kPrefix = "gpiochip";

std::optional<unsigned> number_of(const std::string& device) {
  if (device.rfind(kPrefix, 0) != 0) return std::nullopt;
  unsigned number = 0;
  const char* const last = device.data() + device.size();
  const auto [end, error] = std::from_chars(device.data() + kPrefix.size(), last, number);
  if (error != std::errc{} || end != last) return std::nullopt;
  return number;
}

/// By number. Links are left out: Raspberry Pi OS makes one so that a Pi 5's chip has its old number as well.
std::vector<unsigned> chip_numbers() {
  std::vector<unsigned> numbers;
  std::error_code ignored;
  for (std::filesystem::directory_iterator entry("/dev", ignored), end; entry != end; entry.increment(ignored)) {
    const auto number = number_of(entry->path().filename());
    if (number && entry->is_character_file(ignored) && !entry->is_symlink(ignored)) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace

ChipPort::Listed KernelChips::list() {
  Listed listed;
  for (const auto number : chip_numbers()) {
    const auto chip = open(fmt::format("{}{}", kPrefix, number));
    if (chip)
      listed.chips.push_back((*chip)->name());
    else
      listed.problem = chip.error().message;
  }
  return listed;
}

Result<std::unique_ptr<Chip>> KernelChips::open(const std::string& device) {
  return open_with_gpiod(device);
}

BootTime boot_time_of_stamp(std::chrono::nanoseconds monotonic) {
  const BootTime now = BootClock::now();
  const auto age = std::chrono::steady_clock::now().time_since_epoch() - monotonic;
  return age < age.zero() ? now : now - age;
}

Error line_error(int error_number, const std::string& attempt) {
  const std::string text = fmt::format("{}: {}", attempt, system_error_text(error_number));
  switch (error_number) {
    case EBUSY:
      return {ErrorKind::kBusy, text};
    case ENODEV:
    case ENOENT:
    case ENXIO:
      return {ErrorKind::kNotFound, text};
    case EACCES:
    case EPERM:
      return {ErrorKind::kUnavailable, text + "; who may use it is in the group gpio"};
    default:
      return {ErrorKind::kUnavailable, text};
  }
}

Error request_error(int error_number, const LineWish& wish, const std::string& line) {
  Error error = line_error(error_number, "take " + line);
  // What the two interfaces say of a line without an interrupt.
  const bool no_edges = error_number == ENODEV || error_number == ENXIO;
  if (wish.direction == LineWish::Direction::kInput && no_edges)
    error.message += "; an input needs a chip that tells of edges, and some expanders cannot";
  return error;
}

}  // namespace nestbox::gpio
