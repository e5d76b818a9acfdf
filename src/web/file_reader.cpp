#include "file_reader.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "site.h"

namespace nestbox::web {
namespace {

Result<std::string> read_piece(int fd, std::uint64_t offset, std::size_t bytes) {
  std::string piece(bytes, '\0');
  for (std::size_t at = 0; at < bytes;) {
    const auto count = ::pread(fd, piece.data() + at, bytes - at, static_cast<off_t>(offset + at));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(ErrorKind::kUnavailable, fmt::format("read: {}", system_error_text(errno)));
    if (count == 0) return fail(ErrorKind::kUnavailable, "the file has become shorter");
    at += static_cast<std::size_t>(count);
  }
  return piece;
}

}  // namespace

// Each download waits for one piece at a time; orders of those that gave up waiting may lie there as well.
FileReader::FileReader() : inbox_(std::size_t{2} * kDownloadsMax) {}

void FileReader::read(std::shared_ptr<const FileDescriptor> file, std::uint64_t offset, std::size_t bytes, Done done) {
  Order order{std::move(file), offset, bytes, std::move(done)};
  if (inbox_.push(std::move(order))) return;
  // NOLINTNEXTLINE(bugprone-use-after-move): what the queue refuses it leaves as it was
  order.done(fail(ErrorKind::kExhausted, "the disk does not keep up"));
}

void FileReader::run() {
  while (auto order = inbox_.pop()) order->done(read_piece(order->file->get(), order->offset, order->bytes));
}

}  // namespace nestbox::web
