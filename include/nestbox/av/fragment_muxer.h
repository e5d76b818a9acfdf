#pragma once
/// Packets to fragmented MP4, in memory: for Media Source Extensions, and for clips that survive a power cut.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nestbox/base/result.h"
#include "nestbox/media/packet.h"

namespace nestbox {

/// Thread-bound. The header (ftyp, moov) comes first, then one fragment (moof, mdat) after another; times start at 0
/// with the first packet, which must be a video keyframe.
class FragmentMuxer {
 public:
  /// A fragment is finished when it is at least `fragment_duration` long; zero: one fragment for each video packet.
  /// The header tells `created_at`, when there is one, in whole seconds: the format has no room for more.
  static Result<std::unique_ptr<FragmentMuxer>> create(const StreamInfo& info,
                                                       std::chrono::nanoseconds fragment_duration,
                                                       std::optional<WallTime> created_at = {});
  ~FragmentMuxer();

  /// Adds a packet; what became complete by it, perhaps nothing, is returned (the header too, the first time).
  Result<std::string> push(const Packet& packet);
  /// The last, unfinished fragment.
  Result<std::string> finish();
  /// For MediaSource.addSourceBuffer: "video/mp4; codecs=\"avc1.42C01F, mp4a.40.2\"".
  const std::string& mime_type() const;

 private:
  class Impl;
  explicit FragmentMuxer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nestbox
