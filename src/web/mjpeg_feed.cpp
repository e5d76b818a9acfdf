#include "mjpeg_feed.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "nestbox/base/log.h"
#include "site.h"

namespace nestbox::web {
namespace {

using Clock = std::chrono::steady_clock;
using Picture = PictureTaker::Picture;

}  // namespace

void MjpegFeed::join(Site& site, std::shared_ptr<Waiter> viewer) {
  viewers_.push_back(std::move(viewer));
  if (std::exchange(running_, true)) return;
  asio::co_spawn(context_, run(site), asio::detached);
}

void MjpegFeed::leave(const Waiter& viewer) {
  viewers_.erase(std::remove_if(viewers_.begin(), viewers_.end(), [&](const auto& v) { return v.get() == &viewer; }),
                 viewers_.end());
  if (viewers_.empty()) pause_->wake();
}

asio::awaitable<void> MjpegFeed::run(Site& site) {
  constexpr auto kWithin = std::chrono::seconds(5);
  const std::function<void(std::function<void(Result<Picture>)>)> question =
      [&site](std::function<void(Result<Picture>)> done) { site.ports.pictures.take_picture(std::move(done)); };
  while (!viewers_.empty() && !pause_->closed()) {
    const auto begun = Clock::now();
    auto next = begun + kInterval;
    const auto answer = co_await ask<Result<Picture>>(site, pause_, question, begun + kWithin);
    if (answer && *answer) {
      const auto& picture = **answer;
      if (!newest_ || picture.sequence != newest_sequence_) {
        newest_ = picture.jpeg;
        newest_sequence_ = picture.sequence;
        ++count_;
        for (const auto& viewer : viewers_) viewer->wake();
      }
    } else {
      NESTBOX_LOG_DEBUG("web", "no picture for /stream: {}", answer ? answer->error().message : "no answer");
      next = Clock::now() + kPauseAfterError;
    }
    while (!viewers_.empty() && !pause_->closed() && Clock::now() < next) co_await pause_->wait_until(next);
  }
  newest_.reset();  // the next viewer, tomorrow, must not begin with it
  running_ = false;
}

}  // namespace nestbox::web
