#pragma once
/// Sentences about settings that a source cannot follow.
#include <string>
#include <string_view>
#include <vector>

#include "nestbox/options/options.h"

namespace nestbox::capture {

enum class Unfollowed : std::uint8_t { kByFile, kByScene };

/// One sentence for each setting that differs from its default and has no effect.
std::vector<std::string> unfollowed_settings(const CameraOptions& options, Unfollowed by);

}  // namespace nestbox::capture
