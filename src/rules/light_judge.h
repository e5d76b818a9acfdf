#pragma once
/// What the pictures of a light trial say of lamp and filter.
#include <cstdint>
#include <optional>
#include <vector>

#include "nestbox/rules/light_trial.h"

namespace nestbox {

/// Lamp and filter as they were wished for. "Open": the filter is out of the path.
enum class LightView : std::uint8_t {
  kDark,              ///< lamp off, open
  kLit,               ///< lamp on, open
  kDarkAgain,         ///< as kDark: has the light changed by itself?
  kLitThroughFilter,  ///< lamp on, filter in the path
  kThroughFilter,     ///< lamp off, filter in the path
  kOpenAgain,         ///< as kDark, after kThroughFilter
};

/// Means over a settled second.
struct LightShot {
  LightView view = LightView::kDark;
  double luma = 0, burnt_share = 0;
  std::optional<double> lux;
  std::optional<double> exposure_s;  ///< times gain
};

/// Whether a picture is so dark that a lamp can be seen by it: even a long exposure shows next to nothing.
bool is_dark(const LightShot& shot);

/// With kDark and kLit taken.
bool is_lamp_seen(const std::vector<LightShot>& shots);

/// `shots` are those that LightTrial took; kLit with a lamp, one of the views through the filter with a filter.
LightVerdict judge_lights(const std::vector<LightShot>& shots, const LightTrial::Parts& parts);

}  // namespace nestbox
