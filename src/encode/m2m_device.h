#pragma once
/// What V4l2Encoder asks of a memory-to-memory encoder: the kernel's, or a test's that fails on purpose.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nestbox/base/result.h"
#include "nestbox/media/frame.h"

namespace nestbox {

using FourCc = std::uint32_t;  ///< V4L2_PIX_FMT_...

/// One device file that encodes or decodes, and what it offers.
struct CodecNode {
  std::string path;                     ///< "/dev/video11"
  std::string card;                     ///< its driver's name for it: "bcm2835-codec-encode"
  std::vector<FourCc> picture_formats;  ///< what goes in
  std::vector<FourCc> coded_formats;    ///< what comes out
};

struct M2mControl {
  std::uint32_t id = 0;  ///< V4L2_CID_...
  std::int64_t value = 0;
};

struct M2mRequest {
  FourCc coded_format = 0;
  PixelFormat format = PixelFormat::kI420;
  int width = 0, height = 0, stride = 0;  ///< stride of luma in bytes
  int framerate = 0;
  std::vector<M2mControl> controls;  ///< what the device does not have is left out
};

/// How a picture has to lie in memory, one plane after the other. Chroma strides are as in ImageView: half of luma's
/// for I420, the same for NV12.
struct M2mLayout {
  int stride = 0;
  int rows = 0;           ///< of luma, with what the device wants below the picture
  std::size_t bytes = 0;  ///< the whole picture
};

enum class PictureBuffers : std::uint8_t {
  kImported,  ///< the source's own, by their dmabuf
  kMapped,    ///< the device's own, to be filled
};

struct CodedBuffer {
  unsigned index = 0;
  std::span<const std::uint8_t> bytes;  ///< until give_back(index)
  std::int64_t stamp_us = 0;            ///< of the picture that it was made from
  bool keyframe = false;
  bool broken = false;  ///< the driver says that the data is damaged
};

/// Thread-bound. Calls in the order configure(), start(), then the rest. Errors: kUnavailable when the device is busy
/// or fails, kNotFound when it is gone, kInvalidArgument for what it can never do. Being destroyed takes everything
/// back from the driver first.
class M2mDevice {
 public:
  M2mDevice() = default;
  M2mDevice(const M2mDevice&) = delete;
  M2mDevice& operator=(const M2mDevice&) = delete;
  virtual ~M2mDevice() = default;

  virtual Result<M2mLayout> configure(const M2mRequest& request) = 0;
  /// With at least so many buffers. May be called again, for the other kind of them, after kInvalidArgument.
  virtual Result<void> start(PictureBuffers kind, unsigned pictures, unsigned coded) = 0;
  /// The memory of a picture buffer of kind kMapped.
  virtual std::span<std::uint8_t> mapped(unsigned index) = 0;

  /// `dmabuf_fd` with kImported alone. The driver has the picture until take_back() gives its index.
  virtual Result<void> queue(unsigned index, int dmabuf_fd, std::int64_t stamp_us) = 0;
  virtual Result<std::optional<unsigned>> take_back() = 0;
  virtual Result<std::optional<CodedBuffer>> take_coded() = 0;
  virtual Result<void> give_back(unsigned index) = 0;
  /// A control that the device does not have is ignored; a value out of its range is brought into it.
  virtual Result<void> set_control(const M2mControl& control) = 0;
  /// Readable or writable when there is something to take.
  virtual int descriptor() const = 0;
};

/// The memory-to-memory devices of this machine. Thread-safe.
class CodecDevices {
 public:
  CodecDevices() = default;
  CodecDevices(const CodecDevices&) = delete;
  CodecDevices& operator=(const CodecDevices&) = delete;
  virtual ~CodecDevices() = default;
  virtual std::vector<CodecNode> nodes() = 0;
  virtual Result<std::unique_ptr<M2mDevice>> open(const CodecNode& node) = 0;
};

}  // namespace nestbox
