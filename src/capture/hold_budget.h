#pragma once
/// How many buffers a source needs so that nobody who holds a picture can starve it.
#include <array>
#include <cstddef>
#include <string_view>

#include "nestbox/base/result.h"

namespace nestbox::capture {

struct Hold {
  std::string_view holder;
  std::size_t slots;
};

/// The one place where the holds are added up. In hand are the pictures inside the encoder: two for hardware, which is
/// given the next one while it works; libx264 keeps none, it copies into planes of its own.
inline constexpr std::array<Hold, 5> kHolds{
    {{"encode, waiting", 2}, {"encode, in hand", 2}, {"vision", 2}, {"picture on request", 1}, {"capture", 3}}};

constexpr std::size_t slots_needed() {
  std::size_t sum = 0;
  for (const auto& hold : kHolds) sum += hold.slots;
  return sum;
}

/// Errors: kExhausted, with the sum printed.
Result<void> check_hold_budget(std::size_t slots);

}  // namespace nestbox::capture
