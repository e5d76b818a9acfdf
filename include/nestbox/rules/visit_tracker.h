#pragma once
/// From triggers that come and go to visits.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nestbox/base/clock.h"
#include "nestbox/rules/trigger_expression.h"

namespace nestbox {

struct VisitRules {
  TriggerExpression expression;
  std::chrono::nanoseconds event_gap{};   ///< a visit ends when the expression has not held for so long
  std::chrono::nanoseconds max_length{};  ///< a longer one goes on as the next visit
};

/// A visit begins when the expression holds and there is none. It ends `event_gap` after the expression last held (its
/// end is that moment), or when it has lasted `max_length` (its end is then; while the expression still holds, or held
/// within the gap, the next visit begins at that moment and `continues` it). New rules do not end a visit.
/// Pure: time comes with the calls and never goes back. Thread-bound.
class VisitTracker {
 public:
  struct Visit {
    BootTime begin{};
    BootTime last_active{};  ///< when the expression held last; the end, once it has ended
    TriggerSet triggers;     ///< all that were active during it
    std::vector<std::string> zones;
    double peak_score = 0;
    bool continues = false;  ///< the one before it, which became too long
  };
  struct Step {
    enum class What : std::uint8_t { kBegun, kEnded } what;
    Visit visit;
  };

  explicit VisitTracker(VisitRules rules);
  void apply(VisitRules rules);

  /// A trigger is active (again), or is no longer. `at` is when that happened, which may be before `now`, when it was
  /// learnt: a motion event is confirmed some time after its first movement, and its end is known after a gap.
  std::vector<Step> begins(Trigger trigger, BootTime at, BootTime now);
  std::vector<Step> ends(Trigger trigger, BootTime at, BootTime now);
  /// What is known of the motion: joins the visit in progress, if any.
  void note_motion(const std::string& zone, double score);
  /// To be called when next_deadline() has passed; more often does no harm.
  std::vector<Step> tick(BootTime now);
  std::optional<BootTime> next_deadline() const;
  const std::optional<Visit>& current() const noexcept { return visit_; }

 private:
  std::vector<Step> advance(BootTime now);

  VisitRules rules_;
  TriggerSet active_;
  std::optional<Visit> visit_;
};

}  // namespace nestbox
