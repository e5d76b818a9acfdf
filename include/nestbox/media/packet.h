#pragma once
/// Encoded media on its way from the encoder to its sinks.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "nestbox/base/clock.h"
#include "nestbox/base/result.h"
#include "nestbox/media/frame.h"

namespace nestbox {

/// H.264 in one resolution, no B-frames, headers in `extradata` (SPS and PPS, Annex B) and not in the stream.
struct VideoInfo {
  int width = 0, height = 0;
  int framerate = 0;  ///< nominal; stamps are the truth
  std::int64_t bitrate_bps = 0;
  std::vector<std::uint8_t> extradata;
  bool operator==(const VideoInfo&) const = default;
};

/// AAC-LC; `extradata` is the AudioSpecificConfig (ISO 14496-3).
struct AudioInfo {
  int sample_rate_hz = 44100;
  int channels = 2;
  std::int64_t bitrate_bps = 0;
  std::vector<std::uint8_t> extradata;
  bool operator==(const AudioInfo&) const = default;
};

struct StreamInfo {
  VideoInfo video;
  std::optional<AudioInfo> audio;
  bool operator==(const StreamInfo&) const = default;
};

enum class Track : std::uint8_t { kVideo, kAudio };

/// One access unit: H.264 in Annex B (start codes), or one raw AAC frame. DTS equals PTS. Copying a Packet shares its
/// bytes; `owner` keeps them alive. Immutable, so copies may be read by any thread.
struct Packet {
  std::shared_ptr<const void> owner;
  std::span<const std::uint8_t> bytes;
  BootTime pts{};  ///< video: when the picture was captured
  std::chrono::nanoseconds duration{};
  Track track = Track::kVideo;
  bool keyframe = false;  ///< an IDR picture; every AAC frame
  Content content = Content::kLive;
};

/// Takes packets: open() once for each stream, then push() in the order of decoding, then close(). Calls never overlap.
/// push() never waits for a network or a disk; a sink that is behind skips to the next keyframe and counts what it
/// lost.
struct PacketSink {
  virtual ~PacketSink() = default;
  /// The first packet that follows is a video keyframe. An error keeps the sink out of the stream; it is logged there.
  virtual Result<void> open(const StreamInfo& info) = 0;
  virtual void push(const Packet& packet) noexcept = 0;
  /// The stream ends, or the sink was detached. Idempotent; does not wait.
  virtual void close() noexcept = 0;
};

}  // namespace nestbox
