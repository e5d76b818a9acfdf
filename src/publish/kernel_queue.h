#pragma once
/// The kernel's part of the way: what a TCP socket that libavformat opened still holds, and how fast it drains.
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "nestbox/base/file.h"

namespace nestbox::publish {

/// libavformat does not show its socket. It is found by the size of its send buffer: each connection asks for another.
/// Holds a duplicate of the descriptor, so the numbers stay readable whatever libavformat closes. Thread-bound.
class KernelQueue {
 public:
  enum class Stage : std::uint8_t { kConnecting, kEstablished, kOver };
  struct Levels {
    std::uint64_t taken_bytes = 0;                   ///< acknowledged by the other side since the connection began
    std::uint64_t waiting_bytes = 0;                 ///< in the kernel: not sent, or sent and not acknowledged
    bool in_flight = false;                          ///< something was sent that nobody has acknowledged yet
    std::uint32_t segments = 0, segments_again = 0;  ///< with data: sent, and of these sent once more
    std::chrono::nanoseconds round_trip{};           ///< the shortest one seen: the way itself, without queues
    Stage stage = Stage::kConnecting;
  };

  /// A send_buffer_size that no other connection of this process asks for at present.
  static int next_send_buffer_bytes() noexcept;
  /// The socket that asked for it; nothing when there is none (SRT, a file, or a kernel that allows no such size).
  static std::optional<KernelQueue> find(int send_buffer_bytes);

  /// Lets the kernel hold no more unsent data than a few frames: what waits with us can still be dropped.
  void keep_short() noexcept;
  Levels levels() const noexcept;
  /// Whether a write would be taken at once, at least in part. So does one on a connection that is over: by an error.
  bool has_room() const noexcept;
  /// Closes the connection by a reset, without what the kernel still holds: the server lets go of it at once.
  void reset() noexcept;

 private:
  explicit KernelQueue(FileDescriptor socket) : socket_(std::move(socket)) {}
  FileDescriptor socket_;
};

}  // namespace nestbox::publish
