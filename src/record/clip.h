#pragma once
/// One clip: packets in, a fragmented MP4 on the disk.
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "clip_file.h"
#include "disk_health.h"
#include "mp4_fragments.h"
#include "nestbox/av/fragment_muxer.h"
#include "nestbox/record/clip_recorder.h"

namespace nestbox::record {

/// Waits for its first keyframe; is over when it has reached its end or can go no further; then finish() makes it
/// whole. Thread-bound.
class Clip {
 public:
  static constexpr std::chrono::milliseconds kFragmentMax{500};

  Clip(ClipOrder order, ClipRecorder::Done done, OpenClipFile open, DiskHealth& health);

  void push(const Packet& packet, const StreamInfo& info);
  /// May be in the past.
  void end(BootTime to);
  void sync_if_due(BootTime now);

  bool has_begun() const noexcept { return muxer_ != nullptr; }
  bool over() const noexcept { return over_; }
  std::optional<BootTime> ends_at() const noexcept { return ends_at_; }

  /// Once, at last: syncs and names the file, and tells who ordered it. `why_now`: what ended it before its time; empty
  /// when nothing did.
  void finish(const std::string& why_now);

 private:
  /// What has been written up to here can be played.
  struct Boundary {
    BootTime time{};
    std::uint64_t size = 0;
  };

  bool begin(const Packet& keyframe, const StreamInfo& info);
  void write(std::string bytes, BootTime until);
  int write_length(std::chrono::nanoseconds duration);
  void write_rest();
  void fail_on_disk(const char* attempt, int error_number);
  void go_no_further(std::string why);
  const Boundary& last_to_keep() const;
  Result<ClipResult> make_whole();
  Error disk_error() const;

  const ClipOrder order_;
  const ClipRecorder::Done done_;
  const OpenClipFile open_;
  DiskHealth& health_;

  std::unique_ptr<FragmentMuxer> muxer_;
  std::unique_ptr<ClipFile> file_;
  std::optional<LengthRoom> length_room_;
  std::deque<Boundary> boundaries_;
  BootTime begins_at_{};
  BootTime pictures_until_{};
  std::uint64_t size_ = 0;
  std::optional<BootTime> ends_at_;
  BootTime synced_at_{};
  bool over_ = false;
  bool sync_failed_ = false;  ///< whatever a later sync says: the kernel tells of a lost page once
  int error_number_ = 0;
  std::string trouble_;
};

}  // namespace nestbox::record
