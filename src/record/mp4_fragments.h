#pragma once
/// What a crash left of a fragmented MP4: how much of it is whole, and what its header tells (ISO/IEC 14496-12).
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "nestbox/base/clock.h"

namespace nestbox::record {

/// Where the header can say how long the whole film is: a box beside the tracks' defaults (mehd, 8.8.2) that a writer
/// only knows at the end. Until then it is one that says nothing (free, 8.1.2). Without it a player has to read the
/// whole file for its length, and some do not.
struct LengthRoom {
  std::uint64_t at = 0;  ///< in the file
  std::uint64_t time_scale = 0;
};
/// Makes room in a header (ftyp, moov). Nothing, and the header as it was, when it is not made as ours are.
std::optional<LengthRoom> make_length_room(std::string& header);
/// What is to be written there.
std::string length_box(const LengthRoom& room, std::chrono::nanoseconds duration);

struct Mp4Fragments {
  std::uint64_t whole_bytes = 0;  ///< the header and every fragment up to the first that is not whole
  int fragments = 0;
  std::chrono::nanoseconds duration{};  ///< where the longest track ends
  std::optional<WallTime> created_at;
  std::optional<LengthRoom> length_room;
};

/// Reads the boxes of `fd` alone, whatever bytes they are made of; media is passed over. No fragments: it is none of
/// our clips, or nothing of it can be played.
Mp4Fragments find_fragments(int fd);

}  // namespace nestbox::record
