#pragma once
/// The vision thread: looks at the analysis plane of the newest frame, and tells what moves and how bright it is.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nestbox/base/thread.h"
#include "nestbox/media/frame_ring.h"
#include "nestbox/options/options.h"
#include "nestbox/rules/light.h"
#include "nestbox/rules/motion_detector.h"
#include "nestbox/rules/motion_segment.h"

namespace nestbox {

struct VisionStatus {
  bool enabled = false;
  bool active = false;  ///< an event is open
  double score = 0, threshold = 0;
  std::uint64_t events = 0;   ///< since the start
  std::uint64_t dropped = 0;  ///< pictures that came while one was being looked at
};

/// The picture in which most was seen of an event so far, as a JPEG of the main picture.
struct BestMoment {
  std::shared_ptr<const std::string> jpeg;
  BootTime captured_at{};
  double score = 0;
};

/// One inbox of one frame, newest wins. Slates are not looked at, and the detector forgets what it had learnt when one
/// comes; so it does when the camera was set up anew. Thread-safe.
class VisionStage : public FrameSink {
 public:
  /// What changed (MotionReport::change is not kNone): on the vision thread; must not block. With kConfirmed and while
  /// the event is open, `best` may grow better: it comes again with each report that has one.
  struct Listener {
    std::function<void(const MotionReport&)> changed;
    std::function<void(const BestMoment&)> best;
    std::function<void(MotionSegment)> kept;  ///< what the detector saw around an event or a near miss, once it is over
    /// How bright the picture is, on the vision thread; must not block. At most every kLightInterval of picture time,
    /// whether motion is watched for or not; never of a slate. Empty: nobody wants to know.
    std::function<void(const LightSample&)> light = {};
  };
  static constexpr std::chrono::milliseconds kLightInterval{250};

  VisionStage(MotionOptions options, Listener listener);
  ~VisionStage() override;

  void start();
  /// Between two frames. What was learnt of the picture stays.
  void apply(MotionOptions options);
  /// Areas that are black on the analysis plane, whatever the light: left out of how bright it is. Between two frames.
  void hide(std::vector<Polygon> privacy);
  /// The open event goes on in another visit, which wants a picture of its own: whatever comes next is the best so far.
  void photograph_anew();
  /// Lamp, filter or camera are about to be switched: no event begins before switch_done(), nor within
  /// MotionDetector::kSwitchMax, whichever ends first; an open one goes on. Announced again, the time begins anew.
  void announce_switch();
  /// The picture has settled, and its background is learnt anew. Does nothing unless a switch was announced.
  void switch_done();
  void request_stop() noexcept;
  [[nodiscard]] bool join_until(BootTime deadline);
  void abandon();
  VisionStatus status() const;
  const Heartbeat& heartbeat() const noexcept;

  void offer(FrameLease frame) noexcept override;

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace nestbox
