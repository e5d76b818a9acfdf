#pragma once
/// Live sound: a thread that listens, and the encode thread's end, which lays it beside the pictures.
#include <memory>
#include <optional>
#include <string>

#include "encode/pcm_device.h"
#include "encode/sound_source.h"
#include "nestbox/base/bounded_queue.h"
#include "nestbox/base/mutex.h"
#include "nestbox/base/thread.h"
#include "nestbox/rules/drift_control.h"

namespace nestbox {

/// The thread. The device is open only while somebody listens: nobody is heard by a box that nobody asks.
///
///              listen()                       opened
///   [asleep] -----------> [opening, each 2 s] --------> [listening] -- gone --> [opening]
///       ^------ no listen() for 3 s --------------------------+
class MicrophoneThread {
 public:
  MicrophoneThread(std::string device, PcmOpener opener);
  ~MicrophoneThread();

  struct Listened {
    std::optional<PcmBlock> block;  ///< the oldest that waits
    int rate_hz = 0;                ///< of the block
    std::optional<Error> error;     ///< why there is no sound at present
  };
  /// Never waits. Thread-safe.
  Listened listen() EXCLUDES(mutex_);

 private:
  struct Captured {
    PcmBlock block;
    int rate_hz = 0;
  };
  void run();
  bool wanted() EXCLUDES(mutex_);
  void sleep_until_wanted() EXCLUDES(mutex_);
  void open() EXCLUDES(mutex_);
  void capture() EXCLUDES(mutex_);
  void fail_with(Error error) EXCLUDES(mutex_);

  const std::string device_;
  const PcmOpener opener_;
  BoundedQueue<Captured> heard_;
  std::unique_ptr<PcmDevice> pcm_;  ///< of the thread

  mutable Mutex mutex_;
  Condition changed_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  BootTime listened_at_ GUARDED_BY(mutex_){};
  std::optional<Error> error_ GUARDED_BY(mutex_);
  NamedThread thread_;
};

/// The sound of a moment is kLag old: what is being said while a picture is taken reaches us only after it. With the
/// AAC encoder's own frame it comes 113 ms after its picture; from 125 ms on a viewer could notice (ITU-R BT.1359-1).
class Microphone final : public SoundSource {
 public:
  static constexpr std::chrono::milliseconds kLag{90};
  /// Further off than this, sound leaps instead of being stretched.
  static constexpr std::chrono::milliseconds kLeap{60};

  /// `device`: what follows "alsa:".
  Microphone(std::string device, PcmOpener opener);

  Result<Heard> read(AVFrame& samples, BootTime stamp) override;
  std::chrono::seconds retry_after() const override { return std::chrono::seconds(1); }
  std::string name() const override { return "alsa:" + device_; }

 private:
  Result<void> take_in(const PcmBlock& block, int rate_hz);
  Result<void> make_resampler(int rate_hz);
  void empty();
  void align(BootTime wanted_at);
  int waiting() const;
  BootTime begins_at() const;
  void follow_drift(std::chrono::nanoseconds ahead);

  const std::string device_;
  MicrophoneThread thread_;
  int rate_hz_ = 0;
  av::Resampler resampler_;
  av::AudioFifo fifo_;  ///< resampled, not yet taken
  av::FramePtr resampled_ = av::make_frame();
  bool aligned_ = false;  ///< the next sample is the one that is wanted, but for drift
  BootTime ends_at_{};    ///< capture time of the end of the newest block
  DriftControl drift_;
};

}  // namespace nestbox
