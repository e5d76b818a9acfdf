#pragma once
/// When a contact that bounces counts as closed.
#include <chrono>
#include <optional>

#include "nestbox/base/clock.h"

namespace nestbox {

/// A level counts when it was stable for `debounce`, and is stamped at the first edge of the unrest that led to it:
/// that is when the finger was there. Unrest that ends where it began is nothing. Pure. Thread-bound.
class Debouncer {
 public:
  struct Edge {
    bool active = false;  ///< the level after it
    BootTime at{};
    bool operator==(const Edge&) const = default;
  };

  /// With 0 each edge to another level counts at once.
  explicit Debouncer(std::chrono::nanoseconds debounce) : debounce_(debounce) {}

  /// The line went to this level, or was found at it: at first, or after edges were lost. Edges may be told late, but
  /// in their order; one that is stamped before its predecessor counts as simultaneous. Returns what had become stable
  /// before this edge, or with it.
  std::optional<Edge> edge(Edge edge);
  /// There was no further edge until `now`. Returns what has become stable by then.
  std::optional<Edge> pass(BootTime now);
  /// When pass() will have something to say, if there is no further edge.
  std::optional<BootTime> deadline() const;

  std::optional<bool> stable() const noexcept { return stable_; }  ///< nothing: not known yet
  std::optional<bool> latest() const noexcept;                     ///< of the last edge

 private:
  struct Unrest {
    BootTime first{};
    bool active = false;
  };
  std::chrono::nanoseconds debounce_;
  std::optional<bool> stable_;
  std::optional<Unrest> unrest_;
  BootTime last_edge_{};
};

}  // namespace nestbox
