#include "encode/v4l2_device.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "encode/hardware_rules.h"
#include "nestbox/base/file.h"

namespace nestbox {
namespace {

// Pictures go in through what V4L2 calls the OUTPUT queue, and come out coded through CAPTURE.
constexpr auto kPictureQueue = V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE;
constexpr auto kCodedQueue = V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
// A keyframe of a lively picture; where the driver wants more it says so.
constexpr std::size_t kCodedBytesMin = 512 << 10;

/// 0, or errno.
int control(int fd, unsigned long request, void* argument) {
  int result = 0;
  do result = ::ioctl(fd, request, argument);
  while (result < 0 && errno == EINTR);
  return result < 0 ? errno : 0;
}

ErrorKind kind_of(int error_number) {
  switch (error_number) {
    case ENODEV:
    case ENXIO:
    case ENOENT:
      return ErrorKind::kNotFound;
    case EINVAL:
    case ENOTTY:
    case E2BIG:
      return ErrorKind::kInvalidArgument;
    case ENOMEM:
      return ErrorKind::kExhausted;
    default:
      return ErrorKind::kUnavailable;
  }
}

std::string text_of(FourCc format) {
  std::string text;
  for (int i = 0; i < 4; ++i) text.push_back(static_cast<char>(format >> (8 * i) & 0x7fU));
  return text;
}

/// A buffer of the device, mapped. Thread-bound.
class Mapping {
 public:
  Mapping() = default;
  Mapping(void* start, std::size_t bytes) : start_(start), bytes_(bytes) {}
  Mapping(Mapping&& other) noexcept
      : start_(std::exchange(other.start_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(start_, other.start_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Mapping() {
    if (start_ != nullptr) ::munmap(start_, bytes_);
  }
  std::span<std::uint8_t> bytes() const { return {static_cast<std::uint8_t*>(start_), bytes_}; }

 private:
  void* start_ = nullptr;
  std::size_t bytes_ = 0;
};

/// A v4l2_buffer with its one plane; they point at each other.
struct OneBuffer {
  OneBuffer(v4l2_buf_type type, v4l2_memory memory, unsigned index = 0) {
    buffer.type = type;
    buffer.memory = memory;
    buffer.index = index;
    buffer.m.planes = &plane;
    buffer.length = 1;
  }
  OneBuffer(const OneBuffer&) = delete;
  OneBuffer& operator=(const OneBuffer&) = delete;
  v4l2_plane plane{};
  v4l2_buffer buffer{};
};

class V4l2Device : public M2mDevice {
 public:
  V4l2Device(FileDescriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  ~V4l2Device() override { stop(); }

  Result<M2mLayout> configure(const M2mRequest& request) override;
  Result<void> start(PictureBuffers kind, unsigned pictures, unsigned coded) override;
  std::span<std::uint8_t> mapped(unsigned index) override { return pictures_.at(index).bytes(); }
  Result<void> queue(unsigned index, int dmabuf_fd, std::int64_t stamp_us) override;
  Result<std::optional<unsigned>> take_back() override;
  Result<std::optional<CodedBuffer>> take_coded() override;
  Result<void> give_back(unsigned index) override;
  Result<void> set_control(const M2mControl& wanted) override;
  int descriptor() const override { return fd_.get(); }

 private:
  Result<void> ask(unsigned long request, void* argument, std::string_view attempt) {
    const int error_number = control(fd_.get(), request, argument);
    if (error_number == 0) return {};
    return fail(kind_of(error_number), fmt::format("{}: {}: {}", path_, attempt, system_error_text(error_number)));
  }
  Result<v4l2_pix_format_mplane> set_format(v4l2_buf_type type, FourCc pixels, const M2mRequest& request,
                                            std::size_t bytes, int stride);
  Result<void> crop(const M2mRequest& request);
  Result<void> set_framerate(int framerate);
  Result<unsigned> request_buffers(v4l2_buf_type type, v4l2_memory memory, unsigned count);
  Result<std::vector<Mapping>> map_buffers(v4l2_buf_type type, unsigned count);
  /// Nothing where the queue has none ready.
  Result<bool> take(OneBuffer& buffer, std::string_view attempt);
  void stop();

  const FileDescriptor fd_;
  const std::string path_;
  M2mLayout layout_;
  v4l2_memory picture_memory_ = V4L2_MEMORY_DMABUF;
  std::vector<Mapping> pictures_, coded_;
};

Result<v4l2_pix_format_mplane> V4l2Device::set_format(v4l2_buf_type type, FourCc pixels, const M2mRequest& request,
                                                      std::size_t bytes, int stride) {
  v4l2_format format{};
  format.type = type;
  auto& wanted = format.fmt.pix_mp;
  wanted.width = static_cast<unsigned>(request.width);
  wanted.height = static_cast<unsigned>(request.height);
  wanted.pixelformat = pixels;
  wanted.field = V4L2_FIELD_NONE;
  wanted.colorspace = V4L2_COLORSPACE_REC709;
  wanted.xfer_func = V4L2_XFER_FUNC_709;
  wanted.ycbcr_enc = V4L2_YCBCR_ENC_709;
  wanted.quantization = V4L2_QUANTIZATION_LIM_RANGE;
  wanted.num_planes = 1;
  wanted.plane_fmt[0].bytesperline = static_cast<unsigned>(stride);
  wanted.plane_fmt[0].sizeimage = static_cast<unsigned>(bytes);
  if (auto set = ask(VIDIOC_S_FMT, &format, "set the format " + text_of(pixels)); !set) {
    return tl::unexpected(std::move(set).error());
  }
  const auto& got = format.fmt.pix_mp;
  if (got.pixelformat != pixels || got.num_planes != 1) {
    return fail(ErrorKind::kInvalidArgument, fmt::format("{}: does not take {} (it offers {} in {} planes)", path_,
                                                         text_of(pixels), text_of(got.pixelformat), got.num_planes));
  }
  return got;
}

Result<M2mLayout> V4l2Device::configure(const M2mRequest& request) {
  // What comes out first: it decides which pictures may go in.
  if (auto coded = set_format(kCodedQueue, request.coded_format, request, kCodedBytesMin, 0); !coded) {
    return tl::unexpected(std::move(coded).error());
  }
  const auto picture = set_format(kPictureQueue, fourcc_of(request.format), request, 0, request.stride);
  if (!picture) return tl::unexpected(picture.error());
  layout_ = {static_cast<int>(picture->plane_fmt[0].bytesperline), static_cast<int>(picture->height),
             picture->plane_fmt[0].sizeimage};
  if (layout_.stride < request.width || layout_.rows < request.height) {
    return fail(ErrorKind::kInvalidArgument, fmt::format("{}: takes no pictures of {}x{}, at most {}x{}", path_,
                                                         request.width, request.height, picture->width, layout_.rows));
  }
  const bool padded = picture->width != static_cast<unsigned>(request.width) || layout_.rows != request.height;
  if (padded) {
    if (auto cropped = crop(request); !cropped) return tl::unexpected(std::move(cropped).error());
  }
  if (auto set = set_framerate(request.framerate); !set) return tl::unexpected(std::move(set).error());
  for (const auto& wanted : request.controls) {
    if (auto set = set_control(wanted); !set) return tl::unexpected(std::move(set).error());
  }
  return layout_;
}

Result<void> V4l2Device::crop(const M2mRequest& request) {
  v4l2_selection selection{};
  selection.type = V4L2_BUF_TYPE_VIDEO_OUTPUT;  // the selection API wants the single-planar name, also here
  selection.target = V4L2_SEL_TGT_CROP;
  selection.r.width = static_cast<unsigned>(request.width);
  selection.r.height = static_cast<unsigned>(request.height);
  if (auto set = ask(VIDIOC_S_SELECTION, &selection, "crop to the picture"); !set) return set;
  if (selection.r.width == static_cast<unsigned>(request.width) &&
      selection.r.height == static_cast<unsigned>(request.height)) {
    return {};
  }
  return fail(ErrorKind::kInvalidArgument, fmt::format("{}: encodes {}x{} instead of {}x{}", path_, selection.r.width,
                                                       selection.r.height, request.width, request.height));
}

Result<void> V4l2Device::set_framerate(int framerate) {
  v4l2_streamparm parameters{};
  parameters.type = kPictureQueue;
  parameters.parm.output.timeperframe = {1, static_cast<unsigned>(framerate)};
  const int error_number = control(fd_.get(), VIDIOC_S_PARM, &parameters);
  if (error_number == 0 || error_number == ENOTTY || error_number == EINVAL) return {};  // stamps are the truth
  return fail(kind_of(error_number), fmt::format("{}: set the frame rate: {}", path_, system_error_text(error_number)));
}

Result<void> V4l2Device::set_control(const M2mControl& wanted) {
  v4l2_query_ext_ctrl range{};
  range.id = wanted.id;
  if (control(fd_.get(), VIDIOC_QUERY_EXT_CTRL, &range) != 0) return {};
  const auto possible = std::clamp<std::int64_t>(wanted.value, range.minimum, range.maximum);
  v4l2_ext_control value{};
  value.id = wanted.id;
  value.value = static_cast<std::int32_t>(possible);
  v4l2_ext_controls one{};
  one.which = V4L2_CTRL_WHICH_CUR_VAL;
  one.count = 1;
  one.controls = &value;
  return ask(VIDIOC_S_EXT_CTRLS, &one, fmt::format("set \"{}\" to {}", range.name, possible));
}

Result<unsigned> V4l2Device::request_buffers(v4l2_buf_type type, v4l2_memory memory, unsigned count) {
  v4l2_requestbuffers request{};
  request.count = count;
  request.type = type;
  request.memory = memory;
  if (auto made = ask(VIDIOC_REQBUFS, &request, fmt::format("make {} buffers", count)); !made) {
    return tl::unexpected(std::move(made).error());
  }
  if (request.count >= count) return request.count;
  return fail(ErrorKind::kExhausted,
              fmt::format("{}: only {} of {} buffers; is memory for video (CMA) short?", path_, request.count, count));
}

Result<std::vector<Mapping>> V4l2Device::map_buffers(v4l2_buf_type type, unsigned count) {
  std::vector<Mapping> mappings;
  for (unsigned i = 0; i < count; ++i) {
    OneBuffer one(type, V4L2_MEMORY_MMAP, i);
    if (auto found = ask(VIDIOC_QUERYBUF, &one.buffer, "look at a buffer"); !found) {
      return tl::unexpected(std::move(found).error());
    }
    void* const start = ::mmap(nullptr, one.plane.length, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(),
                               static_cast<off_t>(one.plane.m.mem_offset));
    if (start == MAP_FAILED) {
      return fail(ErrorKind::kExhausted, fmt::format("{}: map a buffer: {}", path_, system_error_text(errno)));
    }
    mappings.emplace_back(start, one.plane.length);
  }
  return mappings;
}

Result<void> V4l2Device::start(PictureBuffers kind, unsigned pictures, unsigned coded) {
  picture_memory_ = kind == PictureBuffers::kImported ? V4L2_MEMORY_DMABUF : V4L2_MEMORY_MMAP;
  const auto picture_buffers = request_buffers(kPictureQueue, picture_memory_, pictures);
  if (!picture_buffers) return tl::unexpected(picture_buffers.error());
  if (kind == PictureBuffers::kMapped) {
    auto mappings = map_buffers(kPictureQueue, *picture_buffers);
    if (!mappings) return tl::unexpected(std::move(mappings).error());
    pictures_ = std::move(*mappings);
  }
  const auto coded_buffers = request_buffers(kCodedQueue, V4L2_MEMORY_MMAP, coded);
  if (!coded_buffers) return tl::unexpected(coded_buffers.error());
  auto mappings = map_buffers(kCodedQueue, *coded_buffers);
  if (!mappings) return tl::unexpected(std::move(mappings).error());
  coded_ = std::move(*mappings);
  for (unsigned i = 0; i < *coded_buffers; ++i) {
    if (auto given = give_back(i); !given) return given;
  }
  for (int type : {static_cast<int>(kPictureQueue), static_cast<int>(kCodedQueue)}) {
    if (auto on = ask(VIDIOC_STREAMON, &type, "start"); !on) return on;
  }
  return {};
}

Result<void> V4l2Device::queue(unsigned index, int dmabuf_fd, std::int64_t stamp_us) {
  OneBuffer one(kPictureQueue, picture_memory_, index);
  one.buffer.field = V4L2_FIELD_NONE;
  one.buffer.timestamp.tv_sec = static_cast<time_t>(stamp_us / 1'000'000);
  one.buffer.timestamp.tv_usec = static_cast<suseconds_t>(stamp_us % 1'000'000);
  one.plane.bytesused = static_cast<unsigned>(layout_.bytes);
  if (picture_memory_ == V4L2_MEMORY_DMABUF) {
    one.plane.m.fd = dmabuf_fd;
    one.plane.length = one.plane.bytesused;
  }
  return ask(VIDIOC_QBUF, &one.buffer, "take a picture");
}

Result<bool> V4l2Device::take(OneBuffer& buffer, std::string_view attempt) {
  const int error_number = control(fd_.get(), VIDIOC_DQBUF, &buffer.buffer);
  if (error_number == 0) return true;
  if (error_number == EAGAIN) return false;
  return fail(kind_of(error_number), fmt::format("{}: {}: {}", path_, attempt, system_error_text(error_number)));
}

Result<std::optional<unsigned>> V4l2Device::take_back() {
  OneBuffer one(kPictureQueue, picture_memory_);
  const auto taken = take(one, "return a picture");
  if (!taken) return tl::unexpected(taken.error());
  return *taken ? std::optional<unsigned>(one.buffer.index) : std::nullopt;
}

Result<std::optional<CodedBuffer>> V4l2Device::take_coded() {
  OneBuffer one(kCodedQueue, V4L2_MEMORY_MMAP);
  const auto taken = take(one, "give what it has encoded");
  if (!taken) return tl::unexpected(taken.error());
  if (!*taken) return std::nullopt;
  CodedBuffer coded;
  coded.index = one.buffer.index;
  const auto all = coded_.at(coded.index).bytes();
  const auto offset = std::min<std::size_t>(one.plane.data_offset, all.size());
  const auto used = std::clamp<std::size_t>(one.plane.bytesused, offset, all.size());
  coded.bytes = all.subspan(offset, used - offset);
  coded.stamp_us = static_cast<std::int64_t>(one.buffer.timestamp.tv_sec) * 1'000'000 + one.buffer.timestamp.tv_usec;
  coded.keyframe = (one.buffer.flags & V4L2_BUF_FLAG_KEYFRAME) != 0;
  coded.broken = (one.buffer.flags & V4L2_BUF_FLAG_ERROR) != 0;
  return coded;
}

Result<void> V4l2Device::give_back(unsigned index) {
  OneBuffer one(kCodedQueue, V4L2_MEMORY_MMAP, index);
  return ask(VIDIOC_QBUF, &one.buffer, "take an empty buffer");
}

// After this the driver reads and writes no buffer any more. What it answers makes no difference then.
void V4l2Device::stop() {
  for (int type : {static_cast<int>(kPictureQueue), static_cast<int>(kCodedQueue)}) {
    control(fd_.get(), VIDIOC_STREAMOFF, &type);
  }
}

std::vector<FourCc> formats_of(int fd, v4l2_buf_type type) {
  std::vector<FourCc> formats;
  v4l2_fmtdesc format{};
  format.type = type;
  while (control(fd, VIDIOC_ENUM_FMT, &format) == 0) {
    formats.push_back(format.pixelformat);
    ++format.index;
  }
  return formats;
}

std::optional<CodecNode> look_at(const std::string& path) {
  const FileDescriptor fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  v4l2_capability about{};
  if (!fd || control(fd.get(), VIDIOC_QUERYCAP, &about) != 0) return std::nullopt;
  constexpr unsigned kNeeded = V4L2_CAP_VIDEO_M2M_MPLANE | V4L2_CAP_STREAMING;
  if ((about.device_caps & kNeeded) != kNeeded) return std::nullopt;
  const auto* const card = reinterpret_cast<const char*>(about.card);
  return CodecNode{path, std::string(card, ::strnlen(card, sizeof about.card)), formats_of(fd.get(), kPictureQueue),
                   formats_of(fd.get(), kCodedQueue)};
}

/// "/dev/video2" before "/dev/video11".
std::vector<std::string> video_nodes() {
  std::vector<std::pair<int, std::string>> found;
  std::error_code ignored;  // a machine without /dev has no device either
  for (const auto& entry : std::filesystem::directory_iterator("/dev", ignored)) {
    int number = 0;
    if (std::sscanf(entry.path().filename().c_str(), "video%d", &number) == 1) found.emplace_back(number, entry.path());
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> paths;
  for (auto& [number, path] : found) paths.push_back(std::move(path));
  return paths;
}

class SystemCodecDevices : public CodecDevices {
 public:
  std::vector<CodecNode> nodes() override {
    std::vector<CodecNode> nodes;
    for (const auto& path : video_nodes()) {
      if (auto node = look_at(path)) nodes.push_back(std::move(*node));
    }
    return nodes;
  }

  Result<std::unique_ptr<M2mDevice>> open(const CodecNode& node) override {
    FileDescriptor fd(::open(node.path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!fd) return fail(kind_of(errno), fmt::format("open {}: {}", node.path, system_error_text(errno)));
    return std::make_unique<V4l2Device>(std::move(fd), node.path);
  }
};

}  // namespace

std::shared_ptr<CodecDevices> system_codec_devices() {
  return std::make_shared<SystemCodecDevices>();
}

}  // namespace nestbox
