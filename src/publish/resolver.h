#pragma once
/// Names to addresses, on a thread of its own: getaddrinfo() cannot be interrupted, and nobody may wait for it for
/// ever.
#include <cstdint>
#include <memory>
#include <string>

#include "nestbox/base/clock.h"

namespace nestbox::publish {

enum class NameVerdict : std::uint8_t {
  kFound,
  kNoSuchName,
  kNoAnswer,   ///< the name server says nothing, or nothing sensible
  kNoNetwork,  ///< there is no way out of this machine
  kCancelled,
};

/// For one host at a time, and at most one thread in flight: one that hangs is waited for again, not joined by a
/// second. look_up() is thread-bound; cancel() may be called by any thread.
class Resolver {
 public:
  Resolver();
  ~Resolver();
  NameVerdict look_up(const std::string& host, BootTime deadline);
  /// Ends a look_up() in progress and all later ones.
  void cancel() noexcept;

 private:
  struct Shared;
  const std::shared_ptr<Shared> shared_;  ///< also held by the thread, which may outlive the resolver
};

/// Whether the kernel has a route to the world: a default route, of either family.
bool has_network() noexcept;

}  // namespace nestbox::publish
