#pragma once
/// One connection and the stream inside it, from its headers to its trailer. All of libavformat's muxing is here.
#include <cstdint>
#include <memory>
#include <optional>

#include "av/ffmpeg.h"
#include "io_guard.h"
#include "nestbox/media/packet.h"
#include "target.h"

namespace nestbox::publish {

/// Thread-bound. Functions that return int return 0 or one of libavformat's negative codes. Every wait is under the
/// guard that connect() was given, which must outlive the session.
class Session {
 public:
  /// Connects; nothing of the stream is sent yet. On failure `code` says why.
  static std::unique_ptr<Session> connect(const Target& target, IoGuard& guard, int send_buffer_bytes, int& code);
  ~Session();

  /// Headers. Stamps count from `zero`.
  int begin(const StreamInfo& info, BootTime zero);
  /// Whether the stream can go on under other headers: the same pictures and sound by another encoder.
  bool can_continue_with(const StreamInfo& info) const;
  /// The other headers go out with the next packet of each track.
  void continue_with(const StreamInfo& info);
  bool begun() const noexcept { return info_.has_value(); }

  int write(const Packet& packet);
  /// Trailer; then, with the destructor, the end of the connection.
  void finish();

 private:
  struct TrackState {
    int stream = -1;
    std::int64_t last_ticks = -1;
    bool headers_changed = false;
  };
  Session(av::Output context, IoGuard& guard);
  TrackState& track(Track which) { return which == Track::kVideo ? video_ : audio_; }
  AVStream* add_stream(AVCodecID codec, const std::vector<std::uint8_t>& extradata, std::int64_t bitrate_bps);
  int add_side_data(const Packet& packet);

  av::Output context_;
  av::PacketPtr packet_;
  std::optional<StreamInfo> info_;
  BootTime zero_{};
  TrackState video_, audio_;
};

}  // namespace nestbox::publish
