#pragma once
/// The encode thread itself.
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "encode/alsa_pcm.h"
#include "encode/audio_track.h"
#include "encode/keyframe_clock.h"
#include "encode/video_encoder.h"
#include "nestbox/base/bounded_queue.h"
#include "nestbox/base/mutex.h"
#include "nestbox/encode/encode_stage.h"

namespace nestbox {

/// Members are in three groups: shared and atomic, shared under the mutex, and the thread's own.
///
///              a sink joins, the next picture                a picture is encoded
///   [sleeping] ------------------------------> [encoding] <-----------------------> [waiting for a picture]
///        ^                                      |      ^
///        | the last sink left                   | error| the next picture after 1, 2, 4 ... 30 s
///        +--------------------------------------+      v
///                                               [failed]
class EncodeStage::Worker {
 public:
  Worker(std::string thread_name, Setup setup, PcmOpener open_microphone = open_alsa);

  void start();
  void offer(FrameLease frame) noexcept;
  void apply(Setup setup) EXCLUDES(mutex_);
  void set_bitrate(std::int64_t bitrate_bps) noexcept { wanted_bps_.store(bitrate_bps, std::memory_order_relaxed); }
  PacketHub& hub() noexcept { return hub_; }
  void request_stop() noexcept;
  void join();
  bool join_until(BootTime deadline);
  void abandon();
  bool abandoned() const noexcept { return abandoned_; }
  EncodeStatus status() const EXCLUDES(mutex_);
  const Heartbeat& heartbeat() const noexcept { return heartbeat_; }

 private:
  void run();
  void process(FrameLease lease);
  void take_setup() EXCLUDES(mutex_);
  bool stamp_is_usable(BootTime stamp);
  /// Whether there are an encoder of the picture's shape and an audio track, made now if need be.
  bool ready(const ImageView& shape);
  Result<void> build(const ImageView& shape);
  void announce();
  void adapt_bitrate();
  PictureKind choose_kind(BootTime stamp);
  void note_sound() EXCLUDES(mutex_);
  void failed(const Error& error) EXCLUDES(mutex_);
  void recovered() EXCLUDES(mutex_);

  static constexpr std::size_t kInboxFrames = 2;

  const std::string thread_name_;
  const PcmOpener open_microphone_;
  BoundedQueue<FrameLease> inbox_{kInboxFrames};
  Heartbeat heartbeat_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> keyframe_wanted_{false};
  std::atomic<bool> slept_{false};  ///< pictures were refused since the last one encoded, because nobody took packets
  std::atomic<bool> setup_changed_{false};
  std::atomic<bool> has_failed_{false};
  std::atomic<std::int64_t> wanted_bps_{std::numeric_limits<std::int64_t>::max()};
  std::atomic<std::int64_t> told_bps_{0};
  std::atomic<std::uint64_t> encoded_{0};
  std::atomic<std::uint64_t> dropped_{0};
  PacketHub hub_;

  mutable Mutex mutex_;
  Setup next_setup_ GUARDED_BY(mutex_);
  std::string last_error_ GUARDED_BY(mutex_);
  std::string sound_trouble_ GUARDED_BY(mutex_);

  Setup setup_;
  std::unique_ptr<VideoEncoder> encoder_;
  std::unique_ptr<AudioTrack> audio_;
  bool audio_is_current_ = false;
  std::optional<StreamInfo> announced_;
  KeyframeClock keyframes_;
  std::optional<BootTime> last_stamp_;
  BootTime retry_at_{};
  std::chrono::seconds retry_after_{};

  NamedThread thread_;
  bool abandoned_ = false;
};

}  // namespace nestbox
