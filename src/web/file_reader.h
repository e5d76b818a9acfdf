#pragma once
/// Reads files piece by piece where a card that hangs holds up nobody but who waits for it.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "nestbox/base/bounded_queue.h"
#include "nestbox/base/file.h"
#include "nestbox/base/result.h"

namespace nestbox::web {

/// Thread-safe, but for run(), which is its thread's body.
class FileReader {
 public:
  using Done = std::function<void(Result<std::string>)>;

  FileReader();
  /// `bytes` bytes from `offset` on; the file has them. `done` runs once, on the reader's thread, or at once when too
  /// many wait (kExhausted). Errors: kUnavailable for what the disk refuses, or when the file has become shorter.
  void read(std::shared_ptr<const FileDescriptor> file, std::uint64_t offset, std::size_t bytes, Done done);
  /// Until request_stop().
  void run();
  void request_stop() noexcept { inbox_.close(); }

 private:
  struct Order {
    std::shared_ptr<const FileDescriptor> file;
    std::uint64_t offset;
    std::size_t bytes;
    Done done;
  };
  BoundedQueue<Order> inbox_;
};

}  // namespace nestbox::web
