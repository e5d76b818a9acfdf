#pragma once
/// How often a device may be taken down and set up again before something larger has to help.
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>

#include "nestbox/base/clock.h"

namespace nestbox {

/// At most kRebuilds in any kWindow: one camera was seen to be rebuilt 129 times in 16 minutes, where only a fresh
/// start helped. Pure: time comes in as an argument. Thread-bound.
class RebuildLimit {
 public:
  static constexpr std::size_t kRebuilds = 6;
  static constexpr std::chrono::minutes kWindow{10};

  /// Counts one that is needed at `now`; false when it is one too many. Times grow.
  bool admits(BootTime now) noexcept;

 private:
  std::array<std::optional<BootTime>, kRebuilds> last_;  ///< a ring of the admitted ones
  std::size_t next_ = 0;
};

}  // namespace nestbox
