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
/// end is that moment). One that lasts `max_length` ends at that moment while the expression still holds, and the next
/// visit begins there; within the gap it ends with when the expression last held, and one that begins before the gap is
/// over continues it. New rules do not end a visit, and the length of the one in progress may reach the moment of
/// the new rules whatever their max_length.
///
/// Triggers may be told late, see begins(): visits come out as if they had been told in time, but what was told of a
/// visit's begin or end is not taken back. So a visit that goes on may turn out to have begun earlier (`begin` moves
/// back, never into the visit before), and what comes to light after a visit has ended makes the next one.
///
/// Visits follow each other without overlapping, and none ends before it begins. Pure: time comes with the calls; where
/// it goes back it is taken to stand still. Thread-bound.
class VisitTracker {
 public:
  struct Visit {
    BootTime begin{};
    BootTime last_active{};  ///< when the expression held last; the end, once it has ended
    TriggerSet triggers;     ///< all that were active while the expression held
    std::vector<std::string> zones;
    double peak_score = 0;
    bool continues = false;  ///< the one before it, which became too long
    bool operator==(const Visit&) const = default;
  };
  struct Step {
    enum class What : std::uint8_t { kBegun, kEnded } what;
    Visit visit;
  };
  using Steps = std::vector<Step>;

  VisitTracker(VisitRules rules, BootTime now);
  [[nodiscard]] Steps apply(VisitRules rules, BootTime now);

  /// A trigger is active, or is no longer; of one that is so already nothing happens. `at` is when that happened, which
  /// may be before `now`, when it was learnt: a motion event is confirmed some time after its first movement, and its
  /// end is known after a gap. What happened more than kLatest before the last call counts from then on only; so does
  /// what happened before the last apply().
  [[nodiscard]] Steps begins(Trigger trigger, BootTime at, BootTime now);
  [[nodiscard]] Steps ends(Trigger trigger, BootTime at, BootTime now);
  /// What is known of the motion that is active, to be told after begins(): joins the visit in progress, and those that
  /// begin while motion stays active. An empty zone is none.
  void note_motion(const std::string& zone, double score);
  /// To be called when next_deadline() has passed; more often does no harm.
  [[nodiscard]] Steps tick(BootTime now);
  std::optional<BootTime> next_deadline() const;
  const std::optional<Visit>& current() const noexcept { return visit_; }

  static constexpr std::chrono::seconds kLatest{60};

 private:
  struct Change {
    BootTime at{};
    Trigger trigger{};
    bool active = false;
  };
  /// A span of time in which no trigger came or went.
  struct Span {
    BootTime from{}, to{};
    TriggerSet active;
  };

  Steps change(const Change& change, BootTime now);
  Steps settle(BootTime now);
  void forget_before(BootTime time);
  std::vector<Span> spans() const;
  bool holds(const Span& span) const { return rules_.expression.holds(span.active); }
  BootTime limit() const;

  enum class Follows : std::uint8_t { kNone, kTheOneBefore };
  void begin_visit(const Span& span, Follows follows, Steps& steps);
  void end_visit(BootTime at, Steps& steps);
  bool open(const std::vector<Span>& spans, Steps& steps);
  void extend(const std::vector<Span>& spans);
  bool close(const std::vector<Span>& spans, Steps& steps);
  void take_note();

  VisitRules rules_;
  BootTime rules_since_{};
  BootTime now_{};               ///< of the last call
  TriggerSet active_;            ///< now
  TriggerSet before_;            ///< at known_from_
  BootTime known_from_{};        ///< `changes_` say what was since then
  std::vector<Change> changes_;  ///< in order of time
  std::optional<Visit> visit_;
  bool held_ = false;       ///< whether the visit in progress has lasted until now, with no gap
  BootTime ended_at_{};     ///< the visit before it
  BootTime cut_gap_end_{};  ///< until when a visit continues the one before, which was cut in its gap
  std::string zone_;        ///< of the motion that is active
  double score_ = 0;
};

}  // namespace nestbox
