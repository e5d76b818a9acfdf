#pragma once
/// What makes a visit: "motion", "pir and motion", "lid or (pir and not button)".
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string_view>

#include "nestbox/base/result.h"

namespace nestbox {

enum class Trigger : std::uint8_t { kMotion, kPir, kLid, kButton };
inline constexpr Trigger kEveryTrigger[] = {Trigger::kMotion, Trigger::kPir, Trigger::kLid, Trigger::kButton};
/// "motion", "pir", "lid", "button".
std::string_view trigger_name(Trigger trigger) noexcept;

/// A set of triggers.
class TriggerSet {
 public:
  constexpr TriggerSet() = default;
  constexpr TriggerSet(std::initializer_list<Trigger> triggers) {
    for (const auto trigger : triggers) add(trigger);
  }
  constexpr bool contains(Trigger trigger) const { return (bits_ & bit(trigger)) != 0; }
  constexpr void add(Trigger trigger) { bits_ = static_cast<std::uint8_t>(bits_ | bit(trigger)); }
  constexpr void remove(Trigger trigger) { bits_ = static_cast<std::uint8_t>(bits_ & ~bit(trigger)); }
  constexpr bool empty() const { return bits_ == 0; }
  /// All that are in this set or in the other.
  constexpr TriggerSet& operator|=(TriggerSet other) {
    bits_ = static_cast<std::uint8_t>(bits_ | other.bits_);
    return *this;
  }
  /// One bit for each, in the order of kEveryTrigger.
  constexpr unsigned bits() const { return bits_; }
  constexpr bool operator==(const TriggerSet&) const = default;

 private:
  static constexpr std::uint8_t bit(Trigger trigger) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(trigger));
  }
  std::uint8_t bits_ = 0;
};

/// An expression of trigger names with `not` (binds closest), `and`, `or`, and parentheses. A plain value.
class TriggerExpression {
 public:
  /// At most 200 characters, nested at most kDepthMax deep. Errors: kInvalidArgument with the place, what stands there,
  /// and what may stand there; of an expression that always holds, or never, too: it makes no visits.
  static Result<TriggerExpression> parse(std::string_view text);
  bool holds(TriggerSet active) const noexcept { return ((truth_ >> active.bits()) & 1U) != 0; }
  /// Those that the expression names.
  TriggerSet mentioned() const noexcept { return mentioned_; }
  bool operator==(const TriggerExpression&) const = default;

  static constexpr std::size_t kLengthMax = 200;
  static constexpr int kDepthMax = 16;

 private:
  friend class TriggerParser;
  /// Bit n: whether it holds while the set whose bits are n is active.
  using Truth = std::uint16_t;
  static_assert(1U << std::size(kEveryTrigger) == 8 * sizeof(Truth), "one bit for each set of triggers");

  TriggerExpression(Truth truth, TriggerSet mentioned) : truth_(truth), mentioned_(mentioned) {}
  Truth truth_ = 0;
  TriggerSet mentioned_;
};

}  // namespace nestbox
