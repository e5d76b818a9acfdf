#pragma once
/// Lines in and out, the IR-cut filter and the lamp, and what decides between day and night.
#include <chrono>
#include <cstdint>
#include <string>

namespace nestbox {

enum class ActiveLevel : std::uint8_t { kHigh, kLow };
enum class LineBias : std::uint8_t { kNone, kPullUp, kPullDown };

/// Where a line is: "none", or "17", "GPIO17", "CHIP:17", "CHIP:GPIO17"; see rules/line_address.h.
using LineText = std::string;

struct InputLine {
  LineText line = "none";
  ActiveLevel active = ActiveLevel::kHigh;
  LineBias bias = LineBias::kNone;
  std::chrono::milliseconds debounce{0};  ///< a level counts when it was stable for so long
  bool operator==(const InputLine&) const = default;
};

struct OutputLine {
  LineText line = "none";
  ActiveLevel active = ActiveLevel::kHigh;
  bool operator==(const OutputLine&) const = default;
};

struct PirOptions {
  InputLine input{"none", ActiveLevel::kHigh, LineBias::kPullDown, std::chrono::milliseconds(0)};
  std::chrono::milliseconds hold{5'000};  ///< somebody is there for so long after the sensor last said so
  bool operator==(const PirOptions&) const = default;
};

enum class LongPress : std::uint8_t { kNone, kShutDown };

struct ButtonOptions {
  InputLine input{"none", ActiveLevel::kLow, LineBias::kPullUp, std::chrono::milliseconds(30)};
  LongPress long_press = LongPress::kNone;
  bool operator==(const ButtonOptions&) const = default;
};

struct GpioOptions {
  std::string chip = "auto";  ///< auto | gpiochipN | a label | sim
  PirOptions pir;
  ButtonOptions button;
  InputLine light_sensor{"none", ActiveLevel::kHigh, LineBias::kNone,
                         std::chrono::milliseconds(500)};  ///< active: light
  OutputLine live_light, status_led;
  bool operator==(const GpioOptions&) const = default;
};

/// The filter that keeps infra-red out of the picture by day.
struct IrCutOptions {
  enum class Type : std::uint8_t {
    kNone,
    kLevel,  ///< while `output` is active the filter is in the path
    kCoil,   ///< a pulse on line_a moves it into the path, one on line_b out of it; never held
  };
  Type type = Type::kNone;
  OutputLine output;
  LineText line_a = "none", line_b = "none";
  std::chrono::milliseconds pulse{200};
  bool operator==(const IrCutOptions&) const = default;
};

/// The infra-red lamp.
struct LampOptions {
  enum class Type : std::uint8_t {
    kNone,
    kLevel,  ///< lit while `output` is active
    kPwm,    ///< `path` is a channel of the kernel's PWM (/sys/class/pwm/pwmchip0/pwm0) or a LED (/sys/class/leds/NAME)
  };
  Type type = Type::kNone;
  OutputLine output;
  std::string path;
  double min = 0, max = 1;                ///< share of full strength, (0, 1]: faintest that glows, and the ceiling
  std::chrono::milliseconds ramp{3'000};  ///< from dark to `max`, with kPwm
  bool operator==(const LampOptions&) const = default;
};

enum class DayNight : std::uint8_t { kDay, kNight };

enum class DayNightMode : std::uint8_t { kAuto, kDay, kNight, kSun, kLine };

struct DayNightOptions {
  DayNightMode mode = DayNightMode::kAuto;
  double night_below_lux = 5, day_above_lux = 15;
  std::chrono::milliseconds night_delay{15'000}, day_delay{60'000};
  std::chrono::milliseconds dawn_offset{0}, dusk_offset{0};  ///< either sign; of mode sun
  int max_switches_per_day = 12;
  IrCutOptions ir_cut;
  LampOptions lamp;
  bool operator==(const DayNightOptions&) const = default;
};

}  // namespace nestbox
