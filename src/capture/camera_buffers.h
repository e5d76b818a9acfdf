#pragma once
/// A camera's picture buffers, mapped once; they stay readable after the camera is gone.
#include <cstdint>
#include <memory>
#include <vector>

#include "camera_port.h"
#include "nestbox/base/file.h"
#include "nestbox/base/result.h"
#include "nestbox/media/frame.h"
#include "nestbox/media/frame_ring.h"

namespace nestbox::capture {

/// The mapped buffers of one stream, one picture each. Immutable shape; the samples belong to whoever owns the slot.
class MappedStream {
 public:
  /// Keeps descriptors and mappings of its own. Errors: kInvalidArgument for planes that do not hold the shape;
  /// kUnavailable when a buffer cannot be mapped.
  static Result<MappedStream> map(const StreamShape& shape, const std::vector<std::vector<BufferPlane>>& buffers);

  std::size_t size() const noexcept { return pictures_.size(); }
  /// For I420 and NV12.
  const MutableImage& picture(std::size_t index) const { return pictures_.at(index).image; }
  /// All bytes of the first plane, for every other format.
  PlaneView bytes(std::size_t index) const { return pictures_.at(index).bytes; }
  /// The descriptor that holds the whole picture from its beginning; -1 where it lies in several.
  int dmabuf(std::size_t index) const { return pictures_.at(index).dmabuf; }

  /// Around what the CPU does with a buffer that a device has filled, or will read.
  void begin_cpu_access(std::size_t index) const noexcept;
  void end_cpu_access(std::size_t index) const noexcept;

 private:
  class Mapping {
   public:
    Mapping(FileDescriptor fd, std::uint8_t* data, std::size_t size) : fd_(std::move(fd)), data_(data), size_(size) {}
    Mapping(Mapping&& other) noexcept;
    Mapping& operator=(Mapping&&) = delete;
    ~Mapping();
    std::uint8_t* data() const noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }
    int fd() const noexcept { return fd_.get(); }

   private:
    FileDescriptor fd_;
    std::uint8_t* data_;
    std::size_t size_;
  };
  struct Picture {
    std::vector<Mapping> mappings;
    MutableImage image;
    PlaneView bytes;
    int dmabuf = -1;
  };
  static Result<Picture> map_one(const StreamShape& shape, const std::vector<BufferPlane>& planes);
  static Result<Mapping> map_descriptor(int fd);
  static void sync(const Picture& picture, std::uint64_t flags) noexcept;

  std::vector<Picture> pictures_;
};

/// What a ring keeps of a camera: its buffers, and analysis planes of our own where the camera has none.
struct CameraMemory {
  MappedStream main;
  std::vector<MutablePlane> analysis;
  std::vector<std::uint8_t> analysis_samples;
  MappedStream analysis_stream;
};

}  // namespace nestbox::capture
