#include "nestbox/rules/retention.h"

#include <algorithm>
#include <chrono>
#include <tuple>

namespace nestbox {
namespace {

std::uint64_t bytes_to_keep_free(const FreeSpace& min_free, const DiskSpace& disk) {
  if (min_free.bytes > 0) return static_cast<std::uint64_t>(min_free.bytes);
  return static_cast<std::uint64_t>(min_free.share * static_cast<double>(disk.total_bytes));
}

}  // namespace

std::vector<std::int64_t> recordings_to_delete(std::vector<Recording> recordings, const RetainOptions& options,
                                               const DiskSpace& disk, WallTime now) {
  std::sort(recordings.begin(), recordings.end(), [](const Recording& a, const Recording& b) {
    return std::tie(a.begin, a.visit) < std::tie(b.begin, b.visit);
  });
  std::uint64_t all_bytes = 0, free_bytes = disk.free_bytes;
  for (const auto& recording : recordings) all_bytes += recording.bytes;

  const auto free_bytes_min = bytes_to_keep_free(options.min_free, disk);
  const auto too_old = [&](const Recording& recording) {
    return options.days > 0 && recording.dated && now - recording.begin > std::chrono::days(options.days);
  };
  const auto too_much = [&] {
    return free_bytes < free_bytes_min ||
           (options.max_size_bytes > 0 && all_bytes > static_cast<std::uint64_t>(options.max_size_bytes));
  };
  // Oldest first, so the ones that are too old come before those that go for their room.
  std::vector<std::int64_t> gone;
  for (const auto& recording : recordings) {
    if (recording.starred) continue;
    if (!too_old(recording) && (!too_much() || recording.bytes == 0)) continue;
    gone.push_back(recording.visit);
    all_bytes -= recording.bytes;
    free_bytes += recording.bytes;
  }
  return gone;
}

}  // namespace nestbox
