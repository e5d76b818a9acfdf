#include "encode/encoder_choice.h"

#include <fmt/format.h>
#include <linux/videodev2.h>

#include <utility>

#include "encode/v4l2_encoder.h"
#include "encode/x264_encoder.h"
#include "nestbox/base/log.h"

namespace nestbox {
namespace {

constexpr auto kSoftware = "libx264", kHardware = "h264_v4l2m2m", kAuto = "auto";
constexpr FourCc kH264 = V4L2_PIX_FMT_H264;

bool is_known(const std::string& codec) {
  return codec == kAuto || codec == kSoftware || codec == kHardware;
}

}  // namespace

void EncoderChoice::look_around(const EncoderOptions& options) {
  if (looked_ || options.codec == kSoftware) return;
  looked_ = true;
  nodes_ = devices_->nodes();
  if (choose_node(nodes_, kH264) != nullptr) codec_name_ = kHardware;
}

Result<std::unique_ptr<VideoEncoder>> EncoderChoice::make(const EncoderOptions& options, int framerate,
                                                          const Frame& first) {
  if (!is_known(options.codec)) {
    return fail(ErrorKind::kInvalidArgument, fmt::format("encoder.codec \"{}\" is unknown; one of: {}, {}, {}",
                                                         options.codec, kAuto, kSoftware, kHardware));
  }
  look_around(options);
  const bool offered = choose_node(nodes_, kH264) != nullptr;
  if (options.codec == kHardware && !offered) {
    return fail(ErrorKind::kNotFound,
                fmt::format("encoder.codec {}: none of this machine's video devices makes H.264; \"auto\" and \"{}\" "
                            "do without",
                            kHardware, kSoftware));
  }
  copies_because_.clear();
  if (options.codec != kSoftware && offered && gave_up_because_.empty()) {
    auto hardware = make_hardware(options, framerate, first);
    if (hardware || gave_up_because_.empty()) return hardware;
  }
  makes_hardware_ = false;
  auto software = X264Encoder::create(options, framerate, first.main);
  if (software) {
    say_once(kSoftware, options.codec == kSoftware  ? "as encoder.codec says"
                        : !gave_up_because_.empty() ? gave_up_because_
                                                    : "no video device of this machine makes H.264");
  }
  return software;
}

Result<std::unique_ptr<VideoEncoder>> EncoderChoice::make_hardware(const EncoderOptions& options, int framerate,
                                                                   const Frame& first) {
  const CodecNode& node = *choose_node(nodes_, kH264);
  auto device = devices_->open(node);
  if (!device) {
    hardware_failed(device.error(), BootClock::now());
    return tl::unexpected(std::move(device).error());
  }
  auto encoder = V4l2Encoder::create(
      std::move(*device), {kHardware, kH264, options.bitrate_bps, options.keyframe_interval, framerate}, first);
  if (!encoder) {
    hardware_failed(encoder.error(), BootClock::now());
    return tl::unexpected(std::move(encoder).error());
  }
  makes_hardware_ = true;
  copies_because_ = (*encoder)->copies_because();
  say_once(kHardware, fmt::format("{} ({}) makes H.264{}", node.path, node.card,
                                  copies_because_.empty() ? "" : "; each picture is copied once: " + copies_because_));
  return encoder;
}

void EncoderChoice::failed(const Error& error, BootTime now) {
  if (makes_hardware_) hardware_failed(error, now);
}

void EncoderChoice::hardware_failed(const Error& error, BootTime now) {
  if (error.kind == ErrorKind::kInvalidArgument) {
    gave_up_because_ = error.message;  // it will say the same next time
  } else if (trust_.failed(now) == HardwareTrust::Verdict::kGiveUp) {
    gave_up_because_ = fmt::format(
        "hardware failed {} times in a row, and rests until the encoder's settings change or "
        "the daemon starts anew; at last: {}",
        HardwareTrust::kReopeningsMax + 1, error.message);
  } else {
    ++reopened_;
  }
}

void EncoderChoice::forget_failures() {
  gave_up_because_.clear();
  trust_ = HardwareTrust();
}

std::vector<std::string> EncoderChoice::notes() const {
  std::vector<std::string> notes;
  if (!gave_up_because_.empty()) notes.push_back(gave_up_because_);
  if (!copies_because_.empty()) notes.push_back("each picture is copied once: " + copies_because_);
  return notes;
}

void EncoderChoice::say_once(const std::string& codec, const std::string& why) {
  codec_name_ = codec;
  if (std::exchange(why_, why) == why) return;
  if (gave_up_because_.empty()) {
    NESTBOX_LOG_INFO("encode", "{} makes the stream: {}", codec, why);
  } else {
    NESTBOX_LOG_WARNING("encode", "{} makes the stream: {}", codec, why);
  }
}

}  // namespace nestbox
