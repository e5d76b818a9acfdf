#include "media_handlers.h"

#include <fmt/format.h>

#include "live_queue.h"
#include "mjpeg_feed.h"
#include "nestbox/av/fragment_muxer.h"
#include "nestbox/base/log.h"

namespace nestbox::web {
namespace {

using Clock = std::chrono::steady_clock;
using Picture = PictureTaker::Picture;

constexpr auto kPictureWithin = std::chrono::seconds(5);       // the taker itself gives up after 2
constexpr auto kStreamBeginsWithin = std::chrono::seconds(5);  // an encoder that slept opens in less
// Without a picture for so long the body ends: whoever shows it must not show a frozen one for ever.
constexpr auto kSilenceMax = std::chrono::seconds(5);

ReplyHead head_of(std::string content_type) {
  ReplyHead head;
  head.content_type = std::move(content_type);
  return head;
}

Reply busy_reply(std::string_view path, const Refusal& refusal) {
  auto reply = refuse(refusal, path);
  reply.head.more.emplace_back("Retry-After", "2");
  return reply;
}

Reply no_picture_reply(std::string_view path) {
  return busy_reply(path, {503, "no_picture", "there is no picture at the moment", {}});
}

Reply full_house_reply(std::string_view path) {
  return busy_reply(
      path, {503,
             "busy",
             fmt::format("{} viewers are watching already, which is as many as this box serves", kMediaViewersMax),
             {}});
}

Reply jpeg_reply(const std::optional<Result<Picture>>& answer, std::string_view path) {
  if (!answer) return no_picture_reply(path);
  if (!*answer) {
    const bool crowded = answer->error().kind == ErrorKind::kExhausted;
    return busy_reply(path, {503, crowded ? "busy" : "no_picture", answer->error().message, {}});
  }
  Reply reply;
  reply.head = head_of("image/jpeg");
  reply.head.more.emplace_back("Content-Disposition", "inline; filename=\"snapshot.jpg\"");
  reply.body = (*answer)->jpeg;
  return reply;
}

asio::awaitable<void> send_head_alone(Connection& connection, std::string_view content_type) {
  Reply reply;
  reply.head = head_of(std::string(content_type));
  co_await connection.send(reply);
}

using PictureQuestion = std::function<void(std::function<void(Result<Picture>)>)>;

asio::awaitable<void> serve_jpeg(Connection& connection, Site& site, const Request& request,
                                 const PictureQuestion& question) {
  if (request.head_only) {
    co_await send_head_alone(connection, "image/jpeg");
    co_return;
  }
  const auto answer = co_await ask<Result<Picture>>(site, connection.waiter(), question, Clock::now() + kPictureWithin);
  const auto reply = jpeg_reply(answer, request.path);
  co_await connection.send(reply);
}

constexpr std::string_view kMjpegType = "multipart/x-mixed-replace; boundary=nestbox-picture";

std::string mjpeg_part_header(std::size_t jpeg_bytes) {
  return fmt::format("--nestbox-picture\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n", jpeg_bytes);
}

class JoinedFeed {
 public:
  JoinedFeed(Site& site, const std::shared_ptr<Waiter>& viewer) : feed_(site.mjpeg), viewer_(viewer) {
    feed_.join(site, viewer);
  }
  ~JoinedFeed() { feed_.leave(*viewer_); }
  JoinedFeed(const JoinedFeed&) = delete;
  JoinedFeed& operator=(const JoinedFeed&) = delete;

 private:
  MjpegFeed& feed_;
  std::shared_ptr<Waiter> viewer_;
};

// One viewer's hold on the encoder's packets.
class AttachedQueue {
 public:
  AttachedQueue(Site& site, Connection& connection) : site_(site) {
    auto weak_queue = std::make_shared<std::weak_ptr<LiveQueue>>();
    queue_ = std::make_shared<LiveQueue>([doorbell = site.doorbell, weak_queue, viewer = connection.weak_from_this()] {
      doorbell->ring([weak_queue, viewer] {
        const auto watched = weak_queue->lock();
        const auto alive = viewer.lock();
        if (!watched || !alive) return;
        // A write that waits for a slow viewer has to be cut off; the queue holds what it could not send.
        if (watched->end() == LiveQueue::End::kViewerTooSlow)
          alive->close();
        else
          alive->waiter()->wake();
      });
    });
    *weak_queue = queue_;
    const AtWork at_work(site.heartbeat);
    site.ports.packets.attach(queue_);
  }
  ~AttachedQueue() {
    const AtWork at_work(site_.heartbeat);
    site_.ports.packets.detach(*queue_);
  }
  AttachedQueue(const AttachedQueue&) = delete;
  AttachedQueue& operator=(const AttachedQueue&) = delete;
  LiveQueue* operator->() const noexcept { return queue_.get(); }

 private:
  Site& site_;
  std::shared_ptr<LiveQueue> queue_;
};

// Waits for news of the queue. Empty when the viewer is gone or nothing came in time.
asio::awaitable<std::optional<LiveQueue::Batch>> next_batch(Connection& connection, AttachedQueue& queue,
                                                            Clock::duration within) {
  const auto deadline = Clock::now() + within;
  while (!connection.closed()) {
    auto batch = queue->take();
    if (batch.opened || !batch.packets.empty() || batch.end != LiveQueue::End::kNotYet) co_return batch;
    if (Clock::now() >= deadline) break;
    co_await connection.waiter()->wait_until(deadline);
  }
  co_return std::nullopt;
}

Result<std::string> mux(FragmentMuxer& muxer, const std::vector<Packet>& packets, Heartbeat& heartbeat) {
  const AtWork at_work(heartbeat);
  std::string bytes;
  for (const auto& packet : packets) {
    auto some = muxer.push(packet);
    if (!some) return some;
    if (bytes.empty())
      bytes = std::move(*some);
    else
      bytes += *some;
  }
  return bytes;
}

}  // namespace

asio::awaitable<void> serve_snapshot(Connection& connection, Site& site, const Request& request) {
  const PictureQuestion question = [&site](std::function<void(Result<Picture>)> done) {
    site.ports.pictures.take_picture(std::move(done));
  };
  co_await serve_jpeg(connection, site, request, question);
}

asio::awaitable<void> serve_centre(Connection& connection, Site& site, const Request& request) {
  const PictureQuestion question = [&site](std::function<void(Result<Picture>)> done) {
    site.ports.pictures.take_centre(std::move(done));
  };
  co_await serve_jpeg(connection, site, request, question);
}

asio::awaitable<void> serve_mjpeg(Connection& connection, Site& site, const Request& request) {
  if (request.head_only) {
    co_await send_head_alone(connection, kMjpegType);
    co_return;
  }
  const auto seat = Seat::take(site.media_viewers, kMediaViewersMax);
  if (!seat) {
    const auto full = full_house_reply(request.path);
    co_await connection.send(full);
    co_return;
  }
  connection.keep_little_in_flight();
  const JoinedFeed joined(site, connection.waiter());
  const auto head = head_of(std::string(kMjpegType));
  bool begun = false;
  std::uint64_t sent = site.mjpeg.newest() ? 0 : site.mjpeg.count();
  auto deadline = Clock::now() + kSilenceMax;
  while (!connection.closed()) {
    if (site.mjpeg.count() == sent || !site.mjpeg.newest()) {
      if (Clock::now() >= deadline) break;
      co_await connection.waiter()->wait_until(deadline);
      continue;
    }
    sent = site.mjpeg.count();
    const auto jpeg = site.mjpeg.newest();  // shared with all viewers, and kept while it is written
    if (!begun && !co_await connection.begin_body(head)) co_return;
    begun = true;
    const auto part_header = mjpeg_part_header(jpeg->size());
    if (!co_await connection.send_piece(part_header)) co_return;
    if (!co_await connection.send_piece(*jpeg) || !co_await connection.send_piece("\r\n")) co_return;
    deadline = Clock::now() + kSilenceMax;
  }
  if (connection.closed()) co_return;
  if (begun) {
    co_await connection.end_body();
  } else {
    const auto none = no_picture_reply(request.path);
    co_await connection.send(none);
  }
}

asio::awaitable<void> serve_live(Connection& connection, Site& site, const Request& request) {
  if (request.head_only) {
    co_await send_head_alone(connection, "video/mp4");
    co_return;
  }
  const auto seat = Seat::take(site.media_viewers, kMediaViewersMax);
  if (!seat) {
    const auto full = full_house_reply(request.path);
    co_await connection.send(full);
    co_return;
  }
  connection.keep_little_in_flight();
  AttachedQueue queue(site, connection);
  auto batch = co_await next_batch(connection, queue, kStreamBeginsWithin);
  if (!batch || !batch->opened) {
    const auto none = no_picture_reply(request.path);
    co_await connection.send(none);
    co_return;
  }
  auto muxer = FragmentMuxer::create(*batch->opened, std::chrono::nanoseconds(0));
  if (!muxer) {
    NESTBOX_LOG_ERROR("web", "/live.mp4: {}", muxer.error().message);
    const auto broken = refuse({500, "internal", "the stream cannot be put into MP4", {}}, request.path);
    co_await connection.send(broken);
    co_return;
  }
  const auto head = head_of((*muxer)->mime_type());
  if (!co_await connection.begin_body(head)) co_return;
  while (batch && !connection.closed()) {
    const auto bytes = mux(**muxer, batch->packets, site.heartbeat);
    if (!bytes) {
      NESTBOX_LOG_ERROR("web", "/live.mp4: {}", bytes.error().message);
      break;
    }
    if (!co_await connection.send_piece(*bytes)) co_return;
    if (batch->end != LiveQueue::End::kNotYet) break;
    batch = co_await next_batch(connection, queue, kSilenceMax);
  }
  if (!connection.closed()) co_await connection.end_body();
}

}  // namespace nestbox::web
