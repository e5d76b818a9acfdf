#pragma once
/// Areas of cells that differ, and what becomes of them from picture to picture.
#include <array>
#include <cstdint>
#include <vector>

#include "cell_model.h"
#include "nestbox/base/clock.h"

namespace nestbox {

/// Cells that touch each other, as of one picture.
struct Area {
  int left = 0, top = 0, right = 0, bottom = 0;  ///< of its cells, inclusive
  int first_cell = 0, cell_count = 0;            ///< in AreaFinder::cells()
  int moving_cells = 0;
  float recent_motion = 0;  ///< sum over its cells
  float weight = 0;         ///< cells, each by how sure it is, at most 1
  float restless = 0;       ///< mean over its cells
  float outline =
      0;  ///< contrast along its edge, as a share of that plus the background's: over 0.5, something is there
  bool soft = false;  ///< large and without a sharp edge: a shadow or a lamp's light, no animal
};

/// Thread-bound. No allocation after the constructor.
class AreaFinder {
 public:
  explicit AreaFinder(CellGrid grid);
  /// Areas of cells that differ and are `watched` (0 or 1 by cell). The first kAreasMax in reading order.
  void find(const CellModel& model, const std::vector<std::uint8_t>& watched);
  int count() const noexcept { return count_; }
  const Area& area(int n) const noexcept { return areas_[static_cast<std::size_t>(n)]; }
  const std::vector<int>& cells() const noexcept { return cells_; }

  static constexpr int kAreasMax = 64;

 private:
  void judge_edge(Area& area, const CellModel& model) const;
  Area grow(int seed, const CellModel& model, const std::vector<std::uint8_t>& watched);

  CellGrid grid_;
  std::vector<std::uint8_t> seen_;
  std::vector<int> cells_;
  int cells_used_ = 0, count_ = 0;
  std::array<Area, kAreasMax> areas_;
};

/// Something seen on several pictures.
struct Track {
  bool alive = false;
  int left = 0, top = 0, right = 0, bottom = 0;
  BootTime first{}, last{}, last_moved{};
  int hits = 0, looks = 0, jumps = 0;
  int cells = 0, moving_cells = 0;  ///< of this picture
  float weight = 0, peak_weight = 0;
  float recent_peak = 0;  ///< of the weight; fades within seconds
  float restless = 0;
  int peak_cells = 0;
  float motion = 0;       ///< moving cells of late; those of each picture count less within CellModel::kMotionFadesS
  float motion_here = 0;  ///< of that, on cells that still differ
  float outline = 0;      ///< of its heaviest area
  float heaviest = 0;     ///< of this picture
  /// By HeldBack, kNothing left out: what kept this one from being an event.
  std::array<HeldBackTime, kHeldBackReasons> held{};
  bool confirmed = false;  ///< part of the open event
  bool was_event = false;  ///< part of one that is over, and has not moved since
};

/// Thread-bound. No allocation after the constructor.
class Tracker {
 public:
  static constexpr std::size_t kTracksMax = 24;

  /// `step`: since the picture before.
  void follow(const AreaFinder& areas, BootTime now, std::chrono::nanoseconds step);
  void clear() noexcept;
  std::array<Track, kTracksMax>& tracks() noexcept { return tracks_; }
  /// The heaviest of those that were lost with this picture, or nullptr.
  const Track* lost() const noexcept { return lost_.alive ? &lost_ : nullptr; }
  /// Which track an area of this picture went to, or -1.
  int track_of(int area) const noexcept { return track_of_[static_cast<std::size_t>(area)]; }

 private:
  int best_track(const Area& area) const;
  Track* free_track();
  void age(BootTime now, std::chrono::nanoseconds step);
  Track* track_for(int area, BootTime now);
  void add(Track& track, const Area& area, BootTime now, const Track& before);

  std::array<Track, kTracksMax> tracks_{}, before_{};
  Track lost_;
  std::array<int, AreaFinder::kAreasMax> track_of_{};
};

}  // namespace nestbox
