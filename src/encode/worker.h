#pragma once
/// The encode thread itself.
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "encode/audio_track.h"
#include "encode/encoder_choice.h"
#include "encode/keyframe_clock.h"
#include "encode/video_encoder.h"
#include "nestbox/base/bounded_queue.h"
#include "nestbox/base/file.h"
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
  Worker(std::string thread_name, Setup setup, std::shared_ptr<CodecDevices> devices);

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
  void wake() noexcept;
  /// Waits; meanwhile takes what the encoder has finished. Empty when the stage is to stop.
  std::optional<FrameLease> next_picture();
  void wait_for_encoder(int wake_fd);
  void process(FrameLease lease);
  /// Takes what the encoder has ready. Whether that was anything.
  bool collect();
  void deliver(const Packet& packet);
  /// Takes what the encoder still has before it is replaced.
  void finish_pictures();
  void take_setup() EXCLUDES(mutex_);
  bool stamp_is_usable(BootTime stamp);
  /// Whether there are an encoder of the picture's shape and an audio track, made now if need be.
  bool ready(const Frame& frame);
  Result<void> build(const Frame& frame);
  void tell_choice() EXCLUDES(mutex_);
  /// Opens the sinks where the stream is another one than before.
  void announce();
  Result<void> adapt_bitrate();
  PictureKind choose_kind(BootTime stamp);
  void note_sound() EXCLUDES(mutex_);
  void failed(const Error& error) EXCLUDES(mutex_);
  void recovered() EXCLUDES(mutex_);

  static constexpr std::size_t kInboxFrames = 2;

  const std::string thread_name_;
  BoundedQueue<FrameLease> inbox_{kInboxFrames};
  FileDescriptor wake_;  ///< an eventfd: a picture has come while the thread waits for the encoder's descriptor
  std::atomic<bool> waits_for_encoder_{false};
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
  std::atomic<std::uint64_t> copied_{0};
  std::atomic<std::uint64_t> reopened_{0};
  PacketHub hub_;

  mutable Mutex mutex_;
  Setup next_setup_ GUARDED_BY(mutex_);
  std::string last_error_ GUARDED_BY(mutex_);
  std::string sound_trouble_ GUARDED_BY(mutex_);
  std::string codec_ GUARDED_BY(mutex_);
  std::vector<std::string> notes_ GUARDED_BY(mutex_);

  Setup setup_;
  EncoderChoice choice_;
  std::unique_ptr<VideoEncoder> encoder_;
  std::unique_ptr<AudioTrack> audio_;
  bool audio_is_current_ = false;
  bool announce_is_due_ = false;
  std::optional<StreamInfo> announced_;
  KeyframeClock keyframes_;
  std::optional<BootTime> last_stamp_;
  BootTime retry_at_{};
  std::chrono::seconds retry_after_{};

  NamedThread thread_;
  bool abandoned_ = false;
};

}  // namespace nestbox
