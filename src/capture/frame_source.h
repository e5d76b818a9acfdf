#pragma once
/// What the capture thread drives: a camera, a file, a scene, a slate.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nestbox/base/clock.h"
#include "nestbox/base/result.h"
#include "nestbox/capture/capture_stage.h"
#include "nestbox/media/frame.h"
#include "nestbox/media/frame_ring.h"
#include "nestbox/options/options.h"

namespace nestbox::capture {

/// What a started source delivers until it is stopped.
struct SourceFormat {
  int width = 0, height = 0;  ///< of the main picture
  int analysis_width = 0, analysis_height = 0;
  std::size_t slots = 0;                  ///< buffers it has; they never change
  std::shared_ptr<const void> memory;     ///< keeps the buffers readable; the ring owns a share
  std::chrono::nanoseconds frame_time{};  ///< expected time between two pictures; a stall is measured against it
  Content content = Content::kLive;
  std::optional<LensRange> lens{};  ///< of a camera whose lens has a motor
};

/// A picture in a slot, not yet published: the capture thread may still paint on it.
struct FilledSlot {
  SlotIndex slot = 0;
  std::uint64_t sequence = 0;  ///< counts from 0 at start(); a gap counts pictures that were due and not made
  BootTime due{};              ///< when it is to be published; may lie ahead
  BootTime captured_at{};
  MutableImage main;
  MutablePlane analysis;
  int main_dmabuf_fd = -1;
  std::optional<std::chrono::nanoseconds> exposure;
  std::optional<float> gain, lux;
  std::optional<int> focus_measure;
  std::optional<float> lens_position;
};

inline constexpr int kStepsInOnePoll = 8;  ///< bounds one FrameSource::poll()

/// What there is between two pictures when `framerate` of them come in a second.
inline std::chrono::nanoseconds frame_interval(int framerate) {
  return std::chrono::nanoseconds(std::chrono::seconds(1)) / std::max(1, framerate);
}

enum class Adjusted : std::uint8_t { kTaken, kNeedsRestart };

/// Thread-bound to the capture thread.
///
///   [idle] -- start() --> [started] -- stop() --> [idle]; poll, give_back and adjust only while started.
///
/// A picture is made ahead of its time, into a free slot, so that neither decoding nor painting is in the latency.
class FrameSource {
 public:
  /// Makes the capture thread poll soon. Thread-safe, never blocks.
  using Wake = std::function<void()>;
  virtual ~FrameSource() = default;

  /// Before start(), for a source whose pictures come from another thread.
  virtual void set_wake(const Wake& /*wake*/) {}
  /// Opens what there is to open and allocates every buffer. Errors: kNotFound when there is nothing (looking again is
  /// cheap); kBusy when another program has it; any other kind is retried at growing intervals.
  virtual Result<SourceFormat> start() = 0;
  /// The next picture; empty when there is none yet. Never waits. At most one picture is taken and not yet published.
  /// Errors: kExhausted when the source has come to its end and is not to be started again; all others: it failed.
  virtual Result<std::optional<FilledSlot>> poll(BootTime now) = 0;
  /// The picture of the last poll() has been painted on; nobody writes into it any more.
  virtual void painted(SlotIndex /*slot*/) {}
  /// When poll() is worth calling although no slot came back; BootTime::max() when it is not.
  virtual BootTime next_due() const = 0;
  /// Whether it waits for a slot to come back, and not for a picture: its silence is then no stall.
  virtual bool wants_slot() const = 0;
  /// A published slot that nobody holds any more.
  virtual void give_back(SlotIndex slot) = 0;
  /// New settings while it runs. kNeedsRestart leaves the source as it was.
  virtual Adjusted adjust(const CameraOptions& options) = 0;
  /// For a source that simulates them; before each picture, once they are known.
  virtual void set_lights(const SceneLights& /*lights*/) {}
  virtual void stop() = 0;
  /// After stop(): it cannot be started again in this process, and neither can another one of its kind.
  virtual bool needs_fresh_start() const { return false; }
  /// Whether it is a piece of hardware, which a new process may bring back where a restart of the source does not.
  virtual bool is_device() const { return false; }

  /// What is seen in `nestbox status`: "scene:7".
  virtual std::string name() const = 0;
  /// Settings that it cannot follow, in sentences: "camera.shutter: a file has no shutter; it has no effect".
  virtual std::vector<std::string> notes() const = 0;
  /// Grows when notes() has something new to say.
  virtual std::uint64_t notes_revision() const = 0;
};

}  // namespace nestbox::capture
