#pragma once
/// A moment as people write it.
#include <string_view>

#include "nestbox/base/clock.h"
#include "nestbox/base/result.h"
#include "nestbox/base/time_zone.h"

namespace nestbox {

/// What `--since` takes: how long ago ("24h", "7d", "1d12h"; units s, m, h, d), a day of `zone` ("2026-11-20"), or RFC
/// 3339 ("2026-11-20T12:53:18+01:00"; a space may stand for the T, and without an offset it is `zone`'s).
/// Errors: kInvalidArgument for anything else, with what it may be.
Result<WallTime> parse_since(std::string_view text, WallTime now, const TimeZone& zone);

}  // namespace nestbox
