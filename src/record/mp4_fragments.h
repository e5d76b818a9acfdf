#pragma once
/// What a crash left of a fragmented MP4: how much of it is whole, and what its header tells (ISO/IEC 14496-12).
#include <chrono>
#include <cstdint>
#include <optional>

#include "nestbox/base/clock.h"

namespace nestbox::record {

struct Mp4Fragments {
  std::uint64_t whole_bytes = 0;  ///< the header and every fragment up to the first that is not whole
  int fragments = 0;
  std::chrono::nanoseconds duration{};  ///< where the longest track ends
  std::optional<WallTime> created_at;
};

/// Reads the boxes of `fd` alone, whatever bytes they are made of; media is passed over. No fragments: it is none of
/// our clips, or nothing of it can be played.
Mp4Fragments find_fragments(int fd);

}  // namespace nestbox::record
