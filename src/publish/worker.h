#pragma once
/// What an Output does on its thread: waits until it is wanted, connects, sends, loses, waits, and comes back.
///
///   off ──on air──► connecting ──media taken──► live, slate ──lost──► backoff ──► connecting
///    ▲                  │ failed ─────────────────────────────────────►┘
///    └──off air, from anywhere: trailer within half a second
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "delivery.h"
#include "fault.h"
#include "io_guard.h"
#include "kernel_queue.h"
#include "nestbox/base/mutex.h"
#include "nestbox/base/thread.h"
#include "nestbox/publish/output.h"
#include "nestbox/rules/backoff.h"
#include "packet_queue.h"
#include "resolver.h"
#include "session.h"
#include "target.h"

namespace nestbox::publish {

/// run() is the thread; the functions above it may be called by any other.
class Worker {
 public:
  Worker(OutputOptions options, Target target, Output::KeyframeWanted keyframe_wanted);

  void set_on_air(Air air) EXCLUDES(mutex_);
  void retry_now() EXCLUDES(mutex_);
  Result<void> open(const StreamInfo& info) EXCLUDES(mutex_);
  void push(const Packet& packet) noexcept EXCLUDES(mutex_);
  void request_stop() noexcept EXCLUDES(mutex_);
  OutputStatus status() EXCLUDES(mutex_);
  const OutputOptions& options() const noexcept { return options_; }
  const Heartbeat& heartbeat() const noexcept { return heartbeat_; }

  void run();

 private:
  /// How a try ended.
  struct Ending {
    enum class Kind : std::uint8_t {
      kFailed,
      kRenewed,    ///< on purpose, to connect again at once: session limit, other picture size
      kWithdrawn,  ///< off air, or stopping
    };
    Kind kind = Kind::kFailed;
    Failure failure;
    std::chrono::nanoseconds media_for{};
  };
  enum class Step : std::uint8_t { kGoOn, kRenew };

  bool wait_until_wanted() EXCLUDES(mutex_);
  bool withdrawn() EXCLUDES(mutex_);
  Ending serve();
  void wait_before_retry(const Ending& ending) EXCLUDES(mutex_);
  void complain(const Failure& failure, std::chrono::nanoseconds retry_in);

  // Connecting: worker_connect.cpp.
  std::unique_ptr<Session> connect(Ending& ending);
  Failure look_up_name();
  /// The server is within reach again: what it still has of a connection that went dead, it now learns to be over.
  void let_go_of_old_connection();

  // Sending.
  Ending send(std::unique_ptr<Session> session) EXCLUDES(mutex_);
  std::optional<QueuedPacket> next_packet(BootTime now) EXCLUDES(mutex_);
  void wait_for_packets(std::chrono::nanoseconds timeout) EXCLUDES(mutex_);
  int transmit(Session& session, const QueuedPacket& item, Step& step);
  Ending finish(std::unique_ptr<Session> session, Ending::Kind kind);
  Ending lose(std::unique_ptr<Session> session, int code);
  void keep_old_connection(std::optional<KernelQueue> kernel);
  void close_queue() EXCLUDES(mutex_);
  void ask_for_keyframe(BootTime now) EXCLUDES(mutex_);
  void announce_first_media(BootTime now) EXCLUDES(mutex_);
  bool session_is_over(BootTime now) const;

  const OutputOptions options_;
  const Target target_;
  const Output::KeyframeWanted keyframe_wanted_;
  const std::string log_part_;

  IoGuard guard_;
  Resolver resolver_;
  Delivery delivery_;
  Heartbeat heartbeat_;

  Mutex mutex_;
  Condition changed_;
  PacketQueue queue_ GUARDED_BY(mutex_);
  std::shared_ptr<const StreamInfo> info_ GUARDED_BY(mutex_);
  bool on_air_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  bool retry_now_ GUARDED_BY(mutex_) = false;
  bool announced_ GUARDED_BY(mutex_) = false;  ///< of this session: the server took media
  std::optional<BootTime> next_try_at_ GUARDED_BY(mutex_);
  std::optional<BootTime> dropped_at_ GUARDED_BY(mutex_);
  std::uint64_t sessions_ GUARDED_BY(mutex_) = 0;
  PublishFault fault_ GUARDED_BY(mutex_) = PublishFault::kNone;
  std::string last_error_ GUARDED_BY(mutex_);

  std::atomic<bool> give_up_connecting_{false};

  // The thread's own.
  Backoff backoff_;
  std::minstd_rand random_;
  std::optional<KernelQueue> old_connection_;
  BootTime old_connection_since_{};
  BootTime session_began_at_{};
  BootTime keyframe_asked_at_{};
  std::string complained_;
  BootTime complained_at_{};
};

}  // namespace nestbox::publish
