#pragma once
#include <string>

#include "analysis.h"

namespace nestbox::cli {

/// A PNG: where it moved, the events, and below them score and threshold over time. Errors: kNotFound when no font is
/// installed; as encode_png().
Result<std::string> draw_analysis(const Analysis& analysis);

}  // namespace nestbox::cli
