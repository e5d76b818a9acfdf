#include "light_text.h"

#include <fmt/format.h>

namespace nestbox {

std::string lux_text(double lux) {
  if (lux < 0.1) return "less than 0.1 lx";
  return lux < 10 ? fmt::format("{:.2g} lx", lux) : fmt::format("{:.0f} lx", lux);
}

std::string duration_text(std::chrono::nanoseconds duration) {
  const auto s = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return s % 60 == 0 ? fmt::format("{} min", s / 60) : fmt::format("{} min {} s", s / 60, s % 60);
  const auto minutes = s / 60;
  return minutes % 60 == 0 ? fmt::format("{} h", minutes / 60) : fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

}  // namespace nestbox
