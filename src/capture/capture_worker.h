#pragma once
/// The capture thread itself.
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "frame_source.h"
#include "nestbox/base/bounded_queue.h"
#include "nestbox/base/mutex.h"
#include "nestbox/base/thread.h"
#include "nestbox/capture/capture_stage.h"
#include "nestbox/rules/rebuild_limit.h"
#include "picture_stamper.h"

namespace nestbox::capture {

using CaptureSetup = CaptureStage::Setup;
/// Makes the source that a setup asks for; a libcamera or a test's source comes in here.
using SourceMaker = std::function<Result<std::unique_ptr<FrameSource>>(const CaptureSetup&)>;

/// The maker of the product: cameras, files, scenes, slates. It keeps the camera library between two sources.
SourceMaker make_source_maker();

/// Pictures published a second, over the last seconds. Thread-bound.
class RateMeter {
 public:
  void count(BootTime now) noexcept;
  double per_second(BootTime now) const noexcept;

 private:
  static constexpr std::size_t kKept = 128;
  std::array<BootTime, kKept> times_{};
  std::size_t counted_ = 0;
};

/// One started source with its ring.
struct Session {
  std::unique_ptr<FrameSource> source;
  SourceFormat format;
  std::shared_ptr<FrameRing> ring;
  std::unique_ptr<PictureStamper> stamper;
  std::optional<FilledSlot> waiting;  ///< made, and not yet due
  std::uint64_t sequence_base = 0;
  std::optional<BootClock::duration> stamp_shift;  ///< set with the first picture, so that stamps always grow
  std::uint64_t next_source_sequence = 0;
  std::uint64_t notes_revision = 0;
  BootTime started_at{};
  BootTime alive_at{};  ///< last time a picture came, or could not for want of a buffer
  bool is_fallback = false;
};

/// See CaptureStage.
///
///   [absent] -- started --> [running] -- no picture for max(2 s, 3 frame times) --> [stalled]
///      ^ slate, retried         |                                                      | slate, restarted
///      +------- failed, ended --+-------------------------------------------------------+
class CaptureWorker {
 public:
  CaptureWorker(std::string thread_name, CaptureSetup setup, std::vector<std::shared_ptr<FrameSink>> sinks,
                SourceMaker maker = make_source_maker());
  ~CaptureWorker();

  void start();
  void apply(CaptureSetup setup) EXCLUDES(mutex_);
  void set_lights(const SceneLights& lights) EXCLUDES(mutex_);
  void request_stop() noexcept { inbox_->queue.close(); }
  bool join_until(BootTime deadline) { return !thread_.joinable() || thread_.join_until(deadline); }
  void abandon();
  bool abandoned() const noexcept { return abandoned_; }
  CaptureStatus status() const EXCLUDES(mutex_);
  const Heartbeat& heartbeat() const noexcept { return heartbeat_; }

 private:
  struct Message {
    enum class Kind : std::uint8_t { kSlotReturned, kSetupChanged, kSourceReady };
    Kind kind = Kind::kSetupChanged;
    std::uint64_t session = 0;
    SlotIndex slot = 0;
  };
  /// Outlives the worker while a lease does: the last lease may die at any time, on any thread.
  struct Inbox {
    static constexpr std::size_t kCapacity = 64;
    BoundedQueue<Message> queue{kCapacity};
    std::atomic<std::uint64_t> session{0};  ///< whose slots are wanted; those of rings past are let go
    std::atomic<bool> ready{false};         ///< a kSourceReady is in the queue: one is enough
  };
  static std::shared_ptr<FrameRing> make_ring(const SourceFormat& format, const std::shared_ptr<Inbox>& inbox,
                                              std::uint64_t session);
  static FrameSource::Wake make_wake(const std::shared_ptr<Inbox>& inbox);
  void run();
  void handle(const Message& message);
  void change_setup();
  BootTime wake_time() const;
  void work(BootTime now);
  void make_picture(BootTime now);
  void pass_lights() EXCLUDES(mutex_);
  void publish(BootTime now);
  void check_for_stall(BootTime now);

  Result<void> open(std::unique_ptr<FrameSource> source, bool is_fallback);
  Result<std::unique_ptr<PictureStamper>> make_stamper(const SourceFormat& format) const;
  void try_source(BootTime now);
  void schedule_retry(ErrorKind kind, bool is_device, BootTime now);
  void source_failed(const Error& error, CameraState state, bool is_device, BootTime now);
  void give_up_session(const Error& error, CameraState state, BootTime now);
  void show_slate();
  void restart(BootTime now);
  bool close_session();  ///< whether its source is lost to this process
  void say(CameraState state, const std::string& error) EXCLUDES(mutex_);
  void refresh_notes() EXCLUDES(mutex_);
  BootTime stall_time() const;

  const std::string name_;
  const std::vector<std::shared_ptr<FrameSink>> sinks_;
  const SourceMaker maker_;
  const std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  Heartbeat heartbeat_;
  NamedThread thread_;
  bool abandoned_ = false;

  // Of the capture thread.
  CaptureSetup setup_;
  std::optional<Session> session_;
  std::uint64_t sessions_ = 0;
  std::uint64_t next_sequence_ = 0;
  BootTime last_stamp_ = BootTime::min();
  std::optional<BootTime> retry_at_;  ///< empty while the source runs, or has ended for good
  std::chrono::seconds retry_delay_{1};
  RebuildLimit rebuild_limit_;
  WallTime last_picture_at_{};
  BootTime notes_refreshed_at_{};

  mutable Mutex mutex_;
  CaptureStatus status_ GUARDED_BY(mutex_);
  RateMeter rate_ GUARDED_BY(mutex_);
  std::optional<CaptureSetup> next_setup_ GUARDED_BY(mutex_);
  std::optional<SceneLights> lights_ GUARDED_BY(mutex_);
};

}  // namespace nestbox::capture
