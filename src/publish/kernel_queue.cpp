#include "kernel_queue.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdlib>
#include <memory>

namespace nestbox::publish {
namespace {

// Large enough for 5 Mbit/s over 200 ms, and below the smallest limit that Linux has by default (160 KiB on 32 bit).
constexpr int kSendBufferBytes = 128 * 1024;
constexpr unsigned kSizes = 256;
constexpr int kSizeStep = 64;
// Unsent data in the kernel: a quarter of a second at 500 kbit/s.
constexpr int kUnsentBytesMax = 16 * 1024;

bool asked_for(int socket, int send_buffer_bytes) noexcept {
  int bytes = 0, type = 0;
  socklen_t length = sizeof bytes;
  if (getsockopt(socket, SOL_SOCKET, SO_SNDBUF, &bytes, &length) != 0) return false;
  length = sizeof type;
  if (getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &length) != 0) return false;
  return type == SOCK_STREAM && bytes == 2 * send_buffer_bytes;  // the kernel doubles it: socket(7)
}

}  // namespace

int KernelQueue::next_send_buffer_bytes() noexcept {
  static std::atomic<unsigned> serial{0};
  return kSendBufferBytes + kSizeStep * static_cast<int>(serial.fetch_add(1, std::memory_order_relaxed) % kSizes);
}

std::optional<KernelQueue> KernelQueue::find(int send_buffer_bytes) {
  struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { closedir(directory); }
  };
  const std::unique_ptr<DIR, CloseDirectory> open_files(opendir("/proc/self/fd"));
  if (!open_files) return std::nullopt;
  while (const dirent* entry = readdir(open_files.get())) {
    const int number = std::atoi(entry->d_name);
    if (number <= 2 || !asked_for(number, send_buffer_bytes)) continue;
    FileDescriptor copy(fcntl(number, F_DUPFD_CLOEXEC, 0));
    // The number may have become another file since we looked; the copy cannot.
    if (copy && asked_for(copy.get(), send_buffer_bytes)) return KernelQueue(std::move(copy));
  }
  return std::nullopt;
}

void KernelQueue::keep_short() noexcept {
  const int bytes = kUnsentBytesMax;
  setsockopt(socket_.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes);
}

KernelQueue::Levels KernelQueue::levels() const noexcept {
  Levels levels;
  tcp_info info{};
  socklen_t length = sizeof info;
  if (getsockopt(socket_.get(), IPPROTO_TCP, TCP_INFO, &info, &length) == 0) {
    levels.taken_bytes = info.tcpi_bytes_acked;
    levels.in_flight = info.tcpi_unacked > 0;
    levels.segments = info.tcpi_data_segs_out;
    levels.segments_again = info.tcpi_total_retrans;
    constexpr std::uint32_t kNeverMeasured = UINT32_MAX;
    if (info.tcpi_min_rtt != kNeverMeasured) levels.round_trip = std::chrono::microseconds(info.tcpi_min_rtt);
    constexpr int kEstablished = 1, kSynSent = 2;  // TCP_ESTABLISHED, TCP_SYN_SENT of the kernel's tcp_states.h
    levels.stage = info.tcpi_state == kEstablished ? Stage::kEstablished
                   : info.tcpi_state == kSynSent   ? Stage::kConnecting
                                                   : Stage::kOver;
  }
  int waiting = 0;
  if (ioctl(socket_.get(), SIOCOUTQ, &waiting) == 0 && waiting > 0)
    levels.waiting_bytes = static_cast<unsigned>(waiting);
  return levels;
}

bool KernelQueue::has_room() const noexcept {
  pollfd socket{socket_.get(), POLLOUT, 0};
  return poll(&socket, 1, 0) > 0;
}

void KernelQueue::reset() noexcept {
  const linger at_once{1, 0};
  setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket_ = FileDescriptor();
}

}  // namespace nestbox::publish
