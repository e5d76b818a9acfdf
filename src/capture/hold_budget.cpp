#include "hold_budget.h"

#include "nestbox/capture/capture_stage.h"

#include <fmt/format.h>

#include <iterator>
#include <string>

namespace nestbox::capture {

Result<void> check_hold_budget(std::size_t slots) {
  if (slots >= slots_needed()) return {};
  std::string sum;
  for (const auto& hold : kHolds) {
    fmt::format_to(std::back_inserter(sum), "{}{} {}", sum.empty() ? "" : " + ", hold.holder, hold.slots);
  }
  return fail(ErrorKind::kExhausted,
              fmt::format("the source has {} buffers, {} are needed: {}", slots, slots_needed(), sum));
}

}  // namespace nestbox::capture

namespace nestbox {

std::size_t picture_slots_needed() noexcept {
  return capture::slots_needed();
}

}  // namespace nestbox
