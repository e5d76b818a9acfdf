#include "recording_handlers.h"

#include <fmt/format.h>

#include <algorithm>

#include "byte_range.h"
#include "file_reader.h"
#include "nestbox/base/log.h"
#include "visit_handlers.h"

namespace nestbox::web {
namespace {

using Clock = std::chrono::steady_clock;
using What = RecordingOpener::What;
using Opened = RecordingOpener::Opened;

constexpr auto kSeatWithin = std::chrono::seconds(5);  // a page asks for many photographs at once
constexpr auto kSeatEvery = std::chrono::milliseconds(50);
constexpr auto kOpenWithin = std::chrono::seconds(5);
constexpr auto kReadWithin = std::chrono::seconds(10);
// A slow client must take one of these within the time of a write.
constexpr std::size_t kPieceBytes = std::size_t{64} * 1024;

Reply later(std::string_view path, std::string code, std::string message) {
  auto reply = refuse({503, std::move(code), std::move(message), {}}, path);
  reply.head.more.emplace_back("Retry-After", "2");
  return reply;
}

Reply not_opened(const Error& error, std::string_view path) {
  if (error.kind == ErrorKind::kNotFound) return refuse({404, "not_found", error.message, {}}, path);
  return later(path, error.kind == ErrorKind::kExhausted ? "busy" : "unavailable", error.message);
}

// RFC 6266 and 8187: letters that every browser takes, and beside them the name itself where it has others.
std::string disposition(const std::string& name) {
  std::string plain, encoded;
  for (const char c : name) {
    const bool safe =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    plain += safe ? c : '_';
    encoded += safe ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  const auto extended = encoded == name ? "" : "; filename*=UTF-8''" + encoded;
  return fmt::format("inline; filename=\"{}\"{}", plain, extended);
}

// A finished recording is never written again: its size and moment tell it from any other.
std::string tag_of(const Opened& opened) {
  return fmt::format("\"{:x}-{:x}\"", opened.changed.time_since_epoch().count(), opened.bytes);
}

// If-None-Match: a list of tags, each perhaps marked as weak, which does not matter here (RFC 9110, 13.1.2).
bool lists_tag(std::string_view list, std::string_view tag) {
  return list == "*" || list.find(tag) != std::string_view::npos;
}

bool is_unchanged(const Request& request, const Opened& opened) {
  if (!request.if_none_match.empty()) return lists_tag(request.if_none_match, tag_of(opened));
  return !request.if_modified_since.empty() && request.if_modified_since == http_date(opened.changed);
}

// A range of what has changed meanwhile would not fit to the rest that the client has.
ByteRange range_for(const Request& request, const Opened& opened) {
  const bool fits =
      request.if_range.empty() || request.if_range == tag_of(opened) || request.if_range == http_date(opened.changed);
  return byte_range(fits && !request.head_only ? request.range : "", opened.bytes);
}

ReplyHead head_of(const Opened& opened, What what) {
  ReplyHead head;
  head.content_type = what == What::kClip ? "video/mp4" : "image/jpeg";
  head.cache_control = "private, no-cache";  // kept by the browser, and asked about each time
  head.more = {{"Accept-Ranges", "bytes"},
               {"ETag", tag_of(opened)},
               {"Last-Modified", http_date(opened.changed)},
               {"Content-Disposition", disposition(opened.name)}};
  return head;
}

asio::awaitable<std::optional<Seat>> take_seat(Connection& connection, Site& site) {
  const auto deadline = Clock::now() + kSeatWithin;
  for (;;) {
    auto seat = Seat::take(site.downloads, kDownloadsMax);
    if (seat || connection.closed() || Clock::now() >= deadline) co_return seat;
    co_await connection.waiter()->wait_until(Clock::now() + kSeatEvery);
  }
}

asio::awaitable<std::optional<Result<Opened>>> open(Connection& connection, Site& site, const Request& request,
                                                    What what) {
  const std::function<void(std::function<void(Result<Opened>)>)> question =
      [&](std::function<void(Result<Opened>)> done) {
        site.ports.recordings.open_recording(visit_in(request.path), what, std::move(done));
      };
  co_return co_await ask<Result<Opened>>(site, connection.waiter(), question, Clock::now() + kOpenWithin);
}

// Once the head is out, half a body can only be told by the end of the connection.
asio::awaitable<void> send_part(Connection& connection, Site& site, const std::shared_ptr<const FileDescriptor>& file,
                                ByteRange part) {
  while (part.bytes > 0) {
    const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(part.bytes, kPieceBytes));
    const std::function<void(FileReader::Done)> question = [&](FileReader::Done done) {
      site.files.read(file, part.first, bytes, std::move(done));
    };
    const auto piece =
        co_await ask<Result<std::string>>(site, connection.waiter(), question, Clock::now() + kReadWithin);
    if (connection.closed()) co_return;
    if (!piece || !*piece) {
      NESTBOX_LOG_WARNING("web", "a recording broke off: {}", piece ? piece->error().message : "the disk hangs");
      connection.close();
      co_return;
    }
    if (!co_await connection.send_piece(**piece)) co_return;
    part.first += bytes;
    part.bytes -= bytes;
  }
}

asio::awaitable<void> send_opened(Connection& connection, Site& site, const Request& request, Opened& opened,
                                  What what) {
  auto head = head_of(opened, what);
  if (is_unchanged(request, opened)) {
    head.status = 304;
    const Reply unchanged{std::move(head), nullptr};
    co_await connection.send(unchanged);
    co_return;
  }
  const auto part = range_for(request, opened);
  if (part.kind == ByteRange::Kind::kOutside) {
    auto reply =
        refuse({416, "range_not_satisfiable", fmt::format("the file has {} bytes", opened.bytes), {}}, request.path);
    reply.head.more.emplace_back("Content-Range", fmt::format("bytes */{}", opened.bytes));
    co_await connection.send(reply);
    co_return;
  }
  if (part.kind == ByteRange::Kind::kPart) {
    head.status = 206;
    head.more.emplace_back("Content-Range",
                           fmt::format("bytes {}-{}/{}", part.first, part.first + part.bytes - 1, opened.bytes));
  }
  if (!co_await connection.begin_body(head, part.bytes) || request.head_only) co_return;
  const auto file = std::make_shared<const FileDescriptor>(std::move(opened.file));
  co_await send_part(connection, site, file, part);
}

}  // namespace

asio::awaitable<void> serve_recording(Connection& connection, Site& site, const Request& request, What what) {
  const auto seat = co_await take_seat(connection, site);
  if (!seat) {
    const auto busy = later(request.path, "busy", fmt::format("{} recordings are being sent already", kDownloadsMax));
    co_await connection.send(busy);
    co_return;
  }
  auto opened = co_await open(connection, site, request, what);
  if (opened && *opened) {
    co_await send_opened(connection, site, request, **opened, what);
    co_return;
  }
  const auto reply = opened ? not_opened(opened->error(), request.path)
                            : later(request.path, "unavailable", "the disk did not answer within 5 seconds");
  co_await connection.send(reply);
}

}  // namespace nestbox::web
