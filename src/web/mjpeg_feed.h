#pragma once
/// One series of JPEGs for all viewers of /stream: made only while there is one, each picture once for all of them.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io.h"

namespace nestbox::web {

struct Site;

/// Thread-bound.
class MjpegFeed {
 public:
  static constexpr auto kInterval = std::chrono::milliseconds(100);  ///< at most 10 pictures a second
  static constexpr auto kPauseAfterError = std::chrono::seconds(1);

  MjpegFeed(asio::io_context& context) : context_(context), pause_(std::make_shared<Waiter>(context.get_executor())) {}

  /// While a viewer's waiter is in here it is woken for each new picture. The first one starts the feed.
  void join(Site& site, std::shared_ptr<Waiter> viewer);
  void leave(const Waiter& viewer);
  /// For good: the server stops.
  void close() { pause_->close(); }

  /// Null until the first picture.
  const std::shared_ptr<const std::string>& newest() const noexcept { return newest_; }
  std::uint64_t count() const noexcept { return count_; }  ///< of pictures so far; tells whether newest() is new

 private:
  asio::awaitable<void> run(Site& site);

  asio::io_context& context_;
  std::shared_ptr<Waiter> pause_;
  std::vector<std::shared_ptr<Waiter>> viewers_;
  bool running_ = false;
  std::shared_ptr<const std::string> newest_;
  std::uint64_t newest_sequence_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace nestbox::web
