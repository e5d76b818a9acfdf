#pragma once
/// What moves in front of the camera: from analysis planes to events, with the reasons for each.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nestbox/base/clock.h"
#include "nestbox/options/options.h"

namespace nestbox {

/// One picture as the detector takes it: borrowed 8-bit luma, BT.709 limited range; row r is data[r * stride] .. data[r
/// * stride + width).
struct MotionPlane {
  const std::uint8_t* data = nullptr;
  int width = 0, height = 0, stride = 0;
  BootTime captured_at{};
};

/// Why something that moved was no event yet, or none at all.
enum class HeldBack : std::uint8_t {
  kNothing,
  kLearning,  ///< the detector had just started and did not know the picture yet
  kSwitch,    ///< lamp, filter or camera were switched, as announced
  kLight,     ///< much of the picture changed at once, or exposure moved
  kTooSmall,  ///< smaller than min_area
  kTooShort,  ///< gone before min_duration, or before it was sure
  kErratic,   ///< jumped from place to place as insects and rain do
};
inline constexpr std::size_t kHeldBackReasons = 6;  ///< without kNothing
std::string_view held_back_name(HeldBack reason) noexcept;

/// One reason of one event: how long it held the event back in all, and when it last did.
struct HeldBackTime {
  HeldBack reason = HeldBack::kNothing;
  std::chrono::nanoseconds total{};
  BootTime last{};
};

/// An event, or a near miss.
struct MotionEvent {
  BootTime begin{};      ///< first picture on which it moved
  BootTime confirmed{};  ///< picture that made an event of it; a near miss has none
  BootTime end{};        ///< last picture on which it moved
  double peak_area = 0;  ///< largest share of the picture that it covered, [0, 1]
  double peak_score = 0;
  double threshold = 0;                     ///< that the score had to pass when it was confirmed
  int zone = -1;                            ///< of MotionOptions::zones, where most of it was; -1: no zone is watched
  HeldBack held_back = HeldBack::kNothing;  ///< what kept it longest from being an event
  /// All that kept it from being an event while it moved, the longest first; from the first kNothing on, unused.
  std::array<HeldBackTime, kHeldBackReasons> reasons{};
};

enum class MotionState : std::uint8_t {
  kLearning,  ///< gets to know the picture: no event begins
  kQuiet,
  kCandidate,  ///< something moves and may become an event
  kActive,     ///< an event is open
};

struct MotionReport {
  enum class Change : std::uint8_t { kNone, kConfirmed, kEnded, kNearMiss };
  MotionState state = MotionState::kLearning;
  double score = 0;        ///< moving area in per cent of the picture, weighed by how sure it is
  double threshold = 0;    ///< what a score has to pass for min_duration
  double moving_area = 0;  ///< share of the picture, [0, 1]
  HeldBack held_back = HeldBack::kNothing;
  Change change = Change::kNone;
  MotionEvent event;  ///< with kConfirmed and kEnded the event, with kNearMiss what was none; else the open one
};

/// The cells that the picture is looked at in, from its upper left corner; what they leave of the right and lower edge,
/// less than a cell, is not looked at.
struct MotionGrid {
  int columns = 0, rows = 0;
  int cell_pixels = 0;  ///< edge of a cell, in pixels of the plane
};

/// See docs/design/motion.md for how it works and what each part of it brings. Pure: time comes with the planes.
/// Memory is taken by the first plane of a size and never again for a picture. Thread-bound.
class MotionDetector {
 public:
  explicit MotionDetector(MotionOptions options);
  ~MotionDetector();
  MotionDetector(MotionDetector&&) noexcept;
  MotionDetector& operator=(MotionDetector&&) noexcept;

  /// New options. What was learnt of the picture stays; an open event does too.
  void apply(MotionOptions options);

  /// Stamps rise. A plane of another size starts anew, and one below 32x32 is passed over.
  MotionReport update(const MotionPlane& plane);

  /// Lamp, filter or camera are about to be switched: until switch_done(), but for at most kSwitchMax, no event begins,
  /// and an open one stays.
  void announce_switch(BootTime now);
  void switch_done(BootTime now);

  /// The picture is another one from here on (camera turned, source rebuilt): what was learnt of it goes. The event
  /// that was open, if any, ends with that, and is given back; with a plane of another size it is in the next report.
  std::optional<MotionEvent> forget();

  const MotionOptions& options() const noexcept;

  /// Of the last plane; empty before the first.
  MotionGrid grid() const noexcept;
  /// Whether a cell of the grid differs and moves on the last plane, be it an event, a leaf or noise.
  bool moves_at(int column, int row) const noexcept;

  static constexpr std::chrono::seconds kSwitchMax{10};
  /// An event ends when nothing has moved for so long.
  static constexpr std::chrono::milliseconds kEventGap{1200};

 private:
  class Body;
  std::unique_ptr<Body> body_;
};

}  // namespace nestbox
