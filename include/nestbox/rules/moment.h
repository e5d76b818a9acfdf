#pragma once
/// A moment as people write it.
#include <string_view>

#include "nestbox/base/clock.h"
#include "nestbox/base/result.h"
#include "nestbox/base/time_zone.h"

namespace nestbox {

/// "24h", "30m", "7d": so long before `now`. "2026-11-20": the beginning of that day in `zone`.
/// "2026-11-20T12:53:18+01:00" or "...Z" (RFC 3339). Errors: kInvalidArgument with what may stand there.
Result<WallTime> parse_moment(std::string_view text, WallTime now, const TimeZone& zone);

}  // namespace nestbox
