#pragma once
/// Traces of what happened, kept so that other settings can be tried on it.
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nestbox/base/clock.h"
#include "nestbox/base/result.h"
#include "nestbox/options/options.h"
#include "nestbox/rules/motion_detector.h"
#include "nestbox/rules/motion_trace.h"

namespace nestbox {

struct MotionSpan {
  BootTime begin{}, end{};
};

/// What the detector saw around one event or several, or around a near miss, and some seconds before it.
struct MotionSegment {
  BootTime begin{}, end{};
  BootTime counts_from{};                ///< before that is another segment's time: only there to learn the picture by
  WallTime begin_wall{};                 ///< the wall clock at `begin`
  std::vector<MotionSpan> events, near;  ///< as they were told then
  std::string trace;                     ///< for MotionTraceReader

  bool has_event() const noexcept { return !events.empty(); }
};

/// As it stands in a file: a few lines of text, then the trace.
std::string encode(const MotionSegment& segment);
/// Errors: kInvalidArgument for what is no such file.
Result<MotionSegment> decode_segment(std::string_view file);

/// Cuts segments out of what a detector sees: about a byte a cell and picture of the last kLeadIn seconds is all that
/// it holds in between. Thread-bound.
class MotionSegmenter {
 public:
  /// To be called with every plane and what the detector said of it. The segment that ended with it, if any:
  /// `begin_wall` is left to the caller.
  std::optional<MotionSegment> see(const MotionPlane& plane, const MotionReport& report);
  /// The pictures stop here (another source, the end): what was being kept, with the event that was cut off by it.
  std::optional<MotionSegment> finish(const std::optional<MotionEvent>& cut_off = {});

  static constexpr std::chrono::seconds kLeadIn{8};  ///< what a detector needs to know the picture again
  static constexpr std::chrono::seconds kAfterwards{2};
  static constexpr std::chrono::seconds kLongest{60};  ///< the beginning of a longer event says enough
  static constexpr std::chrono::seconds kNearMissEvery{60};

 private:
  void note(const MotionPlane& plane, const MotionReport& report);
  void append(const MotionPlane& plane);
  void drop_old(BootTime now);

  std::deque<MotionTraceChunk> chunks_;
  std::optional<BootTime> keep_until_;  ///< while a segment is being kept
  bool too_long_ = false;               ///< the open event's segment has been cut off
  BootTime counts_from_{}, next_near_miss_{};
  std::vector<MotionSpan> events_, near_;
};

/// The events that a detector with these settings finds in a segment.
Result<std::vector<MotionSpan>> replay(const MotionSegment& segment, const MotionOptions& options);

/// How settings do on what happened. An event is real unless its owner says that nothing was there.
struct ReplayScore {
  int caught = 0, missed = 0;  ///< real events
  int wrong = 0;               ///< events where there was nothing
  bool operator==(const ReplayScore&) const = default;
};
/// `real` and `found` of the same segment.
ReplayScore score(const std::vector<MotionSpan>& real, const std::vector<MotionSpan>& found);

}  // namespace nestbox
