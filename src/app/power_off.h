#pragma once
#include "nestbox/base/result.h"

namespace nestbox {

/// Asks the system to end everything in order and cut the power, as `systemctl poweroff` does; may block for seconds.
/// Errors: kUnavailable with what was refused and how it may be allowed.
Result<void> power_off();

}  // namespace nestbox
