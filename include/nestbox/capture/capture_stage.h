#pragma once
/// The capture thread: drives one source, blacks out privacy areas, stamps the text, publishes through the ring.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nestbox/base/thread.h"
#include "nestbox/base/time_zone.h"
#include "nestbox/capture/scene_lights.h"
#include "nestbox/media/frame_ring.h"
#include "nestbox/options/options.h"

namespace nestbox {

enum class CameraState : std::uint8_t { kRunning, kStalled, kAbsent, kBusy };

/// Where a motor can set the lens, in dioptres.
struct LensRange {
  double min = 0, max = 0;
};

struct CaptureStatus {
  std::string source;  ///< what delivers: "scene:7", "file:/clips/owl.mp4"; never a simulation under another name
  CameraState state = CameraState::kAbsent;
  int width = 0, height = 0;
  double fps = 0;                  ///< measured over the last seconds
  std::uint64_t frames = 0;        ///< published by the source; slates in its place are not counted
  std::uint64_t frames_lost = 0;   ///< due, and not published: no free slot, or the source skipped
  std::uint64_t rebuilds = 0;      ///< times a running source failed or fell silent and was given up
  std::optional<LensRange> lens;   ///< of a running camera whose lens has a motor
  bool needs_fresh_start = false;  ///< a camera comes back in a new process alone, if at all
  std::string last_error;
  std::vector<std::string> notes;  ///< settings this source cannot follow: "camera.shutter: a file has no shutter"
};

/// Tells libcamera's tuning file and how much it logs, both of which it reads from the environment. Once, before the
/// process has other threads.
void prepare_camera_library(const CameraOptions& options);

/// How many pictures a source must have room for, so that nobody who holds some can starve it.
std::size_t picture_slots_needed() noexcept;

/// Its pictures' stamps and sequences always grow, whatever source they come from. While the source is absent, has
/// failed or has ended, a slate ("NAME / no picture since 12:04", Content::kSlate) goes the same way at 2 pictures a
/// second; what may come back is tried again, after 2 s where there was nothing, else after 1, 2, 4 .. 30 s (a camera
/// that stalled or is in use by another program: 1, 2, 4 s, then every 4 s).
///
/// Thread-safe. Lives as: construct, start(), request_stop(), join_until(); sinks must outlive the join.
class CaptureStage {
 public:
  /// What the picture is to be. A slate stage shows `slate_text` and never opens a camera.
  struct Setup {
    CameraOptions camera;
    std::vector<Polygon> privacy;
    OverlayOptions overlay;
    std::string box_name;  ///< {name} of the text
    TimeZone time_zone = TimeZone::utc();
    std::filesystem::path scene_truth;  ///< where a scene writes its truth when it ends; empty: nowhere
    bool slate = false;
    std::string slate_text;
  };
  CaptureStage(std::string thread_name, Setup setup, std::vector<std::shared_ptr<FrameSink>> sinks);
  ~CaptureStage();

  void start();
  /// Takes effect between two frames. What only changes text, privacy or colours does not restart the source.
  void apply(Setup setup);
  /// From the next picture on, and for each scene that comes after it; until then a scene switches a lamp of its own.
  /// Sources that are not simulated do not care.
  void set_lights(const SceneLights& lights);
  void request_stop() noexcept;
  [[nodiscard]] bool join_until(BootTime deadline);
  void abandon();

  CaptureStatus status() const;
  const Heartbeat& heartbeat() const;

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace nestbox
