#pragma once
/// Light and durations as people write them.
#include <chrono>
#include <string>

namespace nestbox {

std::string lux_text(double lux);                              ///< "0.8 lx", "120 lx", "less than 0.1 lx"
std::string duration_text(std::chrono::nanoseconds duration);  ///< "15 s", "3 min 20 s", "2 h 5 min"; rounded down

}  // namespace nestbox
