#pragma once
/// How long tests wait on a machine that is slow, or busy with other things.
#include <chrono>

namespace nestbox {

/// How much longer than on an idle machine things may take: a sanitizer makes them slow.
#ifdef NESTBOX_SANITIZED
inline constexpr double kSlowdown = 5;
#else
inline constexpr double kSlowdown = 1;
#endif

/// For what comes to pass within seconds on an idle machine: one that is busy with other things has stalled for 20.
inline constexpr std::chrono::seconds kPatience(60);

}  // namespace nestbox
