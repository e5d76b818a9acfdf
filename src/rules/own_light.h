#pragma once
/// What filter and lamp add to the measured light: learnt where they switch, and taken out again.
#include <array>
#include <cstddef>
#include <optional>

#include "nestbox/base/clock.h"
#include "nestbox/rules/light.h"
#include "nestbox/rules/light_meter.h"

namespace nestbox {

/// What was commanded.
struct LightOutputs {
  std::optional<DayNight> mode;  ///< nothing: never decided
  FilterPosition filter = FilterPosition::kUnknown;
  bool lamp = false;
  bool operator==(const LightOutputs&) const = default;
};

/// measured = daylight, with the filter in the path;
/// measured = daylight x filter factor + lamp, with the filter out of it.
/// Thread-bound.
class OwnLight {
 public:
  /// What changed between two measurements.
  struct Change {
    LightOutputs before, after;
    double lux_before = 0, lux_after = 0;
  };
  void learn(const Change& change);
  /// The lamp alone cannot be brighter than all there is: it has aged, or something that reflected it is gone.
  void lamp_is_at_most(double lux);
  void forget_lamp() { lamp_lux_.reset(); }
  /// Of one that leaves the picture black: no more than such a picture has.
  void lamp_gives(double lux) { lamp_lux_ = learnt_lamp_lux_ = lux; }
  void forget_filter();

  /// As the filtered sensor would see it.
  double daylight(const MeasuredLight& measured, const LightOutputs& outputs) const;
  /// Whether that has made it clearly less than was learnt.
  bool lamp_has_faded() const;
  /// Whether `measured_lux` is clearly more than the lamp alone gave.
  bool exceeds_lamp(double measured_lux) const;
  /// Whether daylight of `lux` would be lost in the light of the lamp; with luma alone it always may be.
  bool drowns(double lux, bool luma_alone) const;

  /// Until it was measured: in the middle of 1.2 (cold LED light) to 8 (twilight with much infra-red).
  static constexpr double kFilterFactor = 3;

 private:
  double filter_factor_ = kFilterFactor;
  std::array<double, 5> factors_{};  ///< of the last switches; their median bears one that somebody disturbed
  std::size_t learnt_ = 0;           ///< so many, ever
  std::optional<double> lamp_lux_;
  double learnt_lamp_lux_ = 0;
};

}  // namespace nestbox
