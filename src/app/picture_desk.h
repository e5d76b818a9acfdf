#pragma once
#include <atomic>
#include <functional>
#include <vector>

#include "focus.h"
#include "jobs.h"
#include "nestbox/base/mutex.h"
#include "nestbox/media/frame_ring.h"
#include "nestbox/options/ports.h"

namespace nestbox {

/// Pictures on request: takes the next frame when somebody has asked, and makes its JPEG on the jobs thread. It holds
/// at most one frame. Costs one atomic look a frame while nobody asks. Thread-safe.
class PictureDesk : public FrameSink, public PictureTaker {
 public:
  /// `expiry_wanted` asks the owner to call expire() after the time given.
  using ExpiryWanted = std::function<void(std::chrono::milliseconds)>;
  PictureDesk(Jobs& jobs, ExpiryWanted expiry_wanted) : jobs_(jobs), expiry_wanted_(std::move(expiry_wanted)) {}

  void offer(FrameLease frame) noexcept override;
  void take_picture(std::function<void(Result<Picture>)> done) override;
  void take_centre(std::function<void(Result<Picture>)> done) override;
  /// The next frame's figure. `done` runs once, on the jobs thread, and must not block. Errors: as take_picture().
  void take_focus(std::function<void(Result<FocusFigure>)> done);
  /// Answers kTimeout to everybody who has waited for too long.
  void expire();

 private:
  /// One of the three is wanted.
  struct Request {
    std::function<void(Result<Picture>)> picture, centre;
    std::function<void(Result<FocusFigure>)> focus;
    BootTime asked_at;
  };
  void ask(const Request& request);
  static void refuse(const Request& request, const Error& why);
  /// False when too many wait already.
  bool enqueue(const Request& request) EXCLUDES(mutex_);
  void develop(const FrameLease& frame, const std::vector<Request>& requests) noexcept;

  Jobs& jobs_;
  const ExpiryWanted expiry_wanted_;
  std::atomic<bool> wanted_{false};
  Mutex mutex_;
  std::vector<Request> waiting_ GUARDED_BY(mutex_);
  bool developing_ GUARDED_BY(mutex_) = false;
};

}  // namespace nestbox
