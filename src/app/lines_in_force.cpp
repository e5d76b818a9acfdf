#include "lines_in_force.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "line_keeper.h"
#include "nestbox/base/file.h"
#include "nestbox/gpio/pwm_lamp.h"

namespace nestbox {
namespace {

constexpr std::size_t kBytesMax = 64 * 1024;

}  // namespace

std::string lines_in_force(const Settings& settings) {
  const auto value = [&](std::string_view key) { return settings.get(key).value().front().value_json; };
  return fmt::format("gpio: {{chip: {}, live_light: {}, status_led: {}}}\nday_night: {{ir_cut: {}, lamp: {}}}\n",
                     value("gpio.chip"), value("gpio.live_light"), value("gpio.status_led"), value("day_night.ir_cut"),
                     value("day_night.lamp"));
}

Result<void> make_lines_idle(const std::string& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return {};
  const auto text = read_file(file, kBytesMax);
  if (!text) return tl::unexpected(text.error());
  const auto options = options_from_yaml(*text, file);
  if (!options) return fail(ErrorKind::kInvalidArgument, to_lines(options.error()));
  auto outputs = light_outputs(options->day_night);
  std::erase_if(outputs, [](const Lines::Output& output) { return output.name == "filter"; });
  outputs.push_back({"live_light", options->gpio.live_light});
  outputs.push_back({"status_led", options->gpio.status_led});
  Result<void> lamp_dark;
  if (options->day_night.lamp.type == LampOptions::Type::kPwm) {
    const auto lamp = PwmLamp::open(options->day_night.lamp.path);  // dark at first, and at its end
    if (!lamp) lamp_dark = tl::unexpected(lamp.error());
  }
  const auto idle = make_inactive(options->gpio.chip, outputs);
  return idle ? lamp_dark : idle;
}

}  // namespace nestbox
