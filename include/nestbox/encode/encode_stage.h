#pragma once
/// The encode thread: frames in, packets out to a PacketHub. It sleeps while nobody takes packets.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nestbox/base/thread.h"
#include "nestbox/media/frame_ring.h"
#include "nestbox/media/packet_hub.h"
#include "nestbox/options/options.h"

namespace nestbox {

enum class EncoderState : std::uint8_t { kRunning, kSleeping, kFailed };

struct EncodeStatus {
  std::string codec;  ///< what makes the stream: "libx264" or "h264_v4l2m2m"
  EncoderState state = EncoderState::kSleeping;
  std::int64_t bitrate_bps = 0;         ///< what the encoder is told at present
  std::uint64_t frames = 0;             ///< encoded
  std::uint64_t frames_dropped = 0;     ///< offered while the inbox was full
  std::uint64_t pictures_copied = 0;    ///< into a hardware encoder that cannot read the source's memory
  std::uint64_t hardware_reopened = 0;  ///< after it had stopped or failed
  std::vector<std::string> notes;       ///< what the owner should know of the encoder
  std::string last_error;
  std::string
      sound_trouble;  ///< why the stream is silent although audio.source is a file or a microphone; mostly empty
};

class CodecDevices;

/// Thread-safe. Inbox of 2 frames: the oldest is dropped and counted. Video and audio come out of one thread, in order.
class EncodeStage : public FrameSink {
 public:
  struct Setup {
    EncoderOptions encoder;
    AudioOptions audio;
    int framerate = 30;
    bool operator==(const Setup&) const = default;
  };
  /// Hardware encoders are looked for among `devices`; without any, those of this machine.
  EncodeStage(std::string thread_name, Setup setup, std::shared_ptr<CodecDevices> devices = nullptr);
  ~EncodeStage() override;

  void start();
  void offer(FrameLease frame) noexcept override;
  /// Rebuilds the encoder where the change needs it; sinks see close() and open().
  void apply(Setup setup);
  /// Between bitrate_min and bitrate, while it runs; takes effect with the next frame.
  void set_bitrate(std::int64_t bitrate_bps) noexcept;
  PacketHub& hub() noexcept;
  void request_stop() noexcept;
  [[nodiscard]] bool join_until(BootTime deadline);
  void abandon();

  EncodeStatus status() const;
  const Heartbeat& heartbeat() const;

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace nestbox
