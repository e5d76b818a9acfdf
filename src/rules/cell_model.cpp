#include "cell_model.h"

#include <algorithm>
#include <cmath>

#include "cell_sums.h"

// No two planes overlap. Compilers do not believe it of pointers within a function, and check so few pairs that they
// would leave the longest loops without vector instructions.
#ifdef __clang__
#define NESTBOX_PLANES_APART _Pragma("clang loop vectorize(assume_safety)")
#else
#define NESTBOX_PLANES_APART _Pragma("GCC ivdep")
#endif

namespace nestbox {
namespace {

// Of a plane: BT.709 limited range.
constexpr float kPlaneBlack = 16, kPlaneWhite = 235;
// Times in seconds, differences in levels of luma: 0 (black) to 255.
constexpr float kBackgroundS = 8;  // slow enough for an animal that sits, fast enough for a shadow that wanders
constexpr float kDeviationS = 4;
constexpr float kSureS = 4;           // until then a deviation is not well known, and everything stricter
constexpr float kExposureS = 1;       // the background follows the light with this time constant
constexpr float kRestlessS = 20;      // leaves that were still for so long are forgotten
constexpr float kCalmRises = 3;       // an animal that walks past comes and goes once or twice in a cell
constexpr float kUnrestMax = 4;       // thresholds of leaves: up to fivefold
constexpr float kUnsurePace = 0.25F;  // of learning, where something differs that is no object
constexpr float kDeviationMax = 30;
constexpr float kFloor = 2.0F, kRelative = 0.02F, kDeviations = 4;
constexpr float kSumFloor = 0.8F, kSumDeviations = 4.5F;
constexpr float kSmoothS = 0.12F;   // an animal crosses a neighbourhood in that time
constexpr float kMovedShare = 1;    // of its threshold, by which a neighbourhood has to change to move
constexpr float kMovedOwn = 0.15F;  // of its difference: a change of exposure does as much to what stands still
constexpr float kMovedFloor = 1.5F, kMovedDeviations = 4;
constexpr float kDark = 8, kBright = 248;  // outside, a cell says nothing about gain
constexpr float kWhite = 225;              // mean of a cell of which a part may be saturated
constexpr float kLocalClip = 0.08F, kLocalMax = 0.4F;
constexpr int kLocalReach = 3, kWindow = 2 * kLocalReach + 1;  // cells
constexpr float kFirstDeviation = 1;

constexpr float kForgotten = 1e-25F;  // of recent motion: before numbers become so small that they take longer
constexpr int kBins = 512;            // of the ratio, up to 4

// By value: the references of std::min and std::max keep compilers from vector instructions.
float smaller(float a, float b) {
  return a < b ? a : b;
}
float larger(float a, float b) {
  return a > b ? a : b;
}
float within(float value, float low, float high) {
  return smaller(larger(value, low), high);
}
float rate(float dt_s, float time_constant_s) {
  return dt_s / (dt_s + time_constant_s);
}

}  // namespace

CellGrid grid_for(int width, int height) noexcept {
  int pixels = kCellPixels;
  while (width / pixels > kColumnsMax) pixels *= 2;
  return {width / pixels, height / pixels, pixels};
}

CellModel::CellModel(CellGrid grid, CellTuning tuning) : grid_(grid), tuning_(tuning) {
  const auto size = static_cast<std::size_t>(grid.size());
  sums_.resize(static_cast<std::size_t>(grid.columns * grid.pixels / kCellPixels));
  bins_.resize(kBins);
  for (Plane* plane :
       {&luma_,     &background_,    &second_,      &deviation_,  &sum_deviation_, &scale_,    &residual_,
        &row_sums_, &neighbourhood_, &threshold_,   &local_gain_, &column_sums_,   &smooth_,   &sum_threshold_,
        &unrest_,   &changed_,       &was_changed_, &moving_,     &recent_motion_, &restless_, &second_for_s_}) {
    plane->assign(size, 0);
  }
  for (Plane& plane : kept_) plane.assign(size, 0);
  for (Plane& plane : kept_faint_) plane.assign(size, 0);
  const auto reach = [](int at, int count) {
    return std::min(at, kLocalReach) + std::min(count - 1 - at, kLocalReach) + 1;
  };
  window_share_.assign(size, 0);
  for (int row = 0; row < grid.rows; ++row) {
    for (int column = 0; column < grid.columns; ++column) {
      const int cells = reach(row, grid.rows) * reach(column, grid.columns);
      window_share_[static_cast<std::size_t>(grid.at(column, row))] = 1 / static_cast<float>(cells);
    }
  }
}

void CellModel::measure(const MotionPlane& plane) {
  const int strips = grid_.pixels / kCellPixels;
  constexpr float kStretch = 255.0F / (kPlaneWhite - kPlaneBlack);
  const float scale = kStretch / static_cast<float>(grid_.pixels * grid_.pixels);
  for (int row = 0; row < grid_.rows; ++row) {
    float* const out = &luma_[static_cast<std::size_t>(grid_.at(0, row))];
    std::fill_n(out, grid_.columns, 0.0F);
    for (int strip = 0; strip < strips; ++strip) {
      const auto first = static_cast<std::ptrdiff_t>(row * grid_.pixels + strip * kCellPixels) * plane.stride;
      sum_cell_row(plane.data + first, plane.stride, static_cast<int>(sums_.size()), sums_.data());
      for (int column = 0; column < grid_.columns; ++column) {
        for (int part = 0; part < strips; ++part)
          out[column] += static_cast<float>(sums_[static_cast<std::size_t>(column * strips + part)]);
      }
    }
    for (int column = 0; column < grid_.columns; ++column) {
      out[column] = larger(scale * out[column] - kStretch * kPlaneBlack, 0);
    }
  }
}

/// The median of picture over background, of cells that did not differ before: an animal, whatever its size up to
/// half the picture, does not shift it.
void CellModel::find_gain() {
  std::fill(bins_.begin(), bins_.end(), 0);
  constexpr float kPerBin = kBins / 4.0F;
  int count = 0;
  for (std::size_t i = 0; i < luma_.size(); ++i) {
    const float x = luma_[i], b = background_[i];
    if (b < kDark || x < 2 || b > kBright || x > kBright || was_changed_[i] > 0) continue;
    ++bins_[std::min<std::size_t>(kBins - 1, static_cast<std::size_t>(kPerBin * x / b))];
    ++count;
  }
  gain_ = 1;
  if (count < grid_.cells() / 8) return;
  int below = 0;
  std::size_t bin = 0;
  while (below + bins_[bin] <= count / 2) below += bins_[bin++];
  // within the bin, as if its cells were spread evenly
  const float inside = (static_cast<float>(count) / 2 - static_cast<float>(below)) / static_cast<float>(bins_[bin]);
  gain_ = (static_cast<float>(bin) + inside) / kPerBin;
}

/// What the light does to one part of the picture more than to the others: follows the mean of the ratios around each
/// cell. Each is clipped and cells that differ are left out, so that an animal cannot explain itself away; the soft
/// edge of a cloud's shadow is followed, being a ramp that a symmetric window averages out.
void CellModel::find_local_gain() {
  Plane& ratio = residual_;
  for (std::size_t i = 0; i < luma_.size(); ++i) {
    const float e = gain_ * background_[i], before = local_gain_[i];
    const float off = (luma_[i] - e) / (e + kDark) - before;
    ratio[i] = before + (was_changed_[i] > 0 ? 0 : within(off, -kLocalClip, kLocalClip));
  }
  sum_windows(ratio);
  for (std::size_t i = 0; i < luma_.size(); ++i) {
    local_gain_[i] = within(neighbourhood_[i] * window_share_[i], -kLocalMax, kLocalMax);
    scale_[i] = gain_ * (1 + local_gain_[i]);
  }
}

/// Into neighbourhood_, over kWindow x kWindow cells.
void CellModel::sum_windows(const Plane& from) {
  const int stride = grid_.stride();
  std::fill(row_sums_.begin(), row_sums_.end(), 0.0F);
  for (int row = 0; row < grid_.rows; ++row) {
    const float* const in = &from[static_cast<std::size_t>(grid_.at(0, row))];
    float* const out = &row_sums_[static_cast<std::size_t>(grid_.at(0, row))];
    float sum = 0;
    for (int c = 0; c < grid_.columns + kLocalReach; ++c) {
      if (c < grid_.columns) sum += in[c];
      if (c >= kWindow) sum -= in[c - kWindow];
      if (c >= kLocalReach) out[c - kLocalReach] = sum;
    }
  }
  std::fill(column_sums_.begin(), column_sums_.end(), 0.0F);
  const auto row_of = [&](Plane& plane, int row) { return &plane[static_cast<std::size_t>((row + 1) * stride)]; };
  for (int row = 0; row < grid_.rows + kLocalReach; ++row) {
    const float* const enters = row < grid_.rows ? row_of(row_sums_, row) : nullptr;
    const float* const leaves = row >= kWindow ? row_of(row_sums_, row - kWindow) : nullptr;
    float* const out = row >= kLocalReach ? row_of(neighbourhood_, row - kLocalReach) : nullptr;
    for (int c = 0; c < stride; ++c) {
      float& sum = column_sums_[static_cast<std::size_t>(c)];
      sum += (enters != nullptr ? enters[c] : 0) - (leaves != nullptr ? leaves[c] : 0);
      if (out != nullptr) out[c] = sum;
    }
  }
}

void CellModel::compare() {
  const float floor = kFloor * tuning_.strictness, relative = kRelative * tuning_.strictness;
  const float deviations = kDeviations * tuning_.strictness, weight = tuning_.restless_weight;
  const float early = 1 + 2 * std::exp(-known_s_ / kSureS);
  const float* __restrict luma = luma_.data();
  const float* __restrict background = background_.data();
  const float* __restrict scale = scale_.data();
  const float* __restrict deviation = deviation_.data();
  const float* __restrict restless = restless_.data();
  float* __restrict residual = residual_.data();
  float* __restrict unrest = unrest_.data();
  float* __restrict threshold = threshold_.data();
  NESTBOX_PLANES_APART
  for (std::size_t i = 0, size = luma_.size(); i < size; ++i) {
    const float e = scale[i] * background[i];
    // Saturated pixels stay white when exposure rises, and when it falls show what nobody knew.
    const float unknown = background[i] > kWhite ? larger(luma[i] - e, 0) : 0.0F;
    residual[i] = smaller(luma[i], kWhite) - smaller(e, kWhite) - unknown;
    unrest[i] = 1 + weight * within((restless[i] - kCalmRises) / kCalmRises, 0.0F, kUnrestMax);
    threshold[i] = larger(floor + relative * e, deviations * deviation[i]) * early * unrest[i];
  }
}

/// A faint animal differs by less than a cell's own noise, but in several cells at once and the same way.
void CellModel::compare_neighbourhoods() {
  const auto stride = static_cast<std::size_t>(grid_.stride());
  const std::size_t size = luma_.size(), last = size - stride;
  const float smoothing = rate(dt_s_, kSmoothS);
  const float* __restrict residual = residual_.data();
  const float* __restrict threshold = threshold_.data();
  float* __restrict smooth = smooth_.data();
  for (std::size_t i = 0; i < size; ++i) {
    const float r = within(residual[i], -threshold[i], threshold[i]);  // what is strong is found without it
    smooth[i] += smoothing * (r - smooth[i]);
  }
  float* __restrict row_sums = row_sums_.data();
  float* __restrict neighbourhood = neighbourhood_.data();
  for (std::size_t i = 1; i + 1 < size; ++i) row_sums[i] = smooth[i - 1] + smooth[i] + smooth[i + 1];
  for (std::size_t i = stride; i < last; ++i) {
    neighbourhood[i] = (row_sums[i - stride] + row_sums[i] + row_sums[i + stride]) * (1.0F / 9);
  }
  find_changed();
}

void CellModel::find_changed() {
  const float deviations = kSumDeviations * tuning_.strictness, floor = kSumFloor * tuning_.strictness;
  const float relative = 0.5F * kRelative * tuning_.strictness;
  const float early = 1 + 2 * std::exp(-known_s_ / kSureS);
  const float* __restrict luma = luma_.data();
  const float* __restrict residual = residual_.data();
  const float* __restrict threshold = threshold_.data();
  const float* __restrict smooth = smooth_.data();
  const float* __restrict neighbourhood = neighbourhood_.data();
  const float* __restrict deviation = sum_deviation_.data();
  const float* __restrict unrest = unrest_.data();
  float* __restrict sum_threshold = sum_threshold_.data();
  float* __restrict changed = changed_.data();
  const auto stride = static_cast<std::size_t>(grid_.stride());
  NESTBOX_PLANES_APART
  for (std::size_t i = stride, last = luma_.size() - stride; i < last; ++i) {
    sum_threshold[i] = larger(floor + relative * luma[i], deviations * deviation[i]) * early * unrest[i];
    const float own = std::abs(residual[i]) / threshold[i], n = std::abs(neighbourhood[i]);
    // the cell itself takes part in what its neighbourhood does, and in the same direction
    const float part = smooth[i] * neighbourhood[i] > 0.5F * n * n ? 1.0F : 0.0F;
    const float differs = larger(own, part * n / sum_threshold[i]) > 1 ? 1.0F : 0.0F;
    changed[i] = differs * within(own, 1, kSure);
  }
}

void CellModel::match_second() {
  for (std::size_t i = 0; i < luma_.size(); ++i) {
    if (changed_[i] <= 0 || second_[i] <= 0) continue;
    const float r = luma_[i] - scale_[i] * second_[i];
    if (std::abs(r) > threshold_[i]) {
      second_for_s_[i] = 0;
      continue;
    }
    changed_[i] = 0;
    second_for_s_[i] += dt_s_;
    if (second_for_s_[i] > 1) {
      std::swap(second_[i], background_[i]);
      second_for_s_[i] = 0;
      residual_[i] = r;
      forget_motion(i);
    }
  }
}

void CellModel::compare_with_before() {
  const float floor = kMovedFloor * tuning_.strictness, deviations = kMovedDeviations * tuning_.strictness;
  // Of kLagS ago; where pictures come more seldom, of the last one.
  const auto back = static_cast<std::size_t>(within(kLagS / dt_s_ + 0.5F, 1, kKept));
  const std::size_t then = (next_kept_ + kKept - back) % kKept;
  const float* __restrict before = kept_[then].data();
  const float* __restrict faint_before = kept_faint_[then].data();
  const float* __restrict luma = luma_.data();
  const float* __restrict scale = scale_.data();
  const float* __restrict residual = residual_.data();
  const float* __restrict neighbourhood = neighbourhood_.data();
  const float* __restrict deviation = deviation_.data();
  const float* __restrict sum_threshold = sum_threshold_.data();
  const float* __restrict unrest = unrest_.data();
  const float* __restrict changed = changed_.data();
  float* __restrict moving = moving_.data();
  float* __restrict recent = recent_motion_.data();
  const float fade = 1 - smaller(1, dt_s_ / kMotionFadesS);
  NESTBOX_PLANES_APART
  for (std::size_t i = 0, size = luma_.size(); i < size; ++i) {
    const float least = larger(floor, kMovedOwn * std::abs(residual[i])) + 0.01F * luma[i];
    const float threshold = larger(least, deviations * deviation[i]) * unrest[i];
    const float moved = std::abs(residual[i] - before[i] * scale[i]) - threshold;
    const float faint_moved = std::abs(neighbourhood[i] - faint_before[i] * scale[i]) - kMovedShare * sum_threshold[i];
    moving[i] = changed[i] > 0 && larger(moved, faint_moved) > 0 ? 1.0F : 0.0F;
    recent[i] = larger(fade * recent[i] + moving[i] - kForgotten, 0);
  }
}

/// Kept as if the light had stayed the same, or a change of exposure would look like motion of whatever differs.
void CellModel::keep_residual() {
  since_kept_s_ += dt_s_;
  if (since_kept_s_ < kLagS / kKept) return;
  since_kept_s_ = smaller(since_kept_s_ - kLagS / kKept, kLagS / kKept);
  Plane &kept = kept_[next_kept_], &kept_faint = kept_faint_[next_kept_];
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const float unlit = 1 / larger(scale_[i], 0.01F);
    kept[i] = residual_[i] * unlit;
    kept_faint[i] = neighbourhood_[i] * unlit;
  }
  next_kept_ = (next_kept_ + 1) % kKept;
}

void CellModel::look(const MotionPlane& plane, float dt_s) {
  dt_s_ = dt_s;
  measure(plane);
  if (first_) relearn();
  first_ = false;
  was_changed_.swap(changed_);
  find_gain();
  find_local_gain();
  compare();
  compare_neighbourhoods();
  match_second();
  compare_with_before();
  int changed = 0;
  for (const float c : changed_) changed += c > 0;
  changed_share_ = static_cast<double>(changed) / grid_.cells();
}

void CellModel::learn(const std::vector<float>& pace) {
  learnt_s_ += dt_s_;
  known_s_ += dt_s_;
  const float start = dt_s_ / (learnt_s_ + dt_s_);  // 1/n for the first seconds: a plain mean
  const float background_rate = larger(rate(dt_s_, kBackgroundS), smaller(start, 0.5F));
  const float deviation_rate = larger(rate(dt_s_, kDeviationS), smaller(start, 0.2F));
  const float exposure_rate = rate(dt_s_, kExposureS);
  const float forget = 1 - rate(dt_s_, kRestlessS);
  learn_cells({background_rate, deviation_rate, exposure_rate, forget}, pace);
  keep_residual();
}

void CellModel::learn_cells(const Rates& rates, const std::vector<float>& paces) {
  const float* __restrict pace = paces.data();
  const float* __restrict luma = luma_.data();
  const float* __restrict scale = scale_.data();
  const float* __restrict changed = changed_.data();
  const float* __restrict was_changed = was_changed_.data();
  const float* __restrict residual = residual_.data();
  const float* __restrict neighbourhood = neighbourhood_.data();
  float* __restrict background = background_.data();
  float* __restrict second = second_.data();
  float* __restrict restless = restless_.data();
  float* __restrict deviation = deviation_.data();
  float* __restrict sum_deviation = sum_deviation_.data();
  NESTBOX_PLANES_APART
  for (std::size_t i = 0, size = luma_.size(); i < size; ++i) {
    const float differs = changed[i] > 0 ? 1.0F : 0.0F, differed = was_changed[i] > 0 ? 1.0F : 0.0F;
    restless[i] = restless[i] * rates.forget + differs * (1 - differed);
    const float calm = restless[i] < kCalmRises ? 1.0F : 0.0F;
    const float usual = (1 - differs * (1 - kUnsurePace)) * (1 - calm * (1 - smaller(pace[i], 1)));
    const float speed = usual + larger(pace[i], 1) - 1;
    const float follow = 1 + rates.exposure * (scale[i] - 1);
    const float e = scale[i] * background[i];
    const float unknown = background[i] > kWhite ? larger(luma[i] - e, 0) : 0.0F;  // as in compare()
    background[i] = background[i] * follow + smaller(rates.background * speed, 0.5F) * (luma[i] - e) + 0.5F * unknown;
    second[i] *= follow;
    const float deviation_rate = rates.deviation * smaller(speed, 1.0F);
    deviation[i] += deviation_rate * (smaller(std::abs(residual[i]), kDeviationMax) - deviation[i]);
    sum_deviation[i] += deviation_rate * (smaller(std::abs(neighbourhood[i]), kDeviationMax) - sum_deviation[i]);
  }
}

void CellModel::relearn() {
  background_ = luma_;
  std::fill(second_.begin(), second_.end(), 0.0F);
  // Noise and leaves stay what they were, at least.
  for (float& d : deviation_) d = larger(d, kFirstDeviation);
  for (float& d : sum_deviation_) d = larger(d, 0.5F * kFirstDeviation);
  std::fill(changed_.begin(), changed_.end(), 0.0F);
  std::fill(was_changed_.begin(), was_changed_.end(), 0.0F);
  std::fill(moving_.begin(), moving_.end(), 0.0F);
  std::fill(residual_.begin(), residual_.end(), 0.0F);
  std::fill(smooth_.begin(), smooth_.end(), 0.0F);
  for (Plane& plane : kept_) std::fill(plane.begin(), plane.end(), 0.0F);
  for (Plane& plane : kept_faint_) std::fill(plane.begin(), plane.end(), 0.0F);
  std::fill(scale_.begin(), scale_.end(), 1.0F);
  std::fill(local_gain_.begin(), local_gain_.end(), 0.0F);
  gain_ = 1;
  learnt_s_ = 0;
  changed_share_ = 0;
}

void CellModel::forget_motion(std::size_t i) {
  smooth_[i] = 0;
  for (Plane& plane : kept_) plane[i] = 0;
  for (Plane& plane : kept_faint_) plane[i] = 0;
}

void CellModel::absorb(std::size_t i) {
  second_[i] = background_[i];
  background_[i] = luma_[i] / larger(scale_[i], 0.01F);
  second_for_s_[i] = 0;
  changed_[i] = moving_[i] = residual_[i] = 0;
  forget_motion(i);
}

}  // namespace nestbox
