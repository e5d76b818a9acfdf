#pragma once
/// What makes a visit: "motion", "pir and motion", "lid or (pir and not button)".
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

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
  constexpr bool operator==(const TriggerSet&) const = default;

 private:
  static constexpr std::uint8_t bit(Trigger trigger) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(trigger));
  }
  std::uint8_t bits_ = 0;
};

/// An expression of trigger names with `not` (binds closest), `and`, `or`, and parentheses. Immutable.
class TriggerExpression {
 public:
  /// At most 200 characters. Errors: kInvalidArgument with the place, what stands there, and what may stand there.
  static Result<TriggerExpression> parse(std::string_view text);
  bool holds(TriggerSet active) const;
  /// Those that the expression names.
  TriggerSet mentioned() const;

 private:
  struct Node;
  explicit TriggerExpression(std::shared_ptr<const Node> root) : root_(std::move(root)) {}
  std::shared_ptr<const Node> root_;
};

}  // namespace nestbox
