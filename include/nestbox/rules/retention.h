#pragma once
/// Which recordings have to go, so that the card never fills.
#include <cstdint>
#include <vector>

#include "nestbox/base/clock.h"
#include "nestbox/options/options.h"

namespace nestbox {

struct Recording {
  std::int64_t visit = 0;
  WallTime begin{};
  std::uint64_t bytes = 0;  ///< clip and photograph
  bool starred = false;
  bool dated = true;  ///< whether `begin` was told by a clock that was set: no other makes it old
};
struct DiskSpace {
  std::uint64_t total_bytes = 0, free_bytes = 0;
};

/// The visits whose recordings are to be deleted, in that order: those older than `days`, then the oldest until
/// `min_free` and `max_size` are kept. Starred ones stay, whatever the disk says; they count for max_size. Pure.
std::vector<std::int64_t> recordings_to_delete(std::vector<Recording> recordings, const RetainOptions& options,
                                               const DiskSpace& disk, WallTime now);

}  // namespace nestbox
