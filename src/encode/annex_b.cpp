#include "encode/annex_b.h"

#include <algorithm>
#include <array>

namespace nestbox {
namespace {

constexpr std::array<std::uint8_t, 3> kStartCode{0, 0, 1};
constexpr unsigned kTypeMask = 0x1f, kSps = 7, kPps = 8, kDelimiter = 9;

using Bytes = std::span<const std::uint8_t>;

Bytes::iterator next_start(Bytes::iterator from, Bytes::iterator end) {
  return std::search(from, end, kStartCode.begin(), kStartCode.end());
}

}  // namespace

SplitUnit split_headers(Bytes unit) {
  SplitUnit split;
  split.picture.reserve(unit.size());
  for (auto start = next_start(unit.begin(), unit.end()); start != unit.end();) {
    const auto payload = start + kStartCode.size();
    const auto next = next_start(payload, unit.end());
    if (payload == unit.end()) break;
    const unsigned type = *payload & kTypeMask;
    if (type != kDelimiter) {
      auto& part = type == kSps || type == kPps ? split.headers : split.picture;
      // A zero before the next start code belongs to that one; four bytes everywhere, as decoders like them best.
      auto end = next;
      while (next != unit.end() && end != payload && *(end - 1) == 0) --end;
      part.push_back(0);
      part.insert(part.end(), start, end);
    }
    start = next;
  }
  return split;
}

}  // namespace nestbox
