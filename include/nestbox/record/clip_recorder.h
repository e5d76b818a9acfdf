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
  BootTime begin{}, end{};     ///< first and last picture
  std::uint64_t bytes = 0;
};

struct RecordStatus {
  enum class State : std::uint8_t { kOk, kFull, kReadOnly, kSlow, kFailed } state = State::kOk;
  int clips = 0;                      ///< being written
  std::uint64_t packets_dropped = 0;  ///< for lack of room while the disk was behind
  std::string last_error;
};

/// Attach it to the hub once; it keeps the pre-roll in memory (PacketHistory) and writes what is ordered, on a thread
/// of its own. Its inbox holds 4 s or 8 MiB; a disk that is slower costs whole GOPs, never the stream. Fragments are at
/// most 500 ms long and synced once a second. Several clips may be open. Thread-safe.
///
/// A clip that meets a full or failing disk ends there: what was written before stays playable, and `done` says so.
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

  /// `done` runs once, on the recorder's thread, when the clip is whole or has failed; it must not block.
  ClipId begin(ClipOrder order, Done done);
  /// The clip is to reach to `to` (past: it is cut there, at a fragment's end at or after it; to come: it goes on).
  void end(ClipId clip, BootTime to);

  // PacketSink.
  Result<void> open(const StreamInfo& info) override;
  void push(const Packet& packet) noexcept override;
  void close() noexcept override;

 private:
  class Worker;
  std::shared_ptr<Worker> worker_;
};

}  // namespace nestbox
