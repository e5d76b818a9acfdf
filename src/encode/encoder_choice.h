#pragma once
/// Which encoder makes the stream: hardware where the machine has it and it works, else libx264.
#include <memory>
#include <string>
#include <vector>

#include "encode/hardware_rules.h"
#include "encode/m2m_device.h"
#include "encode/video_encoder.h"
#include "nestbox/options/options.h"

namespace nestbox {

/// Thread-bound.
class EncoderChoice {
 public:
  explicit EncoderChoice(std::shared_ptr<CodecDevices> devices) : devices_(std::move(devices)) {}

  /// Looks for a device, once: it opens every video node.
  void look_around(const EncoderOptions& options);
  /// For pictures like `first`. Errors: kInvalidArgument for a codec or preset that does not exist, kNotFound for
  /// hardware that this machine has not, else what the device says; worth a retry then.
  Result<std::unique_ptr<VideoEncoder>> make(const EncoderOptions& options, int framerate, const Frame& first);
  /// The encoder made last has failed.
  void failed(const Error& error, BootTime now);
  /// The owner has changed something: hardware gets another chance.
  void forget_failures();

  /// What makes the stream, or would.
  const std::string& codec_name() const noexcept { return codec_name_; }
  /// What an owner should know about it.
  std::vector<std::string> notes() const;
  /// How often hardware had to be opened anew.
  std::uint64_t reopened() const noexcept { return reopened_; }

 private:
  Result<std::unique_ptr<VideoEncoder>> make_hardware(const EncoderOptions& options, int framerate, const Frame& first);
  void hardware_failed(const Error& error, BootTime now);
  void say_once(const std::string& codec, const std::string& why);

  const std::shared_ptr<CodecDevices> devices_;
  std::vector<CodecNode> nodes_;
  bool looked_ = false;
  bool makes_hardware_ = false;  ///< the encoder made last is hardware
  HardwareTrust trust_;
  std::uint64_t reopened_ = 0;
  std::string gave_up_because_;  ///< empty while hardware is trusted
  std::string copies_because_;
  std::string codec_name_ = "libx264", why_;
};

}  // namespace nestbox
