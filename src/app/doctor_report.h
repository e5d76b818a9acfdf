#pragma once
/// The body of `doctor`, docs/api.md.
#include <string>
#include <vector>

#include "nestbox/rules/doctor.h"

namespace nestbox {

/// Findings and the figures behind them. No key, password or place is among the facts, and the text is redacted too.
std::string to_json(const doctor::Facts& facts, const std::vector<doctor::Finding>& findings);

}  // namespace nestbox
