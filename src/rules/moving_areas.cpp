#include "moving_areas.h"

#include <algorithm>
#include <cmath>

namespace nestbox {
namespace {

constexpr int kReach = 2;              // cells between an area and where its track was last seen
constexpr float kMovingShare = 0.08F;  // of an area, for it to move
constexpr float kSoftShare = 0.003F;   // of the picture: what is smaller is never taken for a shadow
constexpr float kSharpStep = 0.10F;    // of the light
constexpr float kSharpShare = 0.3F;    // of an area's edge
constexpr std::chrono::milliseconds kLostAfter{400};
constexpr float kPeakFadesS = 5;
constexpr int kLostPictures = 2;  // and not before so many, where they come seldom

/// Cells between two boxes; 0 when they overlap or touch.
template <class A, class B>
int distance(const A& a, const B& b) {
  const int across = std::max({0, a.left - b.right, b.left - a.right});
  const int down = std::max({0, a.top - b.bottom, b.top - a.bottom});
  return std::max(across, down);
}

}  // namespace

AreaFinder::AreaFinder(CellGrid grid) : grid_(grid) {
  seen_.resize(static_cast<std::size_t>(grid.size()));
  cells_.resize(static_cast<std::size_t>(grid.size()));
}

void AreaFinder::find(const CellModel& model, const std::vector<std::uint8_t>& watched) {
  count_ = cells_used_ = 0;
  if (model.changed_share() <= 0) return;
  std::fill(seen_.begin(), seen_.end(), std::uint8_t{0});
  for (int row = 0; row < grid_.rows; ++row) {
    for (int column = 0; column < grid_.columns; ++column) {
      const int cell = grid_.at(column, row);
      const auto i = static_cast<std::size_t>(cell);
      if (model.changed()[i] <= 0 || seen_[i] != 0 || watched[i] == 0) continue;
      areas_[static_cast<std::size_t>(count_++)] = grow(cell, model, watched);
      if (count_ == kAreasMax) return;
    }
  }
}

Area AreaFinder::grow(int seed, const CellModel& model, const std::vector<std::uint8_t>& watched) {
  const int stride = grid_.stride();
  const std::array<int, 8> around{-stride - 1, -stride, -stride + 1, -1, 1, stride - 1, stride, stride + 1};
  Area area{.left = grid_.columns, .top = grid_.rows, .first_cell = cells_used_};
  cells_[static_cast<std::size_t>(cells_used_++)] = seed;
  seen_[static_cast<std::size_t>(seed)] = 1;
  for (int next = area.first_cell; next < cells_used_; ++next) {
    const int cell = cells_[static_cast<std::size_t>(next)];
    const auto i = static_cast<std::size_t>(cell);
    const int column = cell % stride - 1, row = cell / stride - 1;
    area.left = std::min(area.left, column), area.right = std::max(area.right, column);
    area.top = std::min(area.top, row), area.bottom = std::max(area.bottom, row);
    area.moving_cells += model.moving()[i] > 0 ? 1 : 0;
    area.recent_motion += model.recent_motion()[i];
    area.weight += model.changed()[i] / CellModel::kSure;
    area.restless += model.restless()[i];
    for (const int step : around) {
      const auto n = static_cast<std::size_t>(cell + step);
      if (seen_[n] != 0 || model.changed()[n] <= 0 || watched[n] == 0) continue;
      seen_[n] = 1;
      cells_[static_cast<std::size_t>(cells_used_++)] = cell + step;
    }
  }
  area.cell_count = cells_used_ - area.first_cell;
  area.restless /= static_cast<float>(area.cell_count);
  judge_edge(area, model);
  return area;
}

/// Where an animal ends, the picture changes from one cell to the next but one; a cloud's shadow takes longer. And it
/// is the picture that changes there; where something was taken away, it is the background.
void AreaFinder::judge_edge(Area& area, const CellModel& model) const {
  int pairs = 0, sharp = 0;
  float seen = 0, expected = 0;
  const int stride = grid_.stride();
  for (int n = 0; n < area.cell_count; ++n) {
    const int cell = cells_[static_cast<std::size_t>(area.first_cell + n)];
    const int column = cell % stride - 1, row = cell / stride - 1;
    const auto compare = [&](int other) {
      const auto i = static_cast<std::size_t>(cell), j = static_cast<std::size_t>(other);
      if (model.changed()[j] > 0) return;
      ++pairs;
      sharp += std::abs(model.relative_residual(i) - model.relative_residual(j)) > kSharpStep;
      seen += std::abs(model.seen(i) - model.seen(j));
      expected += std::abs(model.expected(i) - model.expected(j));
    };
    if (column >= 2) compare(cell - 2);
    if (column + 2 < grid_.columns) compare(cell + 2);
    if (row >= 2) compare(cell - 2 * stride);
    if (row + 2 < grid_.rows) compare(cell + 2 * stride);
  }
  const bool large = static_cast<float>(area.cell_count) > kSoftShare * static_cast<float>(grid_.cells());
  area.soft = large && static_cast<float>(sharp) < kSharpShare * static_cast<float>(pairs);
  area.outline = seen / std::max(1.0F, seen + expected);
}

void Tracker::clear() noexcept {
  for (Track& track : tracks_) track = Track{};
}

int Tracker::best_track(const Area& area) const {
  int best = -1, best_distance = kReach + 1;
  for (std::size_t n = 0; n < tracks_.size(); ++n) {
    if (!tracks_[n].alive) continue;
    const int d = distance(area, tracks_[n]);
    const bool older =
        best >= 0 && d == best_distance && tracks_[n].first < tracks_[static_cast<std::size_t>(best)].first;
    if (d < best_distance || older) {
      best = static_cast<int>(n);
      best_distance = d;
    }
  }
  return best;
}

Track* Tracker::free_track() {
  const auto found = std::find_if(tracks_.begin(), tracks_.end(), [](const Track& t) { return !t.alive; });
  return found == tracks_.end() ? nullptr : &*found;
}

/// A picture goes by for every track; those not seen for long are lost.
void Tracker::age(BootTime now, std::chrono::nanoseconds step) {
  lost_ = Track{};
  for (Track& track : tracks_) {
    if (!track.alive) continue;
    if (now - track.last > std::max<std::chrono::nanoseconds>(kLostAfter, kLostPictures * step)) {
      if (track.peak_weight > lost_.peak_weight) lost_ = track;
      track = Track{};
      continue;
    }
    track.cells = track.moving_cells = 0;
    track.weight = track.restless = track.heaviest = track.motion_here = 0;
    const float fade = 1 - std::min(1.0F, static_cast<float>(to_seconds(step)) / CellModel::kMotionFadesS);
    track.motion *= fade;
    track.recent_peak *= 1 - std::min(1.0F, static_cast<float>(to_seconds(step)) / kPeakFadesS);
    ++track.looks;
  }
}

Track* Tracker::track_for(int area, BootTime now) {
  int& index = track_of_[static_cast<std::size_t>(area)];
  if (index >= 0) return &tracks_[static_cast<std::size_t>(index)];
  Track* const fresh = free_track();
  if (fresh == nullptr) return nullptr;
  *fresh = Track{};
  fresh->alive = true;
  fresh->first = now;
  index = static_cast<int>(fresh - tracks_.data());
  return fresh;
}

void Tracker::add(Track& track, const Area& area, BootTime now, const Track& before) {
  if (track.cells == 0) {
    track.left = area.left, track.right = area.right, track.top = area.top, track.bottom = area.bottom;
    ++track.hits;
    track.last = now;
    if (before.alive && distance(area, before) > 0) ++track.jumps;
  } else {
    track.left = std::min(track.left, area.left), track.right = std::max(track.right, area.right);
    track.top = std::min(track.top, area.top), track.bottom = std::max(track.bottom, area.bottom);
  }
  track.cells += area.cell_count;
  track.moving_cells += area.moving_cells;
  track.weight += area.weight;
  track.restless = std::max(track.restless, area.restless);
  track.peak_weight = std::max(track.peak_weight, track.weight);
  track.recent_peak = std::max(track.recent_peak, track.weight);
  if (area.weight > track.heaviest) {
    track.heaviest = area.weight;
    track.outline = area.outline;
  }
  track.peak_cells = std::max(track.peak_cells, track.cells);
  track.motion += static_cast<float>(area.moving_cells);
  track.motion_here += area.recent_motion;
  if (static_cast<float>(area.moving_cells) > kMovingShare * static_cast<float>(area.cell_count)) {
    track.last_moved = now;
  }
}

void Tracker::follow(const AreaFinder& areas, BootTime now, std::chrono::nanoseconds step) {
  before_ = tracks_;
  age(now, step);
  for (int n = 0; n < areas.count(); ++n) {
    track_of_[static_cast<std::size_t>(n)] = areas.area(n).soft ? -1 : best_track(areas.area(n));
  }
  for (int n = 0; n < areas.count(); ++n) {
    if (areas.area(n).soft) continue;
    Track* const track = track_for(n, now);
    if (track != nullptr) add(*track, areas.area(n), now, before_[static_cast<std::size_t>(track - tracks_.data())]);
  }
}

}  // namespace nestbox
