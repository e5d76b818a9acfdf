#include "cell_model.h"

#include <algorithm>
#include <cmath>

#include "cell_sums.h"

namespace nestbox {
namespace {

// Times in seconds, differences in levels of luma.
constexpr float kBackgroundS = 8;  // slow enough for an animal that sits, fast enough for a shadow that wanders
constexpr float kDeviationS = 4;
constexpr float kExposureS = 1;   // the background follows the light with this time constant
constexpr float kRestlessS = 30;  // leaves that were still for so long are forgotten
constexpr float kCalmRises = 2;   // an animal that walks past comes and goes once or twice in a cell
constexpr float kUnrestMax = 4;
constexpr float kFloor = 2.0F, kRelative = 0.02F, kDeviations = 4;
constexpr float kSumFloor = 0.8F, kSumDeviations = 4.5F;
constexpr float kShareOfOwn = 0.4F;  // of its own threshold, for a cell to belong to a faint neighbourhood
constexpr float kMovedFloor = 1.5F, kMovedDeviations = 4;
constexpr float kDark = 8, kBright = 248;  // outside, a cell says nothing about gain
constexpr float kLocalClip = 0.08F;
constexpr int kLocalReach = 4;  // a window of 9x9 cells
constexpr float kFirstDeviation = 1;

constexpr int kBins = 512;  // of the ratio, up to 4

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
  for (Plane* plane : {&luma_, &background_, &second_, &deviation_, &sum_deviation_, &scale_, &residual_, &row_sums_,
                       &neighbourhood_, &threshold_, &changed_, &was_changed_, &moving_, &restless_, &second_for_s_}) {
    plane->assign(size, 0);
  }
  for (Plane& plane : kept_) plane.assign(size, 0);
}

void CellModel::measure(const MotionPlane& plane) {
  const int strips = grid_.pixels / kCellPixels;
  const float scale = 1.0F / static_cast<float>(grid_.pixels * grid_.pixels);
  for (int row = 0; row < grid_.rows; ++row) {
    float* const out = &luma_[static_cast<std::size_t>(grid_.at(0, row))];
    std::fill_n(out, grid_.columns, 0.0F);
    for (int strip = 0; strip < strips; ++strip) {
      const auto first = static_cast<std::ptrdiff_t>(row * grid_.pixels + strip * kCellPixels) * plane.stride;
      sum_cell_row(plane.data + first, plane.stride, static_cast<int>(sums_.size()), sums_.data());
      for (int column = 0; column < grid_.columns; ++column) {
        for (int part = 0; part < strips; ++part)
          out[column] += sums_[static_cast<std::size_t>(column * strips + part)];
      }
    }
    for (int column = 0; column < grid_.columns; ++column) out[column] *= scale;
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

/// What the light does to one part of the picture more than to the others: the mean of the ratios around each cell,
/// each clipped, so that an animal cannot explain itself away.
void CellModel::find_local_gain() {
  const int stride = grid_.stride();
  Plane& ratio = residual_;
  for (std::size_t i = 0; i < luma_.size(); ++i) {
    const float e = gain_ * background_[i];
    const float q = (luma_[i] - e) / (e + kDark);
    ratio[i] = was_changed_[i] > 0 ? 0 : std::clamp(q, -kLocalClip, kLocalClip);
  }
  constexpr int kWindow = 2 * kLocalReach + 1;
  std::fill(row_sums_.begin(), row_sums_.end(), 0.0F);
  for (int row = 0; row < grid_.rows; ++row) {
    const float* const in = &ratio[static_cast<std::size_t>(grid_.at(0, row))];
    float* const out = &row_sums_[static_cast<std::size_t>(grid_.at(0, row))];
    float sum = 0;
    for (int c = 0; c < grid_.columns + kLocalReach; ++c) {
      if (c < grid_.columns) sum += in[c];
      if (c >= kWindow) sum -= in[c - kWindow];
      if (c >= kLocalReach) out[c - kLocalReach] = sum;
    }
  }
  Plane& columns = neighbourhood_;
  std::fill_n(columns.begin(), stride, 0.0F);
  constexpr float kShare = 1.0F / (kWindow * kWindow);
  for (int row = 0; row < grid_.rows + kLocalReach; ++row) {
    if (row < grid_.rows) {
      for (int c = 0; c < stride; ++c)
        columns[static_cast<std::size_t>(c)] += row_sums_[static_cast<std::size_t>((row + 1) * stride + c)];
    }
    if (row >= kWindow) {
      for (int c = 0; c < stride; ++c)
        columns[static_cast<std::size_t>(c)] -= row_sums_[static_cast<std::size_t>((row - kWindow + 1) * stride + c)];
    }
    if (row >= kLocalReach) {
      for (int c = 0; c < stride; ++c) {
        scale_[static_cast<std::size_t>((row - kLocalReach + 1) * stride + c)] =
            gain_ * (1 + kShare * columns[static_cast<std::size_t>(c)]);
      }
    }
  }
}

void CellModel::compare() {
  const float floor = kFloor * tuning_.strictness, relative = kRelative * tuning_.strictness;
  const float deviations = kDeviations * tuning_.strictness;
  const float early = 1 + 2 * std::exp(-learnt_s_ / 2);
  for (std::size_t i = 0; i < luma_.size(); ++i) {
    const float e = scale_[i] * background_[i];
    residual_[i] = luma_[i] - e;
    const float unrest = std::clamp(restless_[i] - kCalmRises, 0.0F, kUnrestMax) * tuning_.restless_weight;
    threshold_[i] = (floor + relative * e + deviations * deviation_[i]) * early * (1 + 0.5F * unrest);
  }
}

/// A faint animal differs by less than a cell's own noise, but in several cells at once and the same way.
void CellModel::compare_neighbourhoods() {
  const auto stride = static_cast<std::size_t>(grid_.stride());
  const std::size_t last = luma_.size() - stride;
  for (std::size_t i = 1; i + 1 < luma_.size(); ++i) row_sums_[i] = residual_[i - 1] + residual_[i] + residual_[i + 1];
  for (std::size_t i = stride; i < last; ++i) {
    neighbourhood_[i] = (row_sums_[i - stride] + row_sums_[i] + row_sums_[i + stride]) * (1.0F / 9);
  }
  const float deviations = kSumDeviations * tuning_.strictness, floor = kSumFloor * tuning_.strictness;
  const float early = 1 + 2 * std::exp(-learnt_s_ / 2);
  for (std::size_t i = stride; i < last; ++i) {
    const float own = std::abs(residual_[i]) / std::max(threshold_[i], 0.01F);
    const float unrest = std::clamp(restless_[i] - kCalmRises, 0.0F, kUnrestMax) * tuning_.restless_weight;
    const float sum_threshold =
        (floor + deviations * sum_deviation_[i] + 0.5F * kRelative * tuning_.strictness * luma_[i]) * early *
        (1 + 0.5F * unrest);
    const bool together = std::abs(neighbourhood_[i]) > sum_threshold && own > kShareOfOwn &&
                          (neighbourhood_[i] > 0) == (residual_[i] > 0);
    changed_[i] = own > 1 || together ? std::clamp(own, 1.0F, kSure) : 0.0F;
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
      for (Plane& plane : kept_) plane[i] = 0;
    }
  }
}

void CellModel::compare_with_before() {
  const Plane& before = kept_[next_kept_];
  const float floor = kMovedFloor * tuning_.strictness, deviations = kMovedDeviations * tuning_.strictness;
  for (std::size_t i = 0; i < luma_.size(); ++i) {
    const float unrest = std::clamp(restless_[i] - kCalmRises, 0.0F, kUnrestMax) * tuning_.restless_weight;
    const float threshold = (floor + 0.01F * luma_[i] + deviations * deviation_[i]) * (1 + 0.5F * unrest);
    moving_[i] = changed_[i] > 0 && std::abs(residual_[i] - before[i]) > threshold ? 1.0F : 0.0F;
  }
}

void CellModel::keep_residual() {
  since_kept_s_ += dt_s_;
  if (since_kept_s_ < kLagS / kKept) return;
  since_kept_s_ = std::min(since_kept_s_ - kLagS / kKept, kLagS / kKept);
  kept_[next_kept_] = residual_;
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

void CellModel::learn() {
  learnt_s_ += dt_s_;
  const float start = dt_s_ / (learnt_s_ + dt_s_);  // 1/n for the first seconds: a plain mean
  const float background_rate = std::max(rate(dt_s_, kBackgroundS), std::min(start, 0.5F));
  const float deviation_rate = std::max(rate(dt_s_, kDeviationS), std::min(start, 0.2F));
  const float exposure_rate = rate(dt_s_, kExposureS);
  const float forget = 1 - rate(dt_s_, kRestlessS);
  for (std::size_t i = 0; i < luma_.size(); ++i) {
    const float e = scale_[i] * background_[i];
    const float follow = 1 + exposure_rate * (scale_[i] - 1);
    const float differs = changed_[i] > 0 ? 1.0F : 0.0F;
    const float rises = differs > 0 && was_changed_[i] <= 0 ? 1.0F : 0.0F;
    restless_[i] = restless_[i] * forget + rises;
    const float quiet = differs > 0 && restless_[i] < kCalmRises ? 0.0F : 1.0F;
    const float slow = differs > 0 ? 0.25F : 1.0F;
    background_[i] = background_[i] * follow + background_rate * quiet * slow * (luma_[i] - e);
    second_[i] *= follow;
    deviation_[i] += deviation_rate * quiet * (std::min(std::abs(residual_[i]), 30.0F) - deviation_[i]);
    sum_deviation_[i] += deviation_rate * quiet * (std::min(std::abs(neighbourhood_[i]), 30.0F) - sum_deviation_[i]);
  }
  keep_residual();
}

void CellModel::relearn() {
  background_ = luma_;
  std::fill(second_.begin(), second_.end(), 0.0F);
  std::fill(deviation_.begin(), deviation_.end(), kFirstDeviation);
  std::fill(sum_deviation_.begin(), sum_deviation_.end(), 0.5F * kFirstDeviation);
  std::fill(changed_.begin(), changed_.end(), 0.0F);
  std::fill(was_changed_.begin(), was_changed_.end(), 0.0F);
  std::fill(moving_.begin(), moving_.end(), 0.0F);
  std::fill(residual_.begin(), residual_.end(), 0.0F);
  for (Plane& plane : kept_) std::fill(plane.begin(), plane.end(), 0.0F);
  std::fill(scale_.begin(), scale_.end(), 1.0F);
  gain_ = 1;
  learnt_s_ = 0;
  changed_share_ = 0;
}

void CellModel::absorb(int cell) {
  const auto i = static_cast<std::size_t>(cell);
  second_[i] = background_[i];
  background_[i] = luma_[i] / std::max(scale_[i], 0.01F);
  second_for_s_[i] = 0;
  changed_[i] = moving_[i] = residual_[i] = 0;
  for (Plane& plane : kept_) plane[i] = 0;
}

}  // namespace nestbox
