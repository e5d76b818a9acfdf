#pragma once
#include <optional>

#include "nestbox/media/frame.h"
#include "nestbox/vision/vision_stage.h"

namespace nestbox::vision {

/// Decides which picture of an event is worth keeping, and makes its JPEG. Thread-bound.
class BestMomentFinder {
 public:
  /// A new event begins: whatever comes is better than nothing.
  void begin();
  /// The picture's JPEG where it is better than all before it by enough, and not too soon after the last one: a JPEG of
  /// a whole picture takes a small board 20 ms. Nothing when it cannot be made, which is logged.
  std::optional<BestMoment> look(const Frame& frame, double score);

 private:
  bool is_worth_it(BootTime at, double score) const;

  std::optional<double> best_score_;
  BootTime made_at_{};
};

}  // namespace nestbox::vision
