#pragma once
/// H.264's byte stream (ITU-T H.264, Annex B) as hardware gives it: headers before every keyframe. Pure.
#include <cstdint>
#include <span>
#include <vector>

namespace nestbox {

/// One access unit in two parts, each with its start codes: SPS and PPS, and the picture's own data. Delimiters are
/// left out. Either part may be empty: some drivers hand out headers by themselves.
struct SplitUnit {
  std::vector<std::uint8_t> headers, picture;
};
SplitUnit split_headers(std::span<const std::uint8_t> unit);

}  // namespace nestbox
