#pragma once
/// Whether the infra-red lamp and the IR-cut filter do what they are there for, by trying them: `nestbox doctor
/// --lights`.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "nestbox/base/clock.h"
#include "nestbox/rules/light.h"

namespace nestbox {

struct LightVerdict {
  enum class Lamp : std::uint8_t {
    kAbsent,    ///< the box has none
    kWorks,     ///< it lights the picture
    kWeak,      ///< it is seen, and the picture stays dark
    kNotSeen,   ///< nothing changes with it, although it is dark
    kReflects,  ///< more than kReflection of the picture is burnt out with it
    kUnclear,   ///< see `light`
  };
  enum class Filter : std::uint8_t {
    kAbsent,
    kWorks,
    kStays,    ///< the lamp is seen as well with the filter in the path as without
    kSwapped,  ///< what is to be in the path is out of it, and the other way round
    kUnclear,  ///< see `light`; without the lamp's light it cannot be seen whether the filter moves
  };
  enum class Light : std::uint8_t {
    kDark,      ///< as it should be for a trial
    kBright,    ///< the daylight outshines the lamp
    kUnsteady,  ///< it changed by itself meanwhile
  };
  static constexpr double kReflection = 0.02;

  Lamp lamp = Lamp::kAbsent;
  Filter filter = Filter::kAbsent;
  Light light = Light::kDark;
  double lamp_factor = 1;     ///< light with the lamp divided by light without, the filter out of the path
  double filter_factor = 1;   ///< light with the filter out of the path divided by light with it in
  double burnt_by_lamp = 0;   ///< share of the picture that is burnt out with the lamp alone, 0 to 1
  double luma_with_lamp = 0;  ///< mean luma once the exposure has settled, 0 to 1
};

/// Asks for lamp and filter to be switched, waits each time until the picture has settled, compares. Moves the filter
/// twice, and at most four times where the light of the day is all there is to see it by.
///
///   [trying] -- see, tick --> [over: a verdict, or none for want of pictures]; cancel() at any time.
///
/// Pure; time comes with the calls. Thread-bound.
class LightTrial {
 public:
  enum class Lamp : bool { kOff, kOn };
  /// What is to be switched. kUnknown: the filter is not to be moved.
  struct Wish {
    Lamp lamp = Lamp::kOff;
    FilterPosition filter = FilterPosition::kUnknown;
    bool operator==(const Wish&) const = default;
  };
  /// What the box has: one of them at least. A filter of which nobody knew where it was (`before.filter` is kUnknown)
  /// is left where it was tried last.
  struct Parts {
    bool lamp = false, filter = false;
    std::chrono::nanoseconds lamp_ramp{0};  ///< that the lamp takes to get from one end to the other
    Wish before;                            ///< how it all is, and is to be again at the end
  };
  LightTrial(const Parts& parts, BootTime now);
  ~LightTrial();
  LightTrial(LightTrial&&) noexcept;
  LightTrial& operator=(LightTrial&&) noexcept;

  /// A picture's light; a verdict when it was the last that was needed.
  std::optional<LightVerdict> see(const LightSample& sample, BootTime now);
  /// To be called at deadline(), with or without pictures.
  std::optional<LightVerdict> tick(BootTime now);
  /// When tick() is due.
  BootTime deadline() const;
  /// Ends it without a verdict.
  void cancel();

  /// What is to be so now; once it is over, what was before.
  Wish wish() const;
  bool over() const;
  /// Over without a verdict, and not because it was cancelled: no picture came in time.
  bool is_blind() const;
  /// For who waits: "lamp on, filter out of the path", and how much of it has been done.
  std::string_view doing() const;
  double done_share() const;

 private:
  class Body;
  std::unique_ptr<Body> body_;
};

}  // namespace nestbox
