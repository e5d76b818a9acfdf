#pragma once
/// Visits as JSON, the same for the command line and the page: bodies `visits`, `visit` and `why` of docs/api.md.
#include <nlohmann/json.hpp>

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

}  // namespace nestbox
