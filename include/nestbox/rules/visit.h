#pragma once
/// A visit as the store, the command line and the page know it: one record, which motion, lid and notes join.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nestbox/base/clock.h"
#include "nestbox/rules/trigger_expression.h"

namespace nestbox {

struct VisitRecord {
  std::int64_t id = 0;  ///< 0: not in the store yet
  WallTime begin{};
  std::optional<WallTime> end;  ///< none while it lasts
  bool clock_trusted = true;    ///< whether the clock was set by the network at `begin`
  TriggerSet triggers;
  std::vector<std::string> zones;  ///< names, in the order of their first event
  double peak_score = 0;
  std::optional<std::int64_t> continues;  ///< the visit that reached visits.max_length and goes on in this one
  std::string clip, photo;                ///< relative to paths.state; empty: there is none (any more)
  std::optional<double> clip_lead_s;      ///< how long before `begin` its clip begins
  std::optional<double> best_s;           ///< the best moment, in seconds since `begin`
  bool starred = false;
  std::string notes, species;
  bool operator==(const VisitRecord&) const = default;
};

/// Whether its owner says that nothing was there: the species "none".
bool is_false_alarm(const VisitRecord& visit);

/// Why something that moved was held back from being an event, and since when it no longer was.
struct MotionReason {
  std::string code;  ///< held_back_name()
  double for_s = 0;  ///< how long, in all
  double ago_s = 0;  ///< the last time, before the event was confirmed; of a near miss, before its end
  bool operator==(const MotionReason&) const = default;
};

/// One motion event, or a near miss.
struct MotionRecord {
  std::optional<std::int64_t> visit;  ///< a near miss may belong to none
  bool near_miss = false;
  WallTime begin{}, end{};
  double area = 0;        ///< largest share of the picture, [0, 1]
  double peak_score = 0;  ///< as in the status
  double threshold = 0;
  std::string zone;  ///< empty: no zone is watched
  std::vector<MotionReason> reasons;
  bool operator==(const MotionRecord&) const = default;
};

/// "A moving area of 1.8 % in zone hole for 2.4 s; held back 0.6 s because lamp, filter or camera had been switched."
/// Of the visit's strongest event, and of its other triggers. Near misses among the events are passed over.
std::string why_sentence(const VisitRecord& visit, const std::vector<MotionRecord>& events);
/// One reason in words: "held back 0.6 s because lamp, filter or camera had been switched". Empty when nothing held it
/// back; a code that is not known stands as it is.
std::string reason_text(const MotionReason& reason);

}  // namespace nestbox
