#include "camera_buffers.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace nestbox::capture {
namespace {

struct PlaneLayout {
  std::size_t offset, rows;
  int width, height, stride;
};

/// The planes of a 4:2:0 picture as one follows the other without gaps.
std::vector<PlaneLayout> layout_of(const StreamShape& shape) {
  const auto rows = static_cast<std::size_t>(shape.height), half_rows = rows / 2;
  const auto luma = rows * static_cast<std::size_t>(shape.stride);
  if (shape.pixels == CameraPixels::kNv12) {
    return {{0, rows, shape.width, shape.height, shape.stride},
            {luma, half_rows, shape.width, shape.height / 2, shape.stride}};
  }
  if (shape.pixels == CameraPixels::kI420) {
    const int stride = shape.stride / 2;
    const auto chroma = half_rows * static_cast<std::size_t>(stride);
    return {{0, rows, shape.width, shape.height, shape.stride},
            {luma, half_rows, shape.width / 2, shape.height / 2, stride},
            {luma + chroma, half_rows, shape.width / 2, shape.height / 2, stride}};
  }
  return {};
}

tl::unexpected<Error> misfit(const StreamShape& shape) {
  return fail(ErrorKind::kInvalidArgument,
              fmt::format("the camera's buffers do not hold {} x {} {} in rows of {} bytes", shape.width, shape.height,
                          shape.format_name, shape.stride));
}

}  // namespace

MappedStream::Mapping::Mapping(Mapping&& other) noexcept
    : fd_(std::move(other.fd_)), data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}

MappedStream::Mapping::~Mapping() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

Result<MappedStream::Mapping> MappedStream::map_descriptor(int fd) {
  const auto refused = [](const char* attempt) {
    return fail(ErrorKind::kUnavailable, fmt::format("{} a picture buffer: {}", attempt, system_error_text(errno)));
  };
  FileDescriptor own(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!own) return refused("keep");
  const auto size = ::lseek(own.get(), 0, SEEK_END);
  if (size <= 0) return refused("measure");
  void* const data = ::mmap(nullptr, static_cast<std::size_t>(size), PROT_READ | PROT_WRITE, MAP_SHARED, own.get(), 0);
  if (data == MAP_FAILED) return refused("map");
  return Mapping(std::move(own), static_cast<std::uint8_t*>(data), static_cast<std::size_t>(size));
}

Result<MappedStream::Picture> MappedStream::map_one(const StreamShape& shape, const std::vector<BufferPlane>& planes) {
  Picture picture;
  std::vector<std::pair<int, std::size_t>> mapped;  // descriptor, and which mapping it is
  const auto mapping_of = [&](int fd) -> Result<std::size_t> {
    for (const auto& [known, index] : mapped) {
      if (known == fd) return index;
    }
    auto mapping = map_descriptor(fd);
    if (!mapping) return tl::unexpected(mapping.error());
    picture.mappings.push_back(std::move(*mapping));
    mapped.emplace_back(fd, picture.mappings.size() - 1);
    return mapped.back().second;
  };
  if (planes.empty()) return misfit(shape);
  auto layout = layout_of(shape);
  if (layout.empty()) layout.push_back({0, static_cast<std::size_t>(shape.height), 0, 0, shape.stride});
  const bool each_has_its_own = planes.size() >= layout.size();
  std::vector<MutablePlane> found;
  for (std::size_t i = 0; i < layout.size(); ++i) {
    const auto& plane = planes[each_has_its_own ? i : 0];
    const auto index = mapping_of(plane.fd);
    if (!index) return tl::unexpected(index.error());
    const auto& mapping = picture.mappings[*index];
    const auto offset = plane.offset + (each_has_its_own ? 0 : layout[i].offset);
    const auto bytes = layout[i].rows * static_cast<std::size_t>(layout[i].stride);
    if (layout[i].stride < layout[i].width || offset + bytes > mapping.size()) return misfit(shape);
    found.push_back({mapping.data() + offset, layout[i].width, layout[i].height, layout[i].stride});
  }
  picture.dmabuf = picture.mappings.size() == 1 && planes[0].offset == 0 ? picture.mappings[0].fd() : -1;
  const auto whole = std::min(planes[0].length, picture.mappings[0].size() - planes[0].offset);
  picture.bytes = {found[0].data, static_cast<int>(whole), 1, static_cast<int>(whole)};
  if (shape.pixels != CameraPixels::kNv12 && shape.pixels != CameraPixels::kI420) return picture;
  const bool paired = shape.pixels == CameraPixels::kNv12;
  picture.image = {paired ? PixelFormat::kNv12 : PixelFormat::kI420,
                   shape.width,
                   shape.height,
                   found[0],
                   found[1],
                   paired ? MutablePlane{} : found[2]};
  return picture;
}

Result<MappedStream> MappedStream::map(const StreamShape& shape, const std::vector<std::vector<BufferPlane>>& buffers) {
  MappedStream stream;
  for (const auto& planes : buffers) {
    auto picture = map_one(shape, planes);
    if (!picture) return tl::unexpected(picture.error());
    stream.pictures_.push_back(std::move(*picture));
  }
  return stream;
}

// Memory that needs no such care says so by refusing.
void MappedStream::sync(const Picture& picture, std::uint64_t flags) noexcept {
  dma_buf_sync sync{};
  sync.flags = flags | DMA_BUF_SYNC_RW;
  for (const auto& mapping : picture.mappings) {
    while (::ioctl(mapping.fd(), DMA_BUF_IOCTL_SYNC, &sync) < 0 && (errno == EINTR || errno == EAGAIN)) {
    }
  }
}

void MappedStream::begin_cpu_access(std::size_t index) const noexcept {
  sync(pictures_[index], DMA_BUF_SYNC_START);
}

void MappedStream::end_cpu_access(std::size_t index) const noexcept {
  sync(pictures_[index], DMA_BUF_SYNC_END);
}

}  // namespace nestbox::capture
