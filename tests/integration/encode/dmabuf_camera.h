#pragma once
/// A camera whose pictures can be handed to a driver, as libcamera's can.
#include <fcntl.h>
#include <linux/dma-heap.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "nestbox/base/file.h"
#include "support.h"

namespace nestbox::test {

/// Where the pictures lie. kHeap: real dmabufs; the kernel must have a DMA heap. kShared: memory with a descriptor, for
/// devices that only pretend.
enum class Backing { kHeap, kShared };

inline bool has_dma_heap() {
  return ::access("/dev/dma_heap/system", R_OK | W_OK) == 0;
}

/// I420, without a gap between rows or planes. Thread-bound, but for the returns of slots.
class DmabufCamera {
 public:
  DmabufCamera(int width, int height, Backing backing, std::size_t slots = 6)
      : width_(width), height_(height), free_(std::make_shared<BoundedQueue<SlotIndex>>(slots)) {
    memory_ = std::make_shared<std::vector<Slot>>(slots);
    for (auto& slot : *memory_) slot.allocate(bytes(), backing);
    ring_ = FrameRing::create(slots, memory_,
                              [free = free_](SlotIndex slot) { NESTBOX_ASSERT(free->push(std::move(slot))); });
    for (SlotIndex i = 0; i < slots; ++i) NESTBOX_ASSERT(free_->push(SlotIndex(i)));
  }

  std::size_t bytes() const { return static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_) * 3 / 2; }
  FrameRing& ring() { return *ring_; }
  /// The samples of a picture as they stood when it was published.
  std::span<const std::uint8_t> samples(const FrameLease& lease) const { return {lease->main.y.data, bytes()}; }

  /// A moving gradient in grey, as TestCamera's.
  FrameLease gradient(BootTime stamp, Content content = Content::kLive) {
    const SlotIndex slot = *free_->pop_until(BootClock::now() + kPatience);
    std::uint8_t* const start = (*memory_)[slot].start;
    for (int row = 0; row < height_; ++row) {
      for (int x = 0; x < width_; ++x) start[row * width_ + x] = TestCamera::luma(x, row, sequence_);
    }
    const auto luma = static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_);
    std::memset(start + luma, 128, luma / 2);

    Frame frame;
    frame.sequence = sequence_++;
    frame.captured_at = stamp;
    frame.content = content;
    frame.main_dmabuf_fd = (*memory_)[slot].fd.get();
    const std::uint8_t* const u = start + luma;
    frame.main = {PixelFormat::kI420,
                  width_,
                  height_,
                  {start, width_, height_, width_},
                  {u, width_ / 2, height_ / 2, width_ / 2},
                  {u + luma / 4, width_ / 2, height_ / 2, width_ / 2}};
    return ring_->publish(slot, frame);
  }

 private:
  struct Slot {
    Slot() = default;
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    ~Slot() {
      if (start != nullptr) ::munmap(start, bytes);
    }
    void allocate(std::size_t wanted, Backing backing) {
      bytes = wanted;
      if (backing == Backing::kHeap) {
        const FileDescriptor heap(::open("/dev/dma_heap/system", O_RDWR | O_CLOEXEC));
        dma_heap_allocation_data request{};
        request.len = bytes;
        request.fd_flags = O_RDWR | O_CLOEXEC;
        NESTBOX_ASSERT(::ioctl(heap.get(), DMA_HEAP_IOCTL_ALLOC, &request) == 0);
        fd = FileDescriptor(static_cast<int>(request.fd));
      } else {
        fd = FileDescriptor(::memfd_create("picture", MFD_CLOEXEC));
        NESTBOX_ASSERT(::ftruncate(fd.get(), static_cast<off_t>(bytes)) == 0);
      }
      void* const mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
      NESTBOX_ASSERT(mapped != MAP_FAILED);
      start = static_cast<std::uint8_t*>(mapped);
    }
    FileDescriptor fd;
    std::uint8_t* start = nullptr;
    std::size_t bytes = 0;
  };

  const int width_, height_;
  std::shared_ptr<BoundedQueue<SlotIndex>> free_;
  std::shared_ptr<std::vector<Slot>> memory_;
  std::shared_ptr<FrameRing> ring_;
  std::uint64_t sequence_ = 0;
};

}  // namespace nestbox::test
