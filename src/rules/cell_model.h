#pragma once
/// What is known of each cell of the picture: its background, how much it varies by itself, and whether it differs now.
#include <array>
#include <cstdint>
#include <vector>

#include "nestbox/rules/motion_detector.h"

namespace nestbox {

/// Cells of the picture with a border of one empty cell all around, so that every cell has eight neighbours.
struct CellGrid {
  int columns = 0, rows = 0;  ///< without the border
  int pixels = 0;             ///< edge of a cell: 8, 16, 32, ...
  int stride() const noexcept { return columns + 2; }
  int size() const noexcept { return stride() * (rows + 2); }
  int at(int column, int row) const noexcept { return (row + 1) * stride() + column + 1; }
  int cells() const noexcept { return columns * rows; }
  bool operator==(const CellGrid&) const = default;
};
/// About 40 columns, never more than kColumnsMax. What the last cells leave of the right and lower edge, less than a
/// cell, is not looked at.
CellGrid grid_for(int width, int height) noexcept;
inline constexpr int kColumnsMax = 60;

/// How different is different. All in levels of luma, 0 to 255.
struct CellTuning {
  float strictness = 1;       ///< scales every threshold; 1 at sensitivity 50
  float restless_weight = 1;  ///< how much a cell that flickers loses of its say; 0: not at all
};

/// Thread-bound. No allocation after the constructor.
class CellModel {
 public:
  CellModel(CellGrid grid, CellTuning tuning);

  /// Takes the next picture: afterwards changed(), moving() and doubt() tell of it. `dt_s` since the last one.
  void look(const MotionPlane& plane, float dt_s);
  /// Learns from it. `pace` by cell: how quickly the background follows, 1 as usual, 0 where an object is (and then
  /// only restless cells follow).
  void learn(const std::vector<float>& pace);
  /// The picture as it is now becomes the background of every cell.
  void relearn();
  /// The same for a single cell; what was there is kept in mind, in case it comes back.
  void absorb(std::size_t cell);

  const CellGrid& grid() const noexcept { return grid_; }
  void set_tuning(CellTuning tuning) noexcept { tuning_ = tuning; }
  /// By cell: 0, or how many times the threshold it differs, up to kSure.
  const std::vector<float>& changed() const noexcept { return changed_; }
  /// By cell: not 0 where it looks different from kLag ago.
  const std::vector<float>& moving() const noexcept { return moving_; }
  /// By cell: pictures on which it moved of late; each counts less within kMotionFadesS.
  const std::vector<float>& recent_motion() const noexcept { return recent_motion_; }
  /// By cell: how restless it has been, in times that it has come and gone of late.
  const std::vector<float>& restless() const noexcept { return restless_; }
  /// By how much of the expected light a cell differs.
  float relative_residual(std::size_t cell) const noexcept {
    return residual_[cell] / (scale_[cell] * background_[cell] + 8);
  }
  /// What a cell shows, and what its background would show in this light.
  float seen(std::size_t cell) const noexcept { return luma_[cell]; }
  float expected(std::size_t cell) const noexcept { return scale_[cell] * background_[cell]; }
  double changed_share() const noexcept { return changed_share_; }
  float learnt_s() const noexcept { return learnt_s_; }
  /// Factor from background to picture, over all: 1 as long as light and exposure stay.
  float gain() const noexcept { return gain_; }

  static constexpr float kSure = 2;
  static constexpr float kLagS = 0.4F;
  static constexpr float kMotionFadesS = 0.5F;

 private:
  using Plane = std::vector<float>;

  struct Rates {
    float background = 0, deviation = 0, exposure = 0, forget = 0;
  };

  void learn_cells(const Rates& rates, const std::vector<float>& paces);
  void measure(const MotionPlane& plane);
  void find_gain();
  void find_local_gain();
  void sum_windows(const Plane& from);
  void compare();
  void compare_neighbourhoods();
  void find_changed();
  void compare_with_before();
  void keep_residual();
  void match_second();
  void forget_motion(std::size_t cell);

  CellGrid grid_;
  CellTuning tuning_;
  float dt_s_ = 0, learnt_s_ = 0, known_s_ = 0, since_kept_s_ = 0;
  bool first_ = true;
  float gain_ = 1;
  double changed_share_ = 0;
  std::vector<std::uint16_t> sums_;
  std::vector<int> bins_;
  Plane luma_, background_, second_, deviation_, sum_deviation_;
  Plane scale_, residual_, row_sums_, neighbourhood_, threshold_, local_gain_, column_sums_, window_share_, smooth_,
      sum_threshold_, unrest_;
  Plane changed_, was_changed_, moving_, recent_motion_, restless_, second_for_s_;
  static constexpr std::size_t kKept = 4;
  std::array<Plane, kKept> kept_, kept_faint_;  ///< residuals of the last kLagS, the oldest at next_kept_
  std::size_t next_kept_ = 0;
};

}  // namespace nestbox
