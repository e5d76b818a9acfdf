#pragma once
/// Clips of visits, from the encoder's own packets: no second encode, with pre-roll, and whole after a crash.
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "nestbox/base/result.h"
#include "nestbox/base/thread.h"
#include "nestbox/media/packet.h"

namespace nestbox {

namespace record {
class Worker;
}

/// While it is written a clip is called NAME.mp4.part; once whole (cut to its length, synced, renamed, directory
/// synced) NAME.mp4.
struct ClipOrder {
  std::filesystem::path file;  ///< where it goes, ending in .mp4; its folder is made. One that exists is never
                               ///< overwritten: NAME-2.mp4 is taken, and said in ClipResult
  BootTime from{};             ///< with the pre-roll; the clip begins with the last keyframe at or before it
  WallTime from_wall{};        ///< the same moment, for the file's creation time
};

struct ClipResult {
  std::filesystem::path file;  ///< as it is called now
  BootTime begin{}, end{};     ///< when its first picture was taken, and when its last one ends
  std::uint64_t bytes = 0;
  std::string cut_short;  ///< why it ends before it was to; empty when it does not
};

struct RecordStatus {
  /// kSlow: a call of the disk takes longer than 2 s, or packets were dropped for it within the last 10 s. The others
  /// last until a clip is synced again, or a small file that is tried every 5 s.
  enum class State : std::uint8_t { kOk, kFull, kReadOnly, kSlow, kFailed } state = State::kOk;
  int clips = 0;                      ///< ordered, and not done yet
  double behind_s = 0;                ///< how much of the stream waits for the disk
  std::uint64_t packets_dropped = 0;  ///< for lack of room while the disk was behind
  std::string last_error;
};

/// Attach it to the hub once; it keeps the pre-roll in memory (PacketHistory) and writes what is ordered, on a thread
/// of its own. Its inbox holds 4 s or 8 MiB; a disk that is slower costs whole GOPs, never the stream. Fragments are at
/// most 500 ms long and synced once a second. Several clips may be open. Thread-safe.
///
/// A clip that meets a full or failing disk, or a stream of another format, ends there: what was written before stays
/// playable, and ClipResult::cut_short says so. Where the disk failed so that nobody knows what is on it (a failed
/// sync), or refuses to name the file, `done` gets an error, NAME.mp4.part stays, and adopt_clips() finds it at the
/// next start. A disk that hangs is no work of the thread: the heartbeat rests, and status() says kSlow.
class ClipRecorder : public PacketSink {
 public:
  struct Setup {
    std::chrono::nanoseconds pre_roll{};  ///< how far back ClipOrder::from may reach
    bool operator==(const Setup&) const = default;
  };
  using ClipId = std::uint64_t;
  using Done = std::function<void(Result<ClipResult>)>;

  explicit ClipRecorder(Setup setup);
  ~ClipRecorder() override;
  void start();
  void apply(Setup setup);
  void request_stop() noexcept;  ///< every clip is finished with what has come
  [[nodiscard]] bool join_until(BootTime deadline);
  void abandon();
  const Heartbeat& heartbeat() const noexcept;
  RecordStatus status() const;

  /// `done` runs once, on the recorder's thread, when the clip is whole or has failed; it must not block. (On the
  /// caller's, with kUnavailable, when the recorder was asked to stop, or hangs and 64 orders wait.)
  ClipId begin(ClipOrder order, Done done);
  /// The clip is to reach to `to`: it ends with the first fragment that ends at or after it, in the past as in the
  /// future; when no packets come any more, with the last one, 2 s later.
  void end(ClipId clip, BootTime to);

  // PacketSink.
  Result<void> open(const StreamInfo& info) override;
  void push(const Packet& packet) noexcept override;
  void close() noexcept override;

 private:
  const std::shared_ptr<record::Worker> worker_;  // shared with the thread, which may outlive us on a dead disk
  NamedThread thread_;
};

}  // namespace nestbox
