#include "nestbox/vision/vision_stage.h"

#include <atomic>
#include <optional>
#include <utility>
#include <vector>

#include "best_moment.h"
#include "light_gauge.h"
#include "nestbox/base/bounded_queue.h"
#include "nestbox/base/mutex.h"

namespace nestbox {

/// Members are in three groups: shared and atomic, shared under the mutex, and the thread's own.
class VisionStage::Worker {
 public:
  Worker(MotionOptions options, Listener listener)
      : listener_(std::move(listener)),
        enabled_(options.enabled),
        next_options_(options),
        detector_(std::move(options)) {}

  void start() {
    thread_ = NamedThread("vision", [this] { run(); });
  }
  void offer(FrameLease frame) noexcept {
    if (!is_wanted(*frame)) return;
    if (inbox_.offer(std::move(frame))) dropped_.fetch_add(1, std::memory_order_relaxed);
  }
  void apply(MotionOptions options) EXCLUDES(mutex_) {
    Lock lock(mutex_);
    enabled_.store(options.enabled, std::memory_order_release);
    next_options_ = std::move(options);
  }
  void hide(std::vector<Polygon> privacy) EXCLUDES(mutex_) {
    Lock lock(mutex_);
    next_privacy_ = std::move(privacy);
  }
  void request_stop() noexcept { inbox_.close(); }
  bool join_until(BootTime deadline) { return !thread_.joinable() || thread_.join_until(deadline); }
  void abandon() {
    thread_.abandon();
    abandoned_ = true;
  }
  bool abandoned() const noexcept { return abandoned_; }
  VisionStatus status() const EXCLUDES(mutex_) {
    Lock lock(mutex_);
    auto status = status_;
    status.enabled = enabled_.load(std::memory_order_relaxed);
    status.dropped = dropped_.load(std::memory_order_relaxed);
    return status;
  }
  const Heartbeat& heartbeat() const noexcept { return heartbeat_; }

  void photograph_anew() noexcept { photograph_anew_.store(true, std::memory_order_relaxed); }
  void announce_switch() EXCLUDES(mutex_) {
    Lock lock(mutex_);
    switch_ = Switch::kAnnounced;
    announced_ = true;
  }
  void switch_done() EXCLUDES(mutex_) {
    Lock lock(mutex_);
    if (std::exchange(announced_, false)) switch_ = Switch::kDone;
  }

 private:
  enum class Switch : std::uint8_t { kNone, kAnnounced, kDone };

  /// While motion is not watched for, a picture costs one look at two atomics, but for those that tell of the light.
  bool is_wanted(const Frame& frame) noexcept {
    if (enabled_.load(std::memory_order_acquire) || open_.load(std::memory_order_acquire)) return true;
    return listener_.light && frame.content != Content::kSlate &&
           is_due(frame, light_told_.load(std::memory_order_relaxed));
  }
  /// Stamps of another source may lie before those of the last one.
  static bool is_due(const Frame& frame, BootTime last) noexcept {
    return frame.captured_at < last || frame.captured_at - last >= kLightInterval;
  }

  void run() {
    while (auto lease = inbox_.pop()) {
      const AtWork at_work(heartbeat_);
      take_orders((*lease)->captured_at);
      tell_light(**lease);
      if (!enabled_.load(std::memory_order_acquire) || (*lease)->content == Content::kSlate) {
        forget();
      } else {
        look(**lease);
      }
    }
    forget();
  }

  /// By the picture's own time, which is all that the detector knows.
  void take_orders(BootTime captured_at) EXCLUDES(mutex_) {
    Switch order{};
    {
      Lock lock(mutex_);
      order = std::exchange(switch_, Switch::kNone);
      if (next_options_ != detector_.options()) detector_.apply(next_options_);
      if (next_privacy_) gauge_.hide(*std::exchange(next_privacy_, std::nullopt));
    }
    if (order == Switch::kAnnounced) detector_.announce_switch(captured_at);
    if (order == Switch::kDone) detector_.switch_done(captured_at);
  }

  void tell_light(const Frame& frame) {
    if (!listener_.light || frame.content == Content::kSlate) return;
    if (!is_due(frame, light_told_.load(std::memory_order_relaxed))) return;
    light_told_.store(frame.captured_at, std::memory_order_relaxed);
    if (const auto sample = gauge_.look(frame)) listener_.light(*sample);
  }

  // What stood before the camera may be another thing when its picture comes back.
  void forget() EXCLUDES(mutex_) {
    const auto cut_off = detector_.forget();
    MotionReport report;
    if (cut_off) {
      report.change = MotionReport::Change::kEnded;
      report.event = *cut_off;
    }
    note(report);
    if (cut_off) listener_.changed(report);
    keep(segmenter_.finish(cut_off));
  }

  void keep(std::optional<MotionSegment> segment) {
    if (!segment) return;
    segment->begin_wall = wall_now() - (BootClock::now() - segment->begin);
    listener_.kept(std::move(*segment));
  }

  void look(const Frame& frame) EXCLUDES(mutex_) {
    const auto& plane = frame.analysis;
    const MotionPlane looked_at{plane.data, plane.width, plane.height, plane.stride, frame.captured_at};
    const auto report = detector_.update(looked_at);
    note(report);
    const bool anew = photograph_anew_.exchange(false, std::memory_order_relaxed);
    if (anew || report.change == MotionReport::Change::kConfirmed) best_.begin();
    if (report.change != MotionReport::Change::kNone) listener_.changed(report);
    keep(segmenter_.see(looked_at, report));
    if (report.state != MotionState::kActive) return;
    if (const auto best = best_.look(frame, report.score)) listener_.best(*best);
  }

  void note(const MotionReport& report) EXCLUDES(mutex_) {
    open_.store(report.state == MotionState::kActive, std::memory_order_release);
    Lock lock(mutex_);
    status_.active = report.state == MotionState::kActive;
    status_.score = report.score;
    status_.threshold = report.threshold;
    if (report.change == MotionReport::Change::kConfirmed) ++status_.events;
  }

  const Listener listener_;
  BoundedQueue<FrameLease> inbox_{1};
  Heartbeat heartbeat_;
  std::atomic<bool> enabled_;
  std::atomic<bool> open_{false};  ///< an event: the next frame ends it where motion has been switched off
  std::atomic<BootTime> light_told_{BootTime{}};  ///< stamp of the last picture whose light was told
  std::atomic<bool> photograph_anew_{false};
  std::atomic<std::uint64_t> dropped_{0};

  mutable Mutex mutex_;
  MotionOptions next_options_ GUARDED_BY(mutex_);
  std::optional<std::vector<Polygon>> next_privacy_ GUARDED_BY(mutex_);
  Switch switch_ GUARDED_BY(mutex_) = Switch::kNone;  ///< the newest that the thread does not know of yet
  bool announced_ GUARDED_BY(mutex_) = false;         ///< and not done
  VisionStatus status_ GUARDED_BY(mutex_);

  MotionDetector detector_;
  MotionSegmenter segmenter_;
  vision::BestMomentFinder best_;
  vision::LightGauge gauge_;

  NamedThread thread_;
  bool abandoned_ = false;
};

VisionStage::VisionStage(MotionOptions options, Listener listener)
    : worker_(std::make_unique<Worker>(std::move(options), std::move(listener))) {}

VisionStage::~VisionStage() {
  if (worker_->abandoned()) static_cast<void>(worker_.release());  // its thread may still use it
}

void VisionStage::start() {
  worker_->start();
}
void VisionStage::apply(MotionOptions options) {
  worker_->apply(std::move(options));
}
void VisionStage::hide(std::vector<Polygon> privacy) {
  worker_->hide(std::move(privacy));
}
void VisionStage::photograph_anew() {
  worker_->photograph_anew();
}
void VisionStage::announce_switch() {
  worker_->announce_switch();
}
void VisionStage::switch_done() {
  worker_->switch_done();
}
void VisionStage::request_stop() noexcept {
  worker_->request_stop();
}
bool VisionStage::join_until(BootTime deadline) {
  return worker_->join_until(deadline);
}
void VisionStage::abandon() {
  worker_->abandon();
}
VisionStatus VisionStage::status() const {
  return worker_->status();
}
const Heartbeat& VisionStage::heartbeat() const noexcept {
  return worker_->heartbeat();
}
void VisionStage::offer(FrameLease frame) noexcept {
  worker_->offer(std::move(frame));
}

}  // namespace nestbox
