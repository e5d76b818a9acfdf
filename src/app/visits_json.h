#pragma once
/// Visits as JSON, the same for the command line and the page: bodies `visits`, `visit` and `why` of docs/api.md.
#include <nlohmann/json.hpp>
#include <string_view>

#include "nestbox/base/time_zone.h"
#include "nestbox/rules/visit.h"
#include "nestbox/store/visit_store.h"

namespace nestbox {

/// Times in `zone`. What is not known is null.
nlohmann::ordered_json to_json(const VisitRecord& visit, const TimeZone& zone);
nlohmann::ordered_json to_json(const VisitPage& page, const TimeZone& zone);

/// An event or a near miss; its times in seconds since `visit_begin`, of a near miss before it too.
nlohmann::ordered_json to_json(const MotionRecord& event, WallTime visit_begin);
nlohmann::ordered_json to_json(const WhyRecord& why);

/// What `--since` takes: how long ago ("24h", "7d", "1d12h"; units s, m, h, d), a day of `zone` ("2026-11-20"), or RFC
/// 3339 ("2026-11-20T12:53:18+01:00"; a space may stand for the T, and without an offset it is `zone`'s).
/// Errors: kInvalidArgument for anything else, with what it may be.
Result<WallTime> parse_since(std::string_view text, WallTime now, const TimeZone& zone);

}  // namespace nestbox
