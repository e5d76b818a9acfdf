#pragma once
/// The recorder's thread: keeps the pre-roll, and feeds the clips that are open.
#include <atomic>
#include <map>
#include <optional>

#include "clip.h"
#include "clip_file.h"
#include "disk_health.h"
#include "inbox.h"
#include "nestbox/media/packet_history.h"
#include "nestbox/record/clip_recorder.h"

namespace nestbox::record {

/// run() is the thread; the other functions may be called by any.
class Worker {
 public:
  Worker(ClipRecorder::Setup setup, OpenClipFile open);

  void apply(ClipRecorder::Setup setup) { inbox_.post(setup); }
  ClipId begin(ClipOrder order, ClipRecorder::Done done);
  void end(ClipId clip, BootTime to) { inbox_.post(EndClip{clip, to}); }
  Result<void> open(const StreamInfo& info);
  void push(const Packet& packet) noexcept;
  void request_stop() noexcept { inbox_.stop(); }
  RecordStatus status() const;
  const Heartbeat& heartbeat() const noexcept { return heartbeat_; }

  void run();

 private:
  using Clips = std::map<ClipId, Clip>;

  void handle(const Packet& packet);
  void handle(const StreamInfo& info);
  void handle(const ClipRecorder::Setup& setup);
  void handle(BeginClip& order);
  void handle(const EndClip& order);
  void tend(bool idle);
  bool waits_in_vain(const Clip& clip, BootTime now) const;
  void finish_all(const std::string& why);
  Clips::iterator finish(Clips::iterator clip, const std::string& why);
  void try_disk_again();
  BootTime next_look() const;

  const OpenClipFile open_;
  Heartbeat heartbeat_;
  DiskHealth health_{heartbeat_};
  Inbox inbox_;
  std::atomic<ClipId> last_id_{0};
  std::atomic<int> clips_ordered_{0};

  // The thread's own.
  PacketHistory history_;
  std::optional<StreamInfo> info_;
  Clips clips_;
  BootTime last_packet_at_{};
};

}  // namespace nestbox::record
